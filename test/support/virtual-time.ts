// A clock and timers that move only when a test says so.
import {
  type Clock,
  durationMs,
  monotonicMs,
  type TimerHandle,
  type Timers,
  type UnixMs,
  unixMs,
} from "@herdbeat/shared/time";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** More callbacks at one instant than any test needs: two that start each other would never end. */
const CALLBACKS_PER_INSTANT_MAX = 100_000;

export class VirtualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  #now = 0;
  #wallOffset: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(wall: UnixMs) {
    this.#wallOffset = wall;
    this.clock = {
      now: () => monotonicMs(this.#now),
      wallNow: () => unixMs(this.#now + this.#wallOffset),
    };
    this.timers = {
      after: (delay, callback) => this.#add(Math.max(0, delay), callback),
      afterDrain: (callback) => this.#add(0, callback),
    };
  }

  /** The wall clock is set; the monotonic one goes on. */
  stepWall(byMs: number): void {
    this.#wallOffset += byMs;
  }

  /** Runs everything that is due within the next `ms`, in order, and all promises in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + durationMs(ms);
    let here = 0;
    await settled();
    for (;;) {
      const next = [...this.#entries].sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined || next.at > end) break;
      here = next.at === this.#now ? here + 1 : 0;
      if (here > CALLBACKS_PER_INSTANT_MAX) throw new Error("callbacks start each other for ever");
      this.#entries.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settled();
    }
    this.#now = end;
  }

  #add(delay: number, callback: () => void): TimerHandle {
    const entry = { at: this.#now + delay, order: this.#order++, callback };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }
}

/** Every promise that can settle without time or input has settled. */
function settled(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
