/**
 * The compared detectors. Each gives, for each heartbeat that arrives, the instant at which it will
 * suspect the sender unless a newer one arrives first:  deadline = base + margin x scale.  The
 * margin is what it is tuned by; for phi-accrual it is the threshold, as a number of standard
 * deviations.
 *
 * Sources: Chen, Toueg, Aguilera, "On the quality of service of failure detectors" (NFD-E); Tomsic,
 * Sens, Garcia, Arantes, Sopena, "2W-FD"; Hayashibara, Defago, Yared, Katayama, "The phi accrual
 * failure detector", with the normal law.
 */
import type { Arrivals } from "./trace.ts";

export interface DeadlineFamily {
  readonly detector: string;
  /** What is fixed before tuning. */
  readonly setting: string;
  readonly base: Float64Array;
  readonly scale: Float64Array;
  /** The tuned margin in words. */
  readonly describe: (margin: number) => string;
}

const inMs = (word: string) => (margin: number) => `${word} ${margin.toFixed(1)} ms`;

function ones(count: number): Float64Array {
  return new Float64Array(count).fill(1);
}

/** Suspects when nothing came for the timeout. */
export function fixedTimeout({ atMs }: Arrivals): DeadlineFamily {
  return {
    detector: "fixed",
    setting: "",
    base: atMs,
    scale: ones(atMs.length),
    describe: inMs("timeout"),
  };
}

/** When the next heartbeat is expected, by the mean of the last `window` shifted arrivals. */
function expectedNext(arrivals: Arrivals, window: number, everyMs: number): Float64Array {
  const { seq, atMs } = arrivals;
  const first = seq[0] ?? 0;
  const origin = atMs[0] ?? 0;
  const shifted = Float64Array.from(atMs, (at, index) => {
    return at - origin - ((seq[index] ?? 0) - first) * everyMs;
  });
  let sum = 0;
  return shifted.map((value, index) => {
    sum += value;
    if (index >= window) sum -= shifted[index - window] ?? 0;
    const mean = sum / Math.min(window, index + 1);
    return origin + mean + ((seq[index] ?? 0) - first + 1) * everyMs;
  });
}

/** Freshness point: expected arrival plus a constant. */
export function nfdE(arrivals: Arrivals, window: number): DeadlineFamily {
  return {
    detector: "nfd-e",
    setting: `window ${window}`,
    base: expectedNext(arrivals, window, arrivals.intervalMs),
    scale: ones(arrivals.atMs.length),
    describe: inMs("alpha"),
  };
}

/** The later of two such expectations, by a short and a long window. */
export function twoWindow(arrivals: Arrivals, short: number, long: number): DeadlineFamily {
  const everyMs = arrivals.intervalMs;
  const brief = expectedNext(arrivals, short, everyMs);
  const lasting = expectedNext(arrivals, long, everyMs);
  return {
    detector: "2w-fd",
    setting: `windows ${short} and ${long}`,
    base: brief.map((at, index) => Math.max(at, lasting[index] ?? at)),
    scale: ones(arrivals.atMs.length),
    describe: inMs("margin"),
  };
}

/** A normal law fitted to the last `window` times between arrivals; `deviationMinMs` bounds it. */
export function phiAccrual(
  arrivals: Arrivals,
  window: number,
  deviationMinMs: number,
): DeadlineFamily {
  const { atMs, intervalMs } = arrivals;
  const base = new Float64Array(atMs.length);
  const scale = new Float64Array(atMs.length);
  // Around the interval, so that the squares stay small.
  const gapAt = (index: number): number => (atMs[index] ?? 0) - (atMs[index - 1] ?? 0) - intervalMs;
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < atMs.length; index++) {
    if (index > 0) {
      sum += gapAt(index);
      squares += gapAt(index) ** 2;
    }
    if (index > window) {
      sum -= gapAt(index - window);
      squares -= gapAt(index - window) ** 2;
    }
    const count = Math.max(1, Math.min(window, index));
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean ** 2));
    base[index] = (atMs[index] ?? 0) + intervalMs + mean;
    scale[index] = Math.max(deviationMinMs, deviation);
  }
  return {
    detector: "phi-accrual",
    setting: `window ${window}, deviation >= ${deviationMinMs} ms`,
    base,
    scale,
    describe: (deviations) => `phi ${phiOf(deviations).toPrecision(4)}`,
  };
}

/** -log10 of the chance that a normal variable exceeds its mean by so many deviations. */
export function phiOf(deviations: number): number {
  return -logUpperTail(deviations) / Math.LN10;
}

/** Inverse of `phiOf`. */
export function deviationsOf(phi: number): number {
  let low = -10;
  let high = 1_000;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (phiOf(middle) < phi) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Natural logarithm, because the tail itself underflows beyond 38 deviations. Chebyshev fit of
 * erfc, relative error below 1.2e-7 (Numerical Recipes, 6.2).
 */
function logUpperTail(deviations: number): number {
  const x = Math.abs(deviations) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
  ];
  const series = coefficients.reduceRight((sum, one) => one + t * sum, 0);
  const logTail = Math.log(t / 2) - x * x + series;
  return deviations >= 0 ? logTail : Math.log1p(-Math.exp(logTail));
}
