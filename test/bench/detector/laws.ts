/** Laws of delay, loss and pauses, and traces drawn from them. */
import type { Random } from "@herdbeat/shared/random";
import { ROWS_MAX, TraceError } from "./trace.ts";

/** One packet after the other: its delay in ms, NaN if it is lost. */
export type Path = () => number;

export interface Laws {
  /** `constant:MS`, `normal:MEAN:SD`, `lognormal:MEDIAN:SIGMA`, `exponential:FLOOR:MEAN`. */
  readonly delay: string;
  /** `none`, a probability, or `gilbert:P_BAD:P_GOOD[:LOSS_IN_BAD]`, both per packet. */
  readonly loss: string;
}

export interface SyntheticLaws extends Laws {
  readonly intervalMs: number;
  readonly hours: number;
  /** How often per hour the sender pauses while its kernel goes on answering. */
  readonly pausesPerHour: number;
}

/** A pause lasts between these, each length on a logarithmic scale as likely as another. */
const PAUSE_MIN_MS = 200;
const PAUSE_MAX_MS = 10_000;
/** A sender's timer is late by up to this. */
const TIMER_LATE_MS = 2;

const STEADY = { intervalMs: 100, hours: 1, pausesPerHour: 0 };
export const SYNTHETIC: Readonly<Record<string, SyntheticLaws>> = {
  lan: { ...STEADY, delay: "lognormal:0.3:0.5", loss: "none" },
  lossy: { ...STEADY, delay: "lognormal:1:0.5", loss: "0.3" },
  bursty: { ...STEADY, delay: "lognormal:2:0.6", loss: "gilbert:0.002:0.1" },
  wan: { ...STEADY, delay: "lognormal:80:0.6", loss: "gilbert:0.001:0.2" },
  pauses: { ...STEADY, delay: "lognormal:0.5:0.5", loss: "0.001", pausesPerHour: 60 },
};

function numbers(law: string, count: number, optional = 0): readonly number[] {
  const values = law.split(":").slice(1).map(Number);
  const right = values.length >= count && values.length <= count + optional;
  if (!right || values.some((value) => !(value >= 0))) throw new TraceError(`no such law: ${law}`);
  return values;
}

function gaussian(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

function delayOf(law: string, random: Random): () => number {
  switch (law.split(":")[0]) {
    case "constant": {
      const [value = 0] = numbers(law, 1);
      return () => value;
    }
    case "normal": {
      const [mean = 0, deviation = 0] = numbers(law, 2);
      return () => Math.max(0, mean + deviation * gaussian(random));
    }
    case "lognormal": {
      const [middle = 0, sigma = 0] = numbers(law, 2);
      return () => middle * Math.exp(sigma * gaussian(random));
    }
    case "exponential": {
      const [floor = 0, mean = 0] = numbers(law, 2);
      return () => floor - mean * Math.log(1 - random.next());
    }
    default:
      throw new TraceError(`no such law of delay: ${law}`);
  }
}

function lossOf(law: string, random: Random): () => boolean {
  if (law === "none") return () => false;
  if (law.startsWith("gilbert:")) {
    const [toBad = 0, toGood = 0, lossInBad = 1] = numbers(law, 2, 1);
    if (Math.max(toBad, toGood, lossInBad) > 1) throw new TraceError(`no such law of loss: ${law}`);
    let bad = false;
    return () => {
      bad = bad ? random.next() >= toGood : random.next() < toBad;
      return bad && random.next() < lossInBad;
    };
  }
  const share = law === "" ? NaN : Number(law);
  if (!(share >= 0 && share < 1)) throw new TraceError(`no such law of loss: ${law}`);
  return () => random.next() < share;
}

export function drawnPath(laws: Laws, random: Random): Path {
  const delay = delayOf(laws.delay, random);
  const isLost = lossOf(laws.loss, random);
  return () => {
    const took = delay();
    return isLost() ? NaN : took;
  };
}

/** When a sender sends that never dies, but pauses. */
export function drawnSends(
  laws: SyntheticLaws,
  random: Random,
): { readonly seq: Int32Array; readonly sentMs: Float64Array } {
  const { intervalMs, hours, pausesPerHour } = laws;
  const count = Math.round((hours * 3_600_000) / intervalMs);
  if (!(intervalMs > 0 && count >= 3 && count <= ROWS_MAX))
    throw new TraceError(`hours and interval must make 3 to ${ROWS_MAX} heartbeats`);
  const chance = (pausesPerHour * intervalMs) / 3_600_000;
  const seq = new Int32Array(count);
  const sentMs = new Float64Array(count);
  let due = 0;
  for (let at = 0; at < count; at++) {
    if (random.next() < chance)
      due += PAUSE_MIN_MS * (PAUSE_MAX_MS / PAUSE_MIN_MS) ** random.next();
    seq[at] = at + 1;
    sentMs[at] = due + TIMER_LATE_MS * random.next();
    due += intervalMs;
  }
  return { seq, sentMs };
}

/** Times of arrival over a path, NaN where lost. */
export function arrivalTimes(sentMs: Float64Array, path: Path): Float64Array {
  return sentMs.map((sent) => sent + path());
}
