import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";

/** How late this process runs: the longest delay of any of its timers since the last report. */
export class OwnLag {
  #worst: DurationMs = durationMs(0);

  /** A timer meant for `wantedAt` ran at `ranAt`. */
  observe(wantedAt: MonotonicMs, ranAt: MonotonicMs): void {
    const late = elapsed(wantedAt, ranAt);
    if (late > this.#worst) this.#worst = late;
  }

  /** The worst so far, in whole ms; starts again at zero. */
  take(): DurationMs {
    const worst = durationMs(Math.round(this.#worst));
    this.#worst = durationMs(0);
    return worst;
  }
}
