import type { DurationMs } from "@herdbeat/shared/time";

export type StorageAnswer =
  /** Written, on the disk, and read back. */
  | {
      readonly kind: "written";
      readonly took: DurationMs;
      /** Of the space for those who are not root; null when it was not asked this time. */
      readonly freePercent: number | null;
    }
  /** The kernel's own word, in English. */
  | { readonly kind: "failed"; readonly text: string }
  /** Nothing came back, and the prober waits for the storage. `since`: how long. */
  | { readonly kind: "hung"; readonly since: DurationMs }
  /** Nothing is known: the prober could not run, or was not let run. */
  | { readonly kind: "not-asked"; readonly why: string };

export interface StorageProber {
  /**
   * Writes a block below `folder`, waits until it is on the disk, reads it back. Never rejects and
   * ends within `timeout` and a moment; the storage is never touched by this process itself.
   * `withSpace`: ask for the free space too.
   */
  probe(folder: string, timeout: DurationMs, withSpace: boolean): Promise<StorageAnswer>;
  stop(): void;
}
