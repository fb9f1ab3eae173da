/**
 * Whether a heartbeat came later than its agent's own lateness explains: the first packet of it was lost.
 * When many nodes' heartbeats are late at once, it is we who read late, and nobody is called late.
 */
import type { DurationMs, ListeningMs } from "@herdbeat/shared/time";

/**
 * TCP repeats what was lost after 200 ms at the earliest. Our own lateness is below one turn and its
 * tolerance (150 ms): the listening clock moves no further.
 */
export const LATE_BEYOND_MS = 180;
const WINDOW_MS = 1_000;
const OURS_SHARE = 0.5;
/** Fewer heartbeats in the window say nothing about us. */
const HEARD_MIN = 8;

export class LateWatch {
  #since = 0;
  #heard = 0;
  #late = 0;
  #isOurs = false;

  /** Of every heartbeat, `gap` after the one before it. */
  isLate(now: ListeningMs, gap: number, interval: DurationMs, ownLagMs: number): boolean {
    if (now - this.#since >= WINDOW_MS) {
      this.#isOurs = this.#heard >= HEARD_MIN && this.#late > this.#heard * OURS_SHARE;
      this.#since = now;
      this.#heard = 0;
      this.#late = 0;
    }
    this.#heard += 1;
    if (gap - interval - ownLagMs < LATE_BEYOND_MS) return false;
    this.#late += 1;
    return !this.#isOurs;
  }
}
