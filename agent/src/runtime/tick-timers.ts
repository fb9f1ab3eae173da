/**
 * Timers that end with the monitors' whole seconds, for work that need not be on time: every wake of the
 * process costs about 0.03 % of a core, whatever is done in it, so what can wait wakes with others.
 */
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";

/** Ticks are a little early or late: a second must not become two by that. */
const SLACK = durationMs(50);

interface Entry {
  readonly dueAt: MonotonicMs;
  readonly callback: () => void;
}

export class TickTimers implements Timers {
  readonly #clock: Clock;
  readonly #exact: Timers;
  readonly #entries = new Set<Entry>();

  constructor(clock: Clock, exact: Timers) {
    this.#clock = clock;
    this.#exact = exact;
  }

  /** Ends at the first tick that is not before `delay` (less 50 ms) from now. */
  after(delay: DurationMs, callback: () => void): TimerHandle {
    const entry: Entry = { dueAt: after(this.#clock.now(), delay), callback };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  afterDrain(callback: () => void): TimerHandle {
    return this.#exact.afterDrain(callback);
  }

  /** Runs what is due. What a callback adds waits for a later tick, however short its delay. */
  tick(now: MonotonicMs): void {
    for (const entry of [...this.#entries]) {
      if (elapsed(now, entry.dueAt) <= SLACK && this.#entries.delete(entry)) entry.callback();
    }
  }
}
