/**
 * Frames that one stream may send: a rate over long times and a burst above it (GCRA: one number
 * per stream).
 *
 * What arrived while this process did not run is not the peer's fault: after a stall every stream
 * may catch up for as long as the stall was.
 */
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";

export interface FrameRateLimits {
  readonly perSecond: number;
  readonly burst: number;
}

export const FRAME_RATE_DEFAULT: FrameRateLimits = { perSecond: 20, burst: 100 };

/** The clock's resolution here; a look at the real clock per frame would cost as much as decoding. */
const TICK_MS = 100;
/** A tick that comes later than this tells of a stall. */
const LATE_MS = 250;
/** Ticks without a stall after which what waited in sockets has been read. */
const CALM_TICKS = 10;

export class FrameRate {
  readonly #spacing: number;
  readonly #tolerance: number;
  readonly #clock: Clock;
  #now: MonotonicMs;
  #stalled: DurationMs = durationMs(0);
  #calmTicks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: FrameRateLimits, clock: Clock) {
    this.#spacing = 1_000 / limits.perSecond;
    this.#tolerance = this.#spacing * limits.burst;
    this.#clock = clock;
    this.#now = clock.now();
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Called by the timer; by tests with a clock of their own. */
  tick(): void {
    const now = this.#clock.now();
    const late = elapsed(this.#now, now);
    this.#now = now;
    if (late > LATE_MS) {
      this.#stalled = durationMs(this.#stalled + late);
      this.#calmTicks = 0;
    } else if (this.#stalled > 0) {
      this.#calmTicks += 1;
      if (this.#calmTicks >= CALM_TICKS) this.#stalled = durationMs(0);
    }
  }

  /**
   * Takes one frame of a stream whose previous result was `earliest` (0 at first); the new value to
   * remember, or -1 when the stream is beyond its limit.
   */
  take(earliest: number): number {
    const floor = this.#now - this.#stalled;
    const next = (earliest > floor ? earliest : floor) + this.#spacing;
    return next - this.#now > this.#tolerance ? -1 : next;
  }
}
