/**
 * The clock on which silence is counted: monotonic time less every moment in which this process
 * did not listen. Between two turns it advances by at most `stepMax`; what the process slept
 * beyond that (SIGSTOP, a blocked loop, a starved machine, a paused VM) is discounted.
 *
 * Guarantee: for any run of stalls, the listening time that passes between a frame's arrival in
 * the kernel and its application is at most `stepMax`.
 */
import {
  type DurationMs,
  durationMs,
  elapsed,
  type ListeningMs,
  type MonotonicMs,
} from "@herdbeat/shared/time";

export interface ListeningClock {
  readonly lastTurnAt: MonotonicMs;
  readonly listening: ListeningMs;
  /** All time discounted since the start. */
  readonly discounted: DurationMs;
}

export function startListening(now: MonotonicMs): ListeningClock {
  return { lastTurnAt: now, listening: 0 as ListeningMs, discounted: durationMs(0) };
}

/** Called once per turn. `stall` is what was discounted now (0 in health). */
export function advance(
  clock: ListeningClock,
  now: MonotonicMs,
  stepMax: DurationMs,
): { readonly clock: ListeningClock; readonly stall: DurationMs } {
  const passed = Math.max(0, elapsed(clock.lastTurnAt, now));
  const counted = Math.min(passed, stepMax);
  const stall = durationMs(passed - counted);
  return {
    clock: {
      lastTurnAt: now,
      listening: (clock.listening + counted) as ListeningMs,
      discounted: durationMs(clock.discounted + stall),
    },
    stall,
  };
}

/** The listening time of something that arrives between two turns: never beyond the next turn's. */
export function between(clock: ListeningClock, now: MonotonicMs, stepMax: DurationMs): ListeningMs {
  const passed = Math.min(stepMax, Math.max(0, elapsed(clock.lastTurnAt, now)));
  return (clock.listening + passed) as ListeningMs;
}
