/**
 * How well detectors do on a trace of heartbeats whose sender lives: ours, by the product's own
 * core, and the textbook's, each tuned to the same mean T_D.
 *
 *   npm run bench -- detector --trace FILE
 *   npm run bench -- detector --synthetic [lan|lossy|bursty|wan|pauses]
 *
 * `--delay`, `--loss` and `--seed` say what is drawn (laws.ts): all arrivals of a synthetic trace or
 * of a file without `received_ms`, and the fates of our second path. Nothing is tuned on mistakes.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TURN_INTERVAL } from "@herdbeat/aggregator/runtime/turn-loop";
import { type Random, seededRandom } from "@herdbeat/shared/random";
import { systemRandom } from "@herdbeat/shared/system-random";
import { type Bench, type BenchContext, PreconditionError } from "../lib/bench.ts";
import { rounded } from "../lib/statistics.ts";
import {
  type DeadlineFamily,
  deviationsOf,
  fixedTimeout,
  nfdE,
  phiAccrual,
  twoWindow,
} from "./compared.ts";
import { arrivalTimes, drawnPath, drawnSends, SYNTHETIC, type SyntheticLaws } from "./laws.ts";
import { NO_ANSWERS, type SecondPath, scaledConfig } from "./ours.ts";
import { type OurQuality, ourQuality, tunedOurs } from "./ours-quality.ts";
import { type Quality, qualityOf, tune } from "./quality.ts";
import {
  allUnanswered,
  drawnFates,
  lateAnswers,
  movedFates,
  observedFates,
  poissonUpper,
  secondPath,
} from "./second-path.ts";
import { type Arrivals, arrivalsOf, makeTrace, parseTrace, type Trace } from "./trace.ts";

const TARGETS_MS = [1_000, 2_000, 3_000, 5_000];
const PHI_THRESHOLDS = [1, 3, 8, 12];
/** The agent's interval must be below `suspectAfter` by this, or the product does not start. */
const SUSPECT_OVER_INTERVAL = 1.2;
/** `probeTimeout` must be above the worst round trip; this share of answers may be later. */
const LATE_SHARE_MAX = 0.01;
/** Ours may make this share more mistakes than the best compared one. */
const MARGIN = 1.05;

interface Row {
  readonly detector: string;
  readonly setting: string;
  readonly tdMs: number;
  readonly mistakes: number;
  readonly pA: number;
}

interface Compared extends Row {
  readonly tdWorstMs: number;
}

interface Replay {
  readonly trace: Trace;
  readonly arrivals: Arrivals;
  readonly path: SecondPath;
  readonly seed: number;
  readonly parameters: Readonly<Record<string, string | number | null>>;
}

export const bench: Bench = {
  title: "mistakes of detectors at the same detection time",
  run: (context) => Promise.resolve().then(() => measure(context, prepare(context.args))),
};

function prepare(args: readonly string[]): Replay {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      trace: { type: "string" },
      synthetic: { type: "boolean", default: false },
      delay: { type: "string" },
      loss: { type: "string" },
      seed: { type: "string" },
      hours: { type: "string" },
      interval: { type: "string" },
      pauses: { type: "string" },
    },
  });
  if ((values.trace === undefined) !== values.synthetic)
    throw new PreconditionError("give --trace FILE or --synthetic [LAW], see the bench's head");
  const name = values.synthetic ? (positionals[0] ?? "lan") : "lan";
  const preset = SYNTHETIC[name];
  if (preset === undefined)
    throw new PreconditionError(`--synthetic: ${Object.keys(SYNTHETIC).join(", ")}`);
  const laws: SyntheticLaws = {
    delay: values.delay ?? preset.delay,
    loss: values.loss ?? preset.loss,
    hours: Number(values.hours ?? preset.hours),
    intervalMs: Number(values.interval ?? preset.intervalMs),
    pausesPerHour: Number(values.pauses ?? preset.pausesPerHour),
  };
  const seed = Number(values.seed ?? parseInt(systemRandom.hex(4), 16));
  if (!Number.isSafeInteger(seed)) throw new PreconditionError("--seed is a whole number");
  return values.trace === undefined
    ? synthetic(name, laws, seed)
    : fromFile(values.trace, laws, seed, values.delay !== undefined || values.loss !== undefined);
}

/** Independent of the others of this seed: generators of neighbouring seeds are not. */
function stream(seed: number, number: number): Random {
  const seeds = seededRandom(seed);
  for (let skipped = 0; skipped < number; skipped++) seeds.next();
  return seededRandom(parseInt(seeds.hex(4), 16));
}

function synthetic(name: string, laws: SyntheticLaws, seed: number): Replay {
  const { seq, sentMs } = drawnSends(laws, stream(seed, 0));
  const path = drawnPath(laws, stream(seed, 1));
  const trace = makeTrace(seq, sentMs, arrivalTimes(sentMs, path));
  return replay(trace, drawnSecondPath(trace, laws, seed), seed, {
    trace: `synthetic ${name}`,
    traceSha256: null,
    ...laws,
    secondPath: "drawn",
  });
}

function fromFile(file: string, laws: SyntheticLaws, seed: number, drawn: boolean): Replay {
  const text = readFileSync(file, "utf8");
  const { seq, sentMs, receivedMs } = parseTrace(text);
  const path = drawnPath(laws, stream(seed, 1));
  const trace = makeTrace(seq, sentMs, receivedMs ?? arrivalTimes(sentMs, path));
  const traceSha256 = createHash("sha256").update(text).digest("hex");
  const { delay, loss } = laws;
  if (receivedMs === null || drawn) {
    const parameters = { trace: file, traceSha256, delay, loss, secondPath: "drawn" };
    return replay(trace, drawnSecondPath(trace, laws, seed), seed, parameters);
  }
  const fates = observedFates(trace);
  const random = stream(seed, 2);
  const moved = secondPath(
    movedFates(fates, random),
    movedFates(fates, random),
    trace.sentMs[0] ?? 0,
    trace.intervalMs,
  );
  const parameters = { trace: file, traceSha256, secondPath: "the trace's own, moved" };
  return replay(trace, moved, seed, parameters);
}

function drawnSecondPath(trace: Trace, laws: SyntheticLaws, seed: number): SecondPath {
  const startMs = trace.sentMs[0] ?? 0;
  const spanMs = (trace.sentMs.at(-1) ?? 0) - startMs;
  const count = Math.ceil(spanMs / trace.intervalMs) + 1;
  const [there, back] = [2, 3].map((offset) =>
    drawnFates(drawnPath(laws, stream(seed, offset)), count),
  ) as [Float64Array, Float64Array];
  return secondPath(there, back, startMs, trace.intervalMs);
}

function replay(
  trace: Trace,
  path: SecondPath,
  seed: number,
  parameters: Replay["parameters"],
): Replay {
  return { trace, arrivals: arrivalsOf(trace), path, seed, parameters };
}

function row(detector: string, setting: string, quality: Quality): Row {
  const { tdMs, mistakes, pA } = quality;
  return { detector, setting, tdMs: rounded(tdMs, 1), mistakes, pA: rounded(pA, 9) };
}

function measure(context: BenchContext, work: Replay) {
  const { arrivals, trace, seed } = work;
  const families: readonly DeadlineFamily[] = [
    fixedTimeout(arrivals),
    nfdE(arrivals, 1_000),
    twoWindow(arrivals, 1, 1_000),
    phiAccrual(arrivals, 100, 1),
    phiAccrual(arrivals, 1_000, 1),
    phiAccrual(arrivals, 1_000, 100),
  ];
  const rows: Row[] = [];
  const note = (one: Row, targetMs: number | null, tdWorstMs: number): void => {
    rows.push(one);
    context.raw.write({ kind: "row", targetMs, ...one, tdWorstMs });
  };
  const ours: Record<string, unknown> = {};
  for (const targetMs of TARGETS_MS) {
    const compared: Compared[] = [];
    for (const family of families) {
      const margin = tune(arrivals, family, targetMs);
      if (margin === null) continue;
      const setting = [family.setting, family.describe(margin)].filter((word) => word !== "");
      const quality = qualityOf(arrivals, family, margin);
      const one = row(family.detector, setting.join(", "), quality);
      compared.push({ ...one, tdWorstMs: quality.tdWorstMs });
      note(one, targetMs, quality.tdWorstMs);
    }
    ours[targetMs] = measureOurs(work, targetMs, compared, note);
    context.say(`T_D ${targetMs} ms: ${JSON.stringify(ours[targetMs])}`);
  }
  for (const family of families.filter(({ detector }) => detector === "phi-accrual")) {
    for (const phi of PHI_THRESHOLDS) {
      const quality = qualityOf(arrivals, family, deviationsOf(phi));
      note(row(family.detector, `${family.setting}, phi ${phi}`, quality), null, quality.tdWorstMs);
    }
  }
  const judgedMs = (arrivals.atMs.at(-1) ?? 0) - (arrivals.atMs[arrivals.judgedFrom] ?? 0);
  return {
    parameters: { ...work.parameters, seed, tunedTo: "mean T_D" },
    fields: {
      rows,
      ours,
      sent: trace.seq.length,
      arrivedInOrder: arrivals.atMs.length,
      intervalMs: rounded(trace.intervalMs, 3),
      judgedHours: rounded(judgedMs / 3_600_000, 3),
      clockShiftMs: rounded(trace.shiftMs, 3),
    },
  };
}

function measureOurs(
  work: Replay,
  targetMs: number,
  compared: readonly Compared[],
  note: (row: Row, targetMs: number, tdWorstMs: number) => void,
) {
  const { arrivals, path, seed } = work;
  const one = tunedOurs(arrivals, targetMs, NO_ANSWERS, seed);
  if (one === null) return null;
  // The same limit: a dead host answers on neither path.
  const two = ourQuality(arrivals, one.declareAfterMs, path, seed);
  const setting = `declareAfter ${one.declareAfterMs.toFixed(1)} ms`;
  note(row("herdbeat", `${setting}, one path`, one), targetMs, one.tdWorstMs);
  note(row("herdbeat", `${setting}, two paths`, two), targetMs, two.tdWorstMs);
  const [best] = [...compared].sort((a, b) => a.mistakes - b.mistakes || a.tdMs - b.tdMs);
  const fixed = compared.find(({ detector }) => detector === "fixed")?.mistakes ?? null;
  const bestMistakes = best?.mistakes ?? 0;
  const { limits } = scaledConfig(one.declareAfterMs);
  const { unanswered, late } = secondPathPredicts(work, one);
  const predicted = one.mistakes * unanswered;
  const upper = poissonUpper(predicted);
  return {
    tdMs: rounded(two.tdMs, 1),
    tdWorstMs: rounded(two.tdWorstMs, 1),
    declareAfterMs: rounded(one.declareAfterMs, 1),
    // Whether an operator may set these limits on this network.
    configurable:
      limits.suspectAfter > SUSPECT_OVER_INTERVAL * arrivals.intervalMs && late <= LATE_SHARE_MAX,
    lateAnswerShare: rounded(late, 4),
    onePath: { mistakes: one.mistakes, pA: rounded(one.pA, 9) },
    twoPaths: {
      mistakes: two.mistakes,
      pA: rounded(two.pA, 9),
      predictedMistakes: rounded(predicted, 3),
      predictedAtMost: upper,
      withinPrediction: two.mistakes <= upper,
    },
    best:
      best === undefined
        ? null
        : {
            detector: best.detector,
            setting: best.setting,
            mistakes: bestMistakes,
            tdWorstMs: rounded(best.tdWorstMs, 1),
          },
    onePathWithin5Percent: one.mistakes <= MARGIN * bestMistakes,
    twoPathsWithin5Percent: two.mistakes <= MARGIN * bestMistakes,
    // What one path costs against the best: the limit does not adapt, and it is looked at by turns.
    moreByFixedLimit: fixed === null ? null : fixed - bestMistakes,
    moreByTurns: fixed === null ? null : one.mistakes - fixed,
  };
}

/** Of the doubts that one path ends with a declaration, how many does the second path not refute? */
function secondPathPredicts({ trace, path, seed }: Replay, { declareAfterMs }: OurQuality) {
  const { limits } = scaledConfig(declareAfterMs);
  const startMs = trace.sentMs[0] ?? 0;
  const spanMs = (trace.sentMs.at(-1) ?? 0) - startMs;
  const fromStart: SecondPath = (atMs) => path(startMs + atMs);
  const doubt = {
    turns: (limits.declareAfter - limits.suspectAfter) / TURN_INTERVAL,
    turnMs: TURN_INTERVAL,
    // A question is asked at a turn.
    everyMs: Math.ceil(limits.probeInterval / TURN_INTERVAL) * TURN_INTERVAL,
    timeoutMs: limits.probeTimeout,
  };
  const random = stream(seed, 4);
  return {
    unanswered: allUnanswered(fromStart, spanMs, doubt, random),
    late: lateAnswers(fromStart, spanMs, limits.probeTimeout, random),
  };
}
