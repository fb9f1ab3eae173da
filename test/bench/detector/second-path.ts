/**
 * A second path to the host, of the law of the first and independent of it: what happened to each
 * packet is drawn with another seed or, where a file told the first path's fates, taken from
 * another, random place of that file, so that bursts stay bursts.
 */
import type { Random } from "@herdbeat/shared/random";
import type { Path } from "./laws.ts";
import type { SecondPath } from "./ours.ts";
import type { Trace } from "./trace.ts";

/** Delay of each packet of a path, one per interval; NaN: lost. */
export type Fates = Float64Array;

export function drawnFates(path: Path, count: number): Fates {
  return new Float64Array(count).map(path);
}

/** What a file tells of its own path; numbers that are missing were lost. */
export function observedFates({ seq, sentMs, receivedMs }: Trace): Fates {
  const first = seq[0] ?? 0;
  const fates = new Float64Array((seq.at(-1) ?? 0) - first + 1).fill(NaN);
  for (let row = 0; row < seq.length; row++)
    fates[(seq[row] ?? 0) - first] = (receivedMs[row] ?? NaN) - (sentMs[row] ?? NaN);
  return fates;
}

export function movedFates(fates: Fates, random: Random): Fates {
  const by = Math.floor(random.next() * fates.length);
  return fates.map((_, index) => fates[(index + by) % fates.length] ?? NaN);
}

export function secondPath(
  there: Fates,
  back: Fates,
  startMs: number,
  intervalMs: number,
): SecondPath {
  return (askedMs) => {
    const packet = Math.max(0, Math.floor((askedMs - startMs) / intervalMs));
    return (there[packet % there.length] ?? NaN) + (back[packet % back.length] ?? NaN);
  };
}

const DRAWS = 20_000;

export interface Doubt {
  /** Turns from the suspicion to the declaration; a fraction is the chance of one more. */
  readonly turns: number;
  readonly turnMs: number;
  /** Time between two questions. */
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/**
 * The share of doubts in which no question is answered in time, neither within its deadline nor
 * before the declaration: what this path's law predicts, without the detector.
 */
export function allUnanswered(
  path: SecondPath,
  spanMs: number,
  { turns, turnMs, everyMs, timeoutMs }: Doubt,
  random: Random,
): number {
  let unanswered = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const startMs = random.next() * spanMs;
    const whole = Math.floor(turns);
    const endMs = turnMs * (random.next() < turns - whole ? whole + 1 : whole);
    let all = true;
    for (let at = 0; at < endMs && all; at += everyMs)
      all = !(path(startMs + at) <= Math.min(timeoutMs, endMs - at));
    if (all) unanswered += 1;
  }
  return unanswered / DRAWS;
}

/** The share of answers that come, but beyond the deadline: too many, and no limit was meant so. */
export function lateAnswers(
  path: SecondPath,
  spanMs: number,
  timeoutMs: number,
  random: Random,
): number {
  let came = 0;
  let late = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const tookMs = path(random.next() * spanMs);
    if (Number.isNaN(tookMs)) continue;
    came += 1;
    if (tookMs > timeoutMs) late += 1;
  }
  return came === 0 ? 0 : late / came;
}

/** Beyond this mean a Poisson variable is close to a normal one, and its first term underflows. */
const NORMAL_FROM = 500;
/** A normal variable is beyond so many deviations with chance 0.001. */
const ONE_IN_1000 = 3.0902;

/** The smallest count that a Poisson variable of this mean exceeds with a chance of 0.001 at most. */
export function poissonUpper(mean: number): number {
  if (mean > NORMAL_FROM) return Math.ceil(mean + ONE_IN_1000 * Math.sqrt(mean));
  let term = Math.exp(-mean);
  let below = term;
  let count = 0;
  while (1 - below > 0.001) {
    count += 1;
    term *= mean / count;
    below += term;
  }
  return count;
}
