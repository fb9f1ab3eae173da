/**
 * Quality of service of the failure detector, after Chen, Toueg and Aguilera ("On the quality of
 * service of failure detectors", IEEE Transactions on Computers 51, 2002): how soon a death was
 * declared (T_D), how often (lambda_M) and how long (T_M) a living node was wrongly suspected, and
 * the probability that the answer to "is it dead?" is right while it lives (P_A).
 *
 *                 silence                        declared
 *   trusted ────────────────► suspected ───────────────────► declared
 *      ▲                          │ the same boot is heard,      │
 *      └── mistake ◄──────────────┴── or its kernel answers ─────┤
 *                                                                └─ another boot, or a commit: a death
 *
 * Pure. Fed by changes of a node's health, never by a heartbeat.
 */
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "./detection-config.ts";
import type { NodeState } from "./node-state.ts";
import { type Check, count, listOf, nullable, shape } from "./record-shapes.ts";
import {
  type Estimate,
  exponentialMean,
  poissonRate,
  sampleQuantile,
  wilsonShare,
} from "./statistics.ts";

/** Of each kind and shard; with the newest ones kept, quantiles follow a change of the limits. */
export const SAMPLES_KEPT_MAX = 32;

/** One instant per minute and node is as independent a question as suspicions of seconds allow. */
const QUESTION_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What the detector says of a node; `excused`: nothing that could be right or wrong. */
export type Output = "excused" | "trusted" | "suspected" | "declared";

/** Silences that turned out to be no death. */
export interface Mistakes {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export interface QualityTally {
  readonly since: UnixMs;
  /** Time that living nodes were under observation, in node-milliseconds of listening. */
  readonly observedMs: number;
  readonly suspicions: Mistakes;
  readonly declarations: Mistakes;
  /** Silence at the declaration of each proven death, newest last: an upper bound of its T_D. */
  readonly deaths: readonly number[];
  readonly deathsTotal: number;
}

export const NO_MISTAKES: Mistakes = { count: 0, totalMs: 0, maxMs: 0 };

export function emptyTally(since: UnixMs): QualityTally {
  return {
    since,
    observedMs: 0,
    suspicions: NO_MISTAKES,
    declarations: NO_MISTAKES,
    deaths: [],
    deathsTotal: 0,
  };
}

const mistakesCheck: Check<Mistakes> = shape<Mistakes>({
  count: count(),
  totalMs: count(),
  maxMs: count(),
});

export const tallyCheck: Check<QualityTally> = shape<QualityTally>({
  since: count(),
  observedMs: count(),
  suspicions: mistakesCheck,
  declarations: mistakesCheck,
  deaths: listOf(count()),
  deathsTotal: count(),
});

export function outputOf({ health, drill }: NodeState): Output {
  // Suspecting the living on purpose is no mistake.
  if (drill !== null) return "excused";
  switch (health.state) {
    case "alive":
    case "agent-down":
    case "agent-stalled":
      return "trusted";
    case "suspect":
      // A stream that the peer's own kernel closed is an end that was told, not one concluded.
      return health.cause === "closed" ? "excused" : "suspected";
    case "declared":
    case "committed":
      return "declared";
    case "awaited":
    case "unseen":
    case "left":
      return "excused";
  }
}

/** How a wrong or right suspicion ended, if this change of a node ended one. */
export type Ending = "mistake" | "death" | "undecided" | null;

export function endingOf(before: NodeState, after: NodeState): Ending {
  const was = outputOf(before);
  if (was !== "suspected" && was !== "declared") return null;
  if (before.health.state !== "committed" && after.health.state === "committed") return "death";
  const is = outputOf(after);
  const isAnotherBoot = before.record.bootId !== after.record.bootId;
  if (before.health.state === "committed") return is === "declared" ? null : "undecided";
  if (isAnotherBoot) return was === "declared" ? "death" : "undecided";
  if (is === "suspected" || is === "declared") return null;
  // "left" was said by the node itself; "excused" otherwise means that nobody looks any more.
  return is === "trusted" || after.health.state === "left" ? "mistake" : "undecided";
}

/** The silence that a declared node was declared after, from the incident's own evidence. */
export function silenceDeclaredAfter(state: NodeState): number | null {
  const declared = state.incidents.find((one) => one.origin === "silence")?.transitions[0];
  return declared?.evidence.find((one) => one.kind === "heartbeat-silence")?.age ?? null;
}

export function withMistake(mistakes: Mistakes, lastedMs: number): Mistakes {
  return {
    count: mistakes.count + 1,
    totalMs: mistakes.totalMs + lastedMs,
    maxMs: Math.max(mistakes.maxMs, lastedMs),
  };
}

export function withDeath(tally: QualityTally, silenceMs: number | null): QualityTally {
  const deaths =
    silenceMs === null
      ? tally.deaths
      : [...tally.deaths, Math.round(silenceMs)].slice(-SAMPLES_KEPT_MAX);
  return { ...tally, deaths, deathsTotal: tally.deathsTotal + 1 };
}

/** Sum of what several counted, each for itself. Samples are all kept: there is one list per shard. */
export function sumOfTallies(tallies: readonly QualityTally[], since: UnixMs): QualityTally {
  const deaths: number[] = [];
  let sum = emptyTally(since);
  for (const one of tallies) {
    deaths.push(...one.deaths);
    sum = {
      since: one.since < sum.since ? one.since : sum.since,
      observedMs: sum.observedMs + one.observedMs,
      suspicions: sumOfMistakes(sum.suspicions, one.suspicions),
      declarations: sumOfMistakes(sum.declarations, one.declarations),
      deaths,
      deathsTotal: sum.deathsTotal + one.deathsTotal,
    };
  }
  return sum;
}

function sumOfMistakes(a: Mistakes, b: Mistakes): Mistakes {
  return {
    count: a.count + b.count,
    totalMs: a.totalMs + b.totalMs,
    maxMs: Math.max(a.maxMs, b.maxMs),
  };
}

export interface MistakeFigures {
  readonly mistakes: number;
  /** lambda_M, per node and hour. */
  readonly perNodeHour: Estimate;
  /** E(T_M). */
  readonly meanMs: Estimate;
  readonly maxMs: number | null;
  /** P_A: share of time in which the output was right while the node lived. */
  readonly accuracy: Estimate;
}

export interface DetectionTimes {
  readonly count: number;
  readonly samples: number;
  readonly medianMs: Estimate;
  readonly p99Ms: Estimate;
  readonly maxMs: number | null;
}

export interface QualityFigures {
  readonly since: UnixMs;
  readonly observedHours: number;
  readonly suspicion: MistakeFigures;
  readonly declaration: MistakeFigures;
  readonly deaths: DetectionTimes;
}

export function figuresOf(tally: QualityTally): QualityFigures {
  return {
    since: tally.since,
    observedHours: tally.observedMs / HOUR_MS,
    suspicion: mistakeFigures(tally.suspicions, tally.observedMs),
    declaration: mistakeFigures(tally.declarations, tally.observedMs),
    deaths: detectionTimes(tally.deaths, tally.deathsTotal),
  };
}

function mistakeFigures(mistakes: Mistakes, observedMs: number): MistakeFigures {
  const rightMs = Math.max(0, observedMs - mistakes.totalMs);
  return {
    mistakes: mistakes.count,
    perNodeHour: poissonRate(mistakes.count, observedMs / HOUR_MS),
    meanMs: exponentialMean(mistakes.count, mistakes.totalMs),
    maxMs: mistakes.count === 0 ? null : mistakes.maxMs,
    accuracy: wilsonShare(rightMs / QUESTION_EVERY_MS, observedMs / QUESTION_EVERY_MS),
  };
}

export function detectionTimes(samples: readonly number[], total: number): DetectionTimes {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    count: total,
    samples: sorted.length,
    medianMs: sampleQuantile(sorted, 0.5),
    p99Ms: sampleQuantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? null,
  };
}

/** Between which times a death is declared, by the limits and the silences of healthy nodes. */
export interface PredictedDetection {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface QualityPrediction {
  /** Beyond the interval, 999 of 1,000 heartbeats were at most this much later. Null: not yet known. */
  readonly jitterMs: number | null;
  /** With proven witnesses that see nothing either. */
  readonly witnessed: PredictedDetection;
  /** Without witnesses. */
  readonly alone: PredictedDetection;
}

/**
 * A node dies somewhere between two heartbeats. The last one counts from its arrival, which is late
 * by the jitter at most; a limit is noticed up to a turn later; the kernel's silence needs a
 * question at the suspicion, its deadline, and the turn that hears of it.
 */
export function predictDetection(
  limits: DetectionLimits,
  interval: DurationMs,
  turn: DurationMs,
  silence: SilenceSample,
): QualityPrediction {
  const jitterMs = silence.total === 0 ? null : Math.max(0, silence.p999Ms - interval);
  const kernelSilent = limits.suspectAfter + limits.probeTimeout;
  const between = (limit: number): PredictedDetection => ({
    fromMs: Math.max(0, Math.max(limit, kernelSilent) - interval),
    toMs: Math.max(limit + turn, kernelSilent + 2 * turn) + (jitterMs ?? 0),
  });
  return {
    jitterMs,
    witnessed: between(limits.declareWithWitnesses),
    alone: between(limits.declareAfter),
  };
}

export interface SilenceSample {
  readonly total: number;
  readonly p999Ms: number;
}

/** What one aggregator counted, as it is stored: whole shards, packed, in one field of its own. */
export interface StoredQuality {
  readonly writtenAt: UnixMs;
  readonly shards: readonly StoredShardQuality[];
}

export interface StoredShardQuality {
  readonly shard: number;
  readonly current: QualityTally;
  /** Of the period before, so that figures never rest on a few minutes only. */
  readonly former: QualityTally | null;
}

export const storedQuality: Check<StoredQuality> = shape<StoredQuality>({
  writtenAt: count(),
  shards: listOf(
    shape<StoredShardQuality>({
      shard: count(),
      current: tallyCheck,
      former: nullable(tallyCheck),
    }),
  ),
});

/** A period; figures are of the current one and the one before. */
export const QUALITY_PERIOD_MS: number = 7 * 24 * HOUR_MS;

/** Begins a new period when the current one is over. Null when nothing of it is worth keeping. */
export function inPeriod(stored: StoredShardQuality, now: UnixMs): StoredShardQuality {
  const age = now - stored.current.since;
  if (age < QUALITY_PERIOD_MS) return stored;
  return {
    shard: stored.shard,
    current: emptyTally(now),
    former: age < 2 * QUALITY_PERIOD_MS ? stored.current : null,
  };
}
