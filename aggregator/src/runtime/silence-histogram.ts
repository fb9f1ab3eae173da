/**
 * How long ago healthy nodes were heard, looked at in passing: each about once a minute. Tells how
 * late heartbeats are without touching the path that they take.
 */
import type { SilenceSample } from "../core/quality.ts";

const STEP_MS = 25;
const STEPS = 200;
/** Then all counts are halved, so that what was long ago fades. */
const TOTAL_MAX = 100_000;

export class SilenceHistogram {
  readonly #counts = new Uint32Array(STEPS);
  #total = 0;

  add(silenceMs: number): void {
    const step = Math.min(STEPS - 1, Math.max(0, Math.floor(silenceMs / STEP_MS)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total += 1;
    if (this.#total >= TOTAL_MAX) this.#halve();
  }

  /** The upper edge of the step that holds 999 of 1,000. */
  sample(): SilenceSample {
    let seen = 0;
    for (let step = 0; step < STEPS; step++) {
      seen += this.#counts[step] ?? 0;
      if (seen > 0 && seen >= this.#total * 0.999)
        return { total: this.#total, p999Ms: (step + 1) * STEP_MS };
    }
    return { total: 0, p999Ms: 0 };
  }

  #halve(): void {
    this.#total = 0;
    for (let step = 0; step < STEPS; step++) {
      const half = (this.#counts[step] ?? 0) >> 1;
      this.#counts[step] = half;
      this.#total += half;
    }
  }
}
