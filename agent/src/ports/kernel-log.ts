export interface KernelRecord {
  /** 0 emergency .. 7 debug. */
  readonly level: number;
  readonly sequence: number;
  /** Microseconds on the kernel's clock. */
  readonly timestampUs: number;
  readonly text: string;
}

export interface KernelLog {
  /** Records since the last read, at most `max`; only facility 0 (the kernel itself), never user-space forgeries. */
  read(max: number): readonly KernelRecord[];
  /** Records the kernel overwrote before they were read. */
  overruns(): number;
  /** The kernel's clock now, in the unit of `timestampUs`. */
  nowUs(): number;
  /** Why nothing can be read (no permission, no device); null while all is well. */
  unavailable(): string | null;
  close(): void;
}
