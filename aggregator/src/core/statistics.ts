/**
 * Confidence bounds of rates, shares, means and quantiles. Pure textbook formulas; all bounds are
 * two-sided at CONFIDENCE, and exact wherever an exact one is known.
 */

export const CONFIDENCE = 0.95;
const TAIL = (1 - CONFIDENCE) / 2;
/** The normal distribution's quantile at 1 - TAIL. */
const Z = 1.959963984540054;

/** Between `low` and `high`, most likely `value`. A bound of null: there is none from these data. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export const UNKNOWN: Estimate = { value: null, low: null, high: null };

/**
 * Events per unit of `exposure` after `count` of them: exact bounds of a Poisson mean (Garwood,
 * Biometrika 28, 1936). None seen still gives an upper bound: 3.69 / exposure.
 */
export function poissonRate(count: number, exposure: number): Estimate {
  if (!(exposure > 0)) return UNKNOWN;
  const low = count === 0 ? 0 : solve((mean) => upperGamma(count, mean), 1 - TAIL, count);
  const high = solve((mean) => upperGamma(count + 1, mean), TAIL, count);
  return { value: count / exposure, low: low / exposure, high: high / exposure };
}

/** Share of successes: the score interval (Wilson, JASA 22, 1927), sound also at 0 and at 1. */
export function wilsonShare(successes: number, trials: number): Estimate {
  if (!(trials > 0)) return UNKNOWN;
  const share = Math.min(1, successes / trials);
  const z2 = (Z * Z) / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Mean of `count` durations that sum up to `total`, taken as exponential: exact (Epstein & Sobel, 1953). */
export function exponentialMean(count: number, total: number): Estimate {
  if (count === 0) return UNKNOWN;
  const above = solve((mean) => upperGamma(count, mean), 1 - TAIL, count);
  const below = solve((mean) => upperGamma(count, mean), TAIL, count);
  return { value: total / count, low: total / below, high: total / above };
}

/**
 * Quantile `p` of any distribution, from sorted samples: bounds are order statistics (Wilks, 1948),
 * whatever the law. Null where so few samples cannot bound it.
 */
export function sampleQuantile(sorted: readonly number[], p: number): Estimate {
  const n = sorted.length;
  if (n === 0) return UNKNOWN;
  const value = sorted[Math.min(n - 1, Math.max(0, Math.ceil(n * p) - 1))] ?? null;
  let low: number | null = null;
  let high: number | null = null;
  let atMost = 0;
  for (let rank = 0; rank < n; rank++) {
    // P(fewer than rank + 1 samples lie below the quantile)
    atMost += binomialShare(n, rank, p);
    if (atMost <= TAIL) low = sorted[rank] ?? null;
    if (high === null && atMost >= 1 - TAIL) high = sorted[rank] ?? null;
  }
  return { value, low, high };
}

function binomialShare(n: number, k: number, p: number): number {
  const ways = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/** The mean at which a falling probability takes the value `wanted`; by bisection, 15 digits. */
function solve(probability: (mean: number) => number, wanted: number, near: number): number {
  let low = 0;
  let high = near + 12 * Math.sqrt(near + 1) + 12;
  for (let round = 0; round < 100 && high - low > 1e-13 * high; round++) {
    const middle = (low + high) / 2;
    if (probability(middle) > wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Q(a, x) = P(a Poisson variable of mean x is below a), for whole a: Abramowitz & Stegun 26.4.21;
 * by the series 6.5.29 below a + 1 and the continued fraction 6.5.31 above (Lentz's way).
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < TERMS_MAX && term > sum * 1e-16; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < TERMS_MAX; n++) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / avoidZero(factor * d + b);
    c = avoidZero(b + factor / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** Enough for counts up to some millions; the terms needed grow with the root of the count. */
const TERMS_MAX = 20_000;
const TINY = 1e-300;

function avoidZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** ln Γ(x) for x > 0: Lanczos' approximation (g = 7, n = 9), relative error below 1e-14. */
function logGamma(x: number): number {
  const shifted = x - 1;
  let sum = LANCZOS[0] ?? 0;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] ?? 0) / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS: readonly number[] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
];
