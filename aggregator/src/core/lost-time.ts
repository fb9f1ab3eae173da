/** How much of the last minute this process lost to stalls; above the limit it is too sick to judge. */
import { type DurationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";

const WINDOW_MS = 60_000;
/** One entry per stalled turn of the last minute, so at most 600; merged beyond that. */
const ENTRIES_MAX = 600;

export interface LostTime {
  readonly entries: readonly { readonly at: MonotonicMs; readonly stall: DurationMs }[];
}

export const NO_LOST_TIME: LostTime = { entries: [] };

export function addStall(lost: LostTime, at: MonotonicMs, stall: DurationMs): LostTime {
  const recent = lost.entries.filter((one) => elapsed(one.at, at) < WINDOW_MS);
  return { entries: [...recent, { at, stall }].slice(-ENTRIES_MAX) };
}

/**
 * Too sick above the limit, and until the share is down to half of it: at the limit itself every other
 * turn would give the shards away and take them back.
 */
export function isTooSick(share: number, limit: number, wasTooSick: boolean): boolean {
  return share > (wasTooSick ? limit / 2 : limit);
}

/** Share of the last minute, 0..1. */
export function lostShare(lost: LostTime, now: MonotonicMs): number {
  let total = 0;
  for (const one of lost.entries) if (elapsed(one.at, now) < WINDOW_MS) total += one.stall;
  return Math.min(1, total / WINDOW_MS);
}
