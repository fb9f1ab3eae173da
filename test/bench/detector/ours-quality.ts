/** Quality of service of our detector on a trace, by the definitions of quality.ts. */

import { TURN_INTERVAL } from "@herdbeat/aggregator/runtime/turn-loop";
import { seededRandom } from "@herdbeat/shared/random";
import { type SecondPath, scaledConfig, Watch } from "./ours.ts";
import type { Quality } from "./quality.ts";
import type { Arrivals } from "./trace.ts";

/** Deaths that are tried, evenly over the judged heartbeats: each continues the watch apart. */
const DEATHS = 500;
const TUNING_ROUNDS = 6;
/** Of the mean T_D from its target. */
const TUNED_WITHIN_MS = 0.5;
/** Odd and large: neighbouring turns get seeds that are far apart. */
const SPREAD = 0x9e3779b1;
/** A death that is not declared within so many limits is a defect. */
const LIMITS_MAX = 5;

export interface OurQuality extends Quality {
  readonly declareAfterMs: number;
}

export function ourQuality(
  arrivals: Arrivals,
  declareAfterMs: number,
  path: SecondPath,
  seed: number,
): OurQuality {
  const { atMs, sentMs, judgedFrom, intervalMs } = arrivals;
  const fromMs = atMs[judgedFrom] ?? 0;
  let mistakes = 0;
  let declaredMs = 0;
  let since: number | null = null;
  const watch = Watch.start(
    {
      config: scaledConfig(declareAfterMs),
      path,
      lateness: (turn) => seededRandom(seed ^ Math.imul(turn, SPREAD)).next(),
      onChange(at, declared) {
        if (declared && at >= fromMs) mistakes += 1;
        if (!declared && since !== null) declaredMs += Math.max(0, at - Math.max(since, fromMs));
        since = declared ? at : null;
      },
    },
    (atMs[0] ?? 0) - intervalMs,
    intervalMs,
  );
  const every = Math.max(1, Math.floor((atMs.length - judgedFrom) / DEATHS));
  const times: number[] = [];
  for (let index = 0; index < atMs.length; index++) {
    const at = atMs[index] ?? 0;
    watch.heartbeat(at);
    if (index < judgedFrom || (index - judgedFrom) % every !== 0) continue;
    const declaredAt = watch.declaredAfterDeath(at, LIMITS_MAX * declareAfterMs + TURN_INTERVAL);
    if (declaredAt === null) throw new Error(`a death at ${at} ms was never declared`);
    times.push(declaredAt - (sentMs[index] ?? 0));
  }
  const endMs = atMs.at(-1) ?? 0;
  if (since !== null) declaredMs += endMs - Math.max(since, fromMs);
  return {
    declareAfterMs,
    tdMs: times.reduce((sum, one) => sum + one, 0) / times.length,
    tdWorstMs: times.reduce((worst, one) => Math.max(worst, one), 0),
    mistakes,
    pA: 1 - declaredMs / (endMs - fromMs),
  };
}

/** The limit with which the mean T_D is the target; the T_D that was reached is in the result. */
export function tunedOurs(
  arrivals: Arrivals,
  targetMs: number,
  path: SecondPath,
  seed: number,
): OurQuality | null {
  let limit = targetMs;
  for (let round = 0; round < TUNING_ROUNDS; round++) {
    const quality = ourQuality(arrivals, limit, path, seed);
    const wrong = targetMs - quality.tdMs;
    if (Math.abs(wrong) <= TUNED_WITHIN_MS || round === TUNING_ROUNDS - 1) return quality;
    limit += wrong;
    if (limit <= TURN_INTERVAL) return null;
  }
  return null;
}
