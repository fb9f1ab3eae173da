/** Small files of procfs, sysfs and /run. Every read is off the event loop and bounded. */
export interface TextFiles {
  /** At most 256 KiB of it, bytes as latin1; null when it is absent, vanishes or refuses to be read. */
  read(path: string): Promise<string | null>;
  /** Names in a folder, sorted, at most 4,096; empty when there is none. */
  list(path: string): Promise<readonly string[]>;
  /** Last component of what a symbolic link points at; null when it is none. */
  link(path: string): Promise<string | null>;
  /** Cannot block for sysfs and procfs; not for anything that may be mounted from elsewhere. */
  exists(path: string): boolean;
}
