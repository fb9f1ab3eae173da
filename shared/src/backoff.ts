import type { Random } from "./random.ts";
import { type DurationMs, durationMs } from "./time.ts";

export interface BackoffConfig {
  /** Upper bound of the first delay. */
  readonly initial: DurationMs;
  /** Growth per attempt, > 1. */
  readonly factor: number;
  /** Upper bound of any delay; at least `initial`. */
  readonly max: DurationMs;
}

/** Upper bound of the delay before attempt `attempt` (1 = first retry). */
export function backoffCeiling(attempt: number, config: BackoffConfig): DurationMs {
  return durationMs(Math.min(config.max, config.initial * config.factor ** (attempt - 1)));
}

/** Full jitter: uniform below the ceiling, never below a tenth of it (no synchronized, no hot retries). */
export function backoffDelay(attempt: number, config: BackoffConfig, random: Random): DurationMs {
  const ceiling = backoffCeiling(attempt, config);
  return durationMs(Math.ceil(ceiling * (0.1 + 0.9 * random.next())));
}
