/**
 * Simulated time. Reading never advances it; only the world's scheduler does. Events run in the
 * order (time, sequence), each followed by a drain of everything it resolved.
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

interface Scheduled {
  readonly at: number;
  readonly sequence: number;
  readonly process: SimProcess | null;
  readonly run: () => void;
  cancelled: boolean;
}

const WALL_START = 1_800_000_000_000;

export class SimTime {
  #now = 0;
  #sequence = 0;
  #queue: Scheduled[] = [];

  get now(): MonotonicMs {
    return monotonicMs(this.#now);
  }

  at(when: number, process: SimProcess | null, run: () => void): Scheduled {
    this.#sequence += 1;
    const entry = {
      at: Math.max(when, this.#now),
      sequence: this.#sequence,
      process,
      run,
      cancelled: false,
    };
    this.#queue.push(entry);
    return entry;
  }

  /** Runs everything that is due until `end`; then the time is `end`. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      const next = this.#takeNext(end);
      if (next === null) break;
      this.#now = Math.max(this.#now, next.at);
      const { process } = next;
      if (process !== null && (process.crashed || next.cancelled)) continue;
      if (process !== null && process.pausedUntil > this.#now) {
        // A stopped process does nothing; what was due happens at once when it goes on.
        this.#queue.push({ ...next, at: process.pausedUntil });
        continue;
      }
      next.run();
      await drained();
    }
    this.#now = end;
  }

  #takeNext(end: number): Scheduled | null {
    let best = -1;
    for (let i = 0; i < this.#queue.length; i++) {
      const one = this.#queue[i];
      if (one === undefined || one.at > end) continue;
      const leader = this.#queue[best];
      if (
        leader === undefined ||
        one.at < leader.at ||
        (one.at === leader.at && one.sequence < leader.sequence)
      ) {
        best = i;
      }
    }
    if (best < 0) return null;
    const [entry] = this.#queue.splice(best, 1);
    return entry ?? null;
  }
}

/** Promise chains of one event end within a few microtask turns; a macrotask boundary ends them all. */
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
  /** What a stepped wall clock adds. */
  wallOffset = 0;

  constructor(time: SimTime) {
    this.#time = time;
  }

  pause(duration: number): void {
    this.pausedUntil = this.#time.now + duration;
  }

  readonly clock: Clock = {
    now: () => this.#time.now,
    wallNow: () => unixMs(WALL_START + this.#time.now + this.wallOffset),
  };

  readonly timers: Timers = {
    after: (delay: DurationMs, callback: () => void) =>
      this.#schedule(this.#time.now + delay, callback),
    afterDrain: (callback: () => void) => this.#schedule(this.#time.now, callback),
  };

  #schedule(at: number, callback: () => void): TimerHandle {
    const entry = this.#time.at(at, this, callback);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }
}
