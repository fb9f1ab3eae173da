/**
 * Quality of service of a detector on a trace (Chen, Toueg, Aguilera).
 *
 * T_D: for each judged heartbeat, from its sending to the suspicion that would never end if it had
 * been the last one. Detectors are tuned to the same *mean* T_D, because adaptive ones have no worst
 * one that a trace could show; the worst is printed as well.
 * A mistake: one change from trust to suspicion while the sender lives.
 * P_A: the share of the judged time in which the sender is trusted.
 */
import type { DeadlineFamily } from "./compared.ts";
import type { Arrivals } from "./trace.ts";

export interface Quality {
  readonly tdMs: number;
  readonly tdWorstMs: number;
  readonly mistakes: number;
  readonly pA: number;
}

const BISECTIONS = 80;
/** Of the mean T_D from its target. */
const TUNED_WITHIN_MS = 0.5;

export function qualityOf(
  arrivals: Arrivals,
  { base, scale }: Pick<DeadlineFamily, "base" | "scale">,
  margin: number,
): Quality {
  const { atMs, sentMs, judgedFrom } = arrivals;
  const deadline = (index: number): number => (base[index] ?? 0) + margin * (scale[index] ?? 0);
  let mistakes = 0;
  let suspectMs = 0;
  let suspectSince: number | null = null;
  let trustedUntil = Number.POSITIVE_INFINITY;
  let tdSum = 0;
  let tdWorstMs = 0;
  for (let index = judgedFrom; index < atMs.length; index++) {
    const at = atMs[index] ?? 0;
    if (suspectSince === null && trustedUntil < at) {
      mistakes += 1;
      suspectSince = trustedUntil;
    }
    trustedUntil = deadline(index);
    if (trustedUntil > at) {
      if (suspectSince !== null) suspectMs += at - suspectSince;
      suspectSince = null;
    } else if (suspectSince === null) {
      mistakes += 1;
      suspectSince = at;
    }
    const td = Math.max(0, (suspectSince ?? trustedUntil) - (sentMs[index] ?? 0));
    tdSum += td;
    tdWorstMs = Math.max(tdWorstMs, td);
  }
  const endMs = atMs.at(-1) ?? 0;
  if (suspectSince !== null) suspectMs += endMs - suspectSince;
  const judgedMs = endMs - (atMs[judgedFrom] ?? 0);
  return {
    tdMs: tdSum / (atMs.length - judgedFrom),
    tdWorstMs,
    mistakes,
    pA: 1 - suspectMs / judgedMs,
  };
}

/** The margin with which the mean T_D is the target; null if there is none. */
export function tune(
  arrivals: Arrivals,
  family: Pick<DeadlineFamily, "base" | "scale">,
  targetMs: number,
): number | null {
  let high = 1;
  while (qualityOf(arrivals, family, high).tdMs < targetMs) {
    high *= 2;
    if (high > 1e9) return null;
  }
  let low = -high;
  while (qualityOf(arrivals, family, low).tdMs > targetMs) {
    low *= 2;
    if (low < -1e9) return null;
  }
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (qualityOf(arrivals, family, middle).tdMs < targetMs) low = middle;
    else high = middle;
  }
  const { tdMs } = qualityOf(arrivals, family, high);
  return Math.abs(tdMs - targetMs) <= TUNED_WITHIN_MS ? high : null;
}
