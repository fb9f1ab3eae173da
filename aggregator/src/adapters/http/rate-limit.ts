import type { Clock, MonotonicMs } from "@herdbeat/shared/time";

interface Bucket {
  tokens: number;
  at: MonotonicMs;
}

/** Bounds the memory when addresses are made up; the key unused for longest is forgotten first. */
const KEYS_MAX = 4_096;

/** A token bucket per key: `burst` at once, then `perSecond`. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #buckets: Map<string, Bucket> = new Map();

  constructor(options: { readonly burst: number; readonly perSecond: number }, clock: Clock) {
    this.#burst = options.burst;
    this.#perSecond = options.perSecond;
    this.#clock = clock;
  }

  /** 0 when the request may pass, else the seconds after which it may. */
  take(key: string): number {
    const now = this.#clock.now();
    const known = this.#buckets.get(key);
    const bucket = known ?? { tokens: this.#burst, at: now };
    const refill = ((now - bucket.at) / 1_000) * this.#perSecond;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + refill);
    bucket.at = now;
    // Set again so that the map's order is the order of use.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const oldest = this.#buckets.keys().next().value;
    if (this.#buckets.size > KEYS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / this.#perSecond));
    bucket.tokens -= 1;
    return 0;
  }
}
