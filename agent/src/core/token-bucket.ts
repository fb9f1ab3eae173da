/** How often something may happen: `perSecond` in the long run, `burst` at once. */
import { elapsed, type MonotonicMs } from "@herdbeat/shared/time";

export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: MonotonicMs;

  constructor(perSecond: number, burst: number, now: MonotonicMs) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** False: not now, and nothing was taken. */
  take(now: MonotonicMs): boolean {
    const earned = (Math.max(0, elapsed(this.#at, now)) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
