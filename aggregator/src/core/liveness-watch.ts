/**
 * Is another aggregator still at work? Its counter in the store is its only sign of life, judged by
 * *our* monotonic clock, over time in which the store answered us and we did not stall. Pure.
 */
import type { AggregatorId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";

export interface Watched {
  readonly counter: number;
  readonly startedAt: number;
  /** Time we watched without seeing a change. */
  readonly unchangedFor: DurationMs;
}

export interface LivenessWatch {
  readonly lastLookAt: MonotonicMs | null;
  readonly watched: ReadonlyMap<AggregatorId, Watched>;
}

export const NOTHING_WATCHED: LivenessWatch = { lastLookAt: null, watched: new Map() };

/**
 * One answered look at all counters. A gap longer than `gapMax` between looks (the store did not
 * answer, or we stalled) counts as `gapMax` only.
 */
export function look(
  watch: LivenessWatch,
  counters: readonly {
    readonly id: AggregatorId;
    readonly counter: number;
    readonly startedAt: number;
  }[],
  now: MonotonicMs,
  gapMax: DurationMs,
): LivenessWatch {
  const gap = watch.lastLookAt === null ? 0 : Math.min(gapMax, elapsed(watch.lastLookAt, now));
  const watched = new Map<AggregatorId, Watched>();
  for (const { id, counter, startedAt } of counters) {
    const before = watch.watched.get(id);
    const changed =
      before === undefined || before.counter !== counter || before.startedAt !== startedAt;
    watched.set(id, {
      counter,
      startedAt,
      unchangedFor: changed ? durationMs(0) : durationMs(before.unchangedFor + gap),
    });
  }
  return { lastLookAt: now, watched };
}

export function isGone(watch: LivenessWatch, id: AggregatorId, goneAfter: DurationMs): boolean {
  const one = watch.watched.get(id);
  return one === undefined || one.unchangedFor >= goneAfter;
}
