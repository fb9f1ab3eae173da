import {
  type Estimate,
  exponentialMean,
  poissonRate,
  sampleQuantile,
  upperGamma,
  wilsonShare,
} from "@herdbeat/aggregator/core/statistics";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("statistics");

const rounded = ({ value, low, high }: Estimate, digits = 4): readonly (number | null)[] =>
  [value, low, high].map((one) => (one === null ? null : Number(one.toFixed(digits))));

// Garwood's bounds, solved apart from this code by bisection over the summed Poisson law.
for (const [count, low, high] of [
  [0, 0, 3.6889],
  [1, 0.0253, 5.5716],
  [5, 1.6235, 11.6683],
  [10, 4.7954, 18.3904],
  [100, 81.364, 121.6268],
] as const) {
  test(`${count} events of a Poisson law bound its mean between ${low} and ${high}`, () => {
    assert.equal(rounded(poissonRate(count, 1)), [count, low, high]);
  });
}

test("a rate is per unit of exposure, and unknown without any", () => {
  assert.equal(rounded(poissonRate(5, 10)), [0.5, 0.1623, 1.1668]);
  assert.equal(rounded(poissonRate(0, 0)), [null, null, null]);
  assert.equal(rounded(poissonRate(0, Number.NaN)), [null, null, null]);
});

test("Wilson's interval of a share, also at its ends", () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  assert.equal(rounded(wilsonShare(81, 263)), [0.308, 0.2553, 0.3662]);
  assert.equal(rounded(wilsonShare(15, 148)), [0.1014, 0.0624, 0.1605]);
  assert.equal(rounded(wilsonShare(0, 20)), [0, 0, 0.1611]);
  assert.equal(rounded(wilsonShare(29, 29)), [1, 0.883, 1]);
  assert.equal(rounded(wilsonShare(0, 0)), [null, null, null]);
});

test("the mean of exponential durations", () => {
  // 2 * 10 / chi-square(0.975; 20) = 20 / 34.170, 20 / chi-square(0.025; 20) = 20 / 9.591.
  assert.equal(rounded(exponentialMean(10, 10), 3), [1, 0.585, 2.085]);
  assert.equal(rounded(exponentialMean(0, 0)), [null, null, null]);
});

test("a quantile's bounds are order statistics, and none where the samples are too few", () => {
  const samples = Array.from({ length: 20 }, (_, index) => index + 1);
  // The classical table for the median of 20: the 6th and the 15th.
  assert.equal(rounded(sampleQuantile(samples, 0.5)), [10, 6, 15]);
  assert.equal(rounded(sampleQuantile([7], 0.5)), [7, null, null]);
  assert.equal(rounded(sampleQuantile([], 0.5)), [null, null, null]);
  assert.is(sampleQuantile(samples, 0.99).high, null);
});

test("Q(a, x) is the sum of the Poisson law's first terms", () => {
  for (const a of [1, 2, 7, 40]) {
    for (const x of [0.1, 1, 6.5, 7.5, 39, 41, 90]) {
      let term = Math.exp(-x);
      let sum = term;
      for (let k = 1; k < a; k++) {
        term *= x / k;
        sum += term;
      }
      assert.ok(Math.abs(upperGamma(a, x) - sum) < 1e-12, `Q(${a}, ${x})`);
    }
  }
});

test("bounds of any count contain its estimate and are finite", () => {
  fc.assert(
    fc.property(
      fc.nat(3_000_000),
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      (count, time) => {
        const { value, low, high } = poissonRate(count, time);
        assert.ok(value !== null && low !== null && high !== null);
        assert.ok(Number.isFinite(high) && low <= value && value < high);
      },
    ),
    { numRuns: 200 },
  );
});

test.run();
