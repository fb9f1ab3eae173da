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

/**
 * The share of doubts in which each of `questions` goes unanswered, asked every `everyMs`, with
 * `timeoutMs` each: what this path's law predicts, without the detector.
 */
export function allUnanswered(
  path: SecondPath,
  spanMs: number,
  asked: { readonly questions: number; readonly everyMs: number; readonly timeoutMs: number },
  random: Random,
): number {
  let unanswered = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const startMs = random.next() * spanMs;
    let all = true;
    for (let question = 0; question < asked.questions && all; question++)
      all = !(path(startMs + question * asked.everyMs) <= asked.timeoutMs);
    if (all) unanswered += 1;
  }
  return unanswered / DRAWS;
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
