import type { DurationMs } from "@herdbeat/shared/time";
import type { PastRecord } from "../core/past.ts";

export interface BlackBox {
  /** What an earlier life wrote, oldest first; empty when there is nothing readable. */
  load(): readonly PastRecord[];
  /** Never waits: while the disk is busy with an earlier record, this one is dropped and counted. */
  write(record: PastRecord): void;
  /** Waits for the last record, at most `timeout`. */
  flush(timeout: DurationMs): Promise<void>;
  dropped(): number;
}

/** The host's own clocks and leftovers, for telling a restart from a reboot. */
export interface HostPast {
  readonly bootId: string;
  /** Since boot, suspended time included. */
  uptime(): DurationMs;
  /** Names of what the last kernel left in its persistent store. */
  crashLeftovers(): readonly string[];
}
