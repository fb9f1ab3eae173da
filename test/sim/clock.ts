/**
 * Simulated time. Reading never advances it; only the world's scheduler does.
 *
 * Order within one instant is that of an event loop: timers, then input, then what waits for the
 * input to be drained; a stopped process finds everything that came meanwhile in this order when it
 * goes on. Promises are drained to a macrotask boundary, and only after an event in which something
 * asynchronous was begun or ended: every asynchronous port calls `touch`.
 */
import {
  type Clock,
  type DurationMs,
  type MonotonicMs,
  monotonicMs,
  type TimerHandle,
  type Timers,
  unixMs,
} from "@herdbeat/shared/time";
import { EventHeap, type Phase, type Scheduled } from "./event-heap.ts";

const WALL_START = 1_800_000_000_000;
/** What happens once a second has one slot per millisecond. */
const WHEEL_SLOTS = 1_000;

export class SimTime {
  #now = 0;
  #touched = false;
  readonly #heap = new EventHeap();
  readonly #wheel: (() => void)[][] = Array.from({ length: WHEEL_SLOTS }, () => []);
  #wheelAt = 0;

  get now(): MonotonicMs {
    return monotonicMs(this.#now);
  }

  at(
    when: number,
    process: SimProcess | null,
    run: () => void,
    phase: Phase = "timers",
  ): Scheduled {
    return this.#heap.add(Math.max(when, this.#now), process, run, phase);
  }

  /** Runs at `slot` milliseconds of every second, as input. Cheap: nothing is allocated. */
  everySecond(slot: number, run: () => void): void {
    this.#wheel[slot % WHEEL_SLOTS]?.push(run);
  }

  /** A promise was made or settled that somebody may wait for: it is drained after this event. */
  touch(): void {
    this.#touched = true;
  }

  /** Runs everything that is due until `end`; then the time is `end`. */
  async runUntil(end: number): Promise<void> {
    await drained();
    for (;;) {
      const next = this.#heap.peek();
      const until = next === undefined || next.at > end ? end : next.at;
      if (this.#wheelAt <= until) this.#turnWheel(until);
      else if (next === undefined || next.at > end) break;
      else this.#runNext(next);
      if (this.#touched) await this.#drain();
    }
    this.#now = end;
  }

  #runNext(next: Scheduled): void {
    this.#heap.take();
    this.#now = Math.max(this.#now, next.at);
    const { process } = next;
    if (next.cancelled || process?.crashed === true) return;
    if (process !== null && process.pausedUntil > this.#now) {
      this.#heap.postpone(next, process.pausedUntil);
      return;
    }
    next.run();
  }

  /** Up to `until`, or until something else must happen first. */
  #turnWheel(until: number): void {
    for (; this.#wheelAt <= until; this.#wheelAt++) {
      const slot = this.#wheel[this.#wheelAt % WHEEL_SLOTS];
      if (slot === undefined || slot.length === 0) continue;
      const next = this.#heap.peek();
      if (this.#touched || (next !== undefined && next.at < this.#wheelAt)) return;
      this.#now = this.#wheelAt;
      for (const run of slot) run();
    }
  }

  async #drain(): Promise<void> {
    this.#touched = false;
    await drained();
  }
}

/** Promise chains end within a few microtask turns; a macrotask boundary ends them all. */
async function drained(): Promise<void> {
  await new Promise<void>((done) => {
    setImmediate(done);
  });
}

/** One simulated process: its clock, its timers; can be paused (SIGSTOP) and killed. */
export class SimProcess {
  pausedUntil = 0;
  crashed = false;
  readonly #time: SimTime;
  readonly #pauses: { readonly from: number; readonly until: number }[] = [];
  /** What a stepped wall clock adds. */
  wallOffset = 0;
  #drift = { since: 0, rate: 0 };

  constructor(time: SimTime) {
    this.#time = time;
  }

  get runs(): boolean {
    return !this.crashed && this.pausedUntil <= this.#time.now;
  }

  pause(duration: number): void {
    const from = Math.max(this.#time.now, this.pausedUntil);
    const until = Math.max(this.pausedUntil, this.#time.now + duration);
    if (until > from) this.#pauses.push({ from, until });
    this.pausedUntil = until;
  }

  /** How long of the time since `from` this process was not paused. */
  ranSince(from: number): number {
    let ran = this.#time.now - from;
    for (const pause of this.#pauses) {
      const overlap = Math.min(pause.until, this.#time.now) - Math.max(pause.from, from);
      if (overlap > 0) ran -= overlap;
    }
    return ran;
  }

  /** The wall clock runs too fast (or slow) by `rate` from now on. */
  drift(rate: number): void {
    this.wallOffset += (this.#time.now - this.#drift.since) * this.#drift.rate;
    this.#drift = { since: this.#time.now, rate };
  }

  readonly clock: Clock = {
    now: () => this.#time.now,
    wallNow: () => {
      const drifted = (this.#time.now - this.#drift.since) * this.#drift.rate;
      return unixMs(Math.round(WALL_START + this.#time.now + this.wallOffset + drifted));
    },
  };

  readonly timers: Timers = {
    after: (delay: DurationMs, callback: () => void) =>
      this.#schedule(this.#time.now + delay, callback, "timers"),
    afterDrain: (callback: () => void) => this.#schedule(this.#time.now, callback, "drained"),
  };

  #schedule(at: number, callback: () => void, phase: Phase): TimerHandle {
    const entry = this.#time.at(at, this, callback, phase);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }
}
