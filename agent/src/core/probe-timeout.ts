import { type DurationMs, durationMs } from "@herdbeat/shared/time";

/** For the answer to be read after the deadline of whoever is asked. */
const SLACK_MS = 1_000;

/** Time for a probe that asks all of these at once. */
export function probeTimeout(parts: readonly { readonly timeout: DurationMs }[]): DurationMs {
  return durationMs(Math.max(0, ...parts.map(({ timeout }) => timeout)) + SLACK_MS);
}
