/** Texts of /proc/pressure (PSI). */
export interface Pressure {
  /** Null where the kernel does not offer it. Cannot block. */
  read(resource: "memory" | "io" | "cpu"): string | null;
}
