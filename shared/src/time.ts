/**
 * Quantities of time. Every duration, instant and clock in Herdbeat is one of these types, so that
 * a monotonic instant can never be compared with a wall-clock one by accident.
 */

/** Milliseconds between two instants. */
export type DurationMs = number & { readonly __brand: "DurationMs" };

/** An instant on this process's monotonic clock, in ms. Meaningless on any other machine. */
export type MonotonicMs = number & { readonly __brand: "MonotonicMs" };

/**
 * An instant on the aggregator's *listening* clock, in ms: monotonic time less every moment in
 * which this process did not listen (its own stalls). Silence is counted on this clock only.
 */
export type ListeningMs = number & { readonly __brand: "ListeningMs" };

/** Milliseconds since 1970-01-01 UTC. For people and records; never for deciding that time passed. */
export type UnixMs = number & { readonly __brand: "UnixMs" };

export const durationMs = (value: number): DurationMs => value as DurationMs;
export const monotonicMs = (value: number): MonotonicMs => value as MonotonicMs;
export const listeningMs = (value: number): ListeningMs => value as ListeningMs;
export const unixMs = (value: number): UnixMs => value as UnixMs;

/** Time from `from` to `to`; negative when `to` is earlier. */
export function elapsed<T extends MonotonicMs | ListeningMs | UnixMs>(from: T, to: T): DurationMs {
  return (to - from) as DurationMs;
}

/** The instant `duration` after `instant`, on the same clock. */
export function after<T extends MonotonicMs | ListeningMs | UnixMs>(
  instant: T,
  duration: DurationMs,
): T {
  return (instant + duration) as T;
}

/** The earlier of two instants of the same clock. */
export function earliest<T extends MonotonicMs | ListeningMs | UnixMs>(a: T, b: T): T {
  return a <= b ? a : b;
}

/** The later of two instants of the same clock. */
export function latest<T extends MonotonicMs | ListeningMs | UnixMs>(a: T, b: T): T {
  return a >= b ? a : b;
}

export interface Clock {
  /** Monotonic; unaffected by clock steps. */
  now(): MonotonicMs;
  /** Wall clock, for records shown to people. */
  wallNow(): UnixMs;
}

export interface TimerHandle {
  cancel(): void;
}

export interface Timers {
  /** Runs `callback` once, not earlier than `delay` from now. */
  after(delay: DurationMs, callback: () => void): TimerHandle;
  /** Runs `callback` after one complete drain of the input that had arrived when this was called. */
  afterDrain(callback: () => void): TimerHandle;
}
