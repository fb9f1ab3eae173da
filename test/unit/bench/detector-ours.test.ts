import { seededRandom } from "@herdbeat/shared/random";
import * as assert from "uvu/assert";
import { arrivalTimes, drawnPath, drawnSends } from "../../bench/detector/laws.ts";
import { NO_ANSWERS, scaledConfig } from "../../bench/detector/ours.ts";
import { ourQuality, tunedOurs } from "../../bench/detector/ours-quality.ts";
import {
  allUnanswered,
  lateAnswers,
  movedFates,
  observedFates,
  poissonUpper,
  secondPath,
} from "../../bench/detector/second-path.ts";
import { type Arrivals, arrivalsOf, makeTrace } from "../../bench/detector/trace.ts";
import { suite } from "../../support/suite.ts";

const test = suite("detector-ours");
const SEED = 7;

/** A heartbeat every 100 ms for a minute; those sent while a gap lasts are lost. */
function withGaps(...gaps: readonly (readonly [fromMs: number, toMs: number])[]): Arrivals {
  const seq = Int32Array.from({ length: 600 }, (_, index) => index);
  const sentMs = Float64Array.from(seq, (number) => number * 100);
  const isLost = (sent: number): boolean => gaps.some(([from, to]) => sent > from && sent < to);
  const receivedMs = sentMs.map((sent) => (isLost(sent) ? NaN : sent + 1));
  return arrivalsOf(makeTrace(seq, sentMs, receivedMs));
}

test("silence beyond the limit is one mistake, and it ends with the next heartbeat", () => {
  // 4 s and 2 s without a frame; the limit is 3 s.
  const quality = ourQuality(withGaps([20_000, 24_000], [40_000, 42_000]), 3_000, NO_ANSWERS, SEED);
  assert.is(quality.mistakes, 1);
  const declaredMs = (1 - quality.pA) * (59_901 - 6_001);
  // From the turn after 3 s to the turn after 4 s.
  assert.ok(declaredMs >= 850 && declaredMs <= 1_150, String(declaredMs));
});

test("silence is looked at turn by turn: T_D lies within one turn beyond limit and delay", () => {
  const quality = ourQuality(withGaps(), 3_000, NO_ANSWERS, SEED);
  assert.is(quality.mistakes, 0);
  assert.ok(quality.tdMs > 3_001 && quality.tdMs < 3_103, String(quality.tdMs));
  assert.ok(quality.tdWorstMs <= 3_103, String(quality.tdWorstMs));
});

test("a kernel that answers on a second path is never declared", () => {
  const quality = ourQuality(withGaps([20_000, 30_000]), 3_000, () => 2, SEED);
  assert.is(quality.mistakes, 0);
  assert.is(quality.pA, 1);
});

test("a kernel that answered before and falls silent with the heartbeats is declared", () => {
  const silent = (askedMs: number): number => (askedMs > 19_000 && askedMs < 30_000 ? NaN : 2);
  const quality = ourQuality(withGaps([20_000, 30_000]), 3_000, silent, SEED);
  assert.is(quality.mistakes, 1);
});

test("an answer beyond the deadline is none", () => {
  let questions = 0;
  // The first one, in peace, is in time: what was never proven would not count.
  const late = (): number => (questions++ === 0 ? 2 : 401);
  const gap = withGaps([20_000, 24_000]);
  assert.is(ourQuality(gap, 3_000, late, SEED).mistakes, 1);
  questions = 0;
  const inTime = (): number => (questions++ === 0 ? 2 : 399);
  assert.is(ourQuality(gap, 3_000, inTime, SEED).mistakes, 0);
});

test("a dead host is declared as soon with a second path as without", () => {
  const alone = ourQuality(withGaps(), 3_000, NO_ANSWERS, SEED);
  const two = ourQuality(withGaps(), 3_000, () => 2, SEED);
  assert.is(two.tdMs, alone.tdMs);
});

test("the limit is tuned to a mean detection time", () => {
  for (const target of [1_000, 3_000]) {
    const quality = tunedOurs(withGaps(), target, NO_ANSWERS, SEED);
    assert.ok(Math.abs((quality?.tdMs ?? 0) - target) < 5, JSON.stringify(quality));
  }
});

test("scaled limits keep the proportions of the defaults", () => {
  const { suspectAfter, declareAfter, probeTimeout, probeInterval } = scaledConfig(6_000).limits;
  assert.equal(
    [suspectAfter, declareAfter, probeTimeout, probeInterval],
    [3_000, 6_000, 800, 1_000],
  );
});

test("a second path loses what its fates say, in both directions", () => {
  const path = secondPath(Float64Array.of(1, NaN, 3), Float64Array.of(10, 20, 30), 1_000, 100);
  assert.equal([1_000, 1_150, 1_299, 1_300].map(path), [11, NaN, 33, 11]);
});

test("a file's own fates keep their order when they are moved, missing numbers are losses", () => {
  const fates = observedFates(
    makeTrace(Int32Array.of(5, 6, 8), Float64Array.of(0, 100, 300), Float64Array.of(1, NaN, 304)),
  );
  assert.equal([...fates], [1, NaN, NaN, 4]);
  const moved = movedFates(fates, { next: () => 0.5, hex: () => "" });
  assert.equal([...moved], [NaN, 4, 1, NaN]);
});

test("the predicted share is the power of one question's chance where losses are independent", () => {
  const random = seededRandom(1);
  const path = (): number => (random.next() < 0.5 ? NaN : 1);
  // Asked at 0, 200 and 400 of 500 ms.
  const doubt = { turns: 5, turnMs: 100, everyMs: 200, timeoutMs: 5 };
  const share = allUnanswered(path, 1_000, doubt, random);
  assert.ok(Math.abs(share - 0.125) < 0.01, String(share));
});

test("an answer after the declaration refutes nothing", () => {
  // Two and a half turns: half of the doubts end at 200 ms, half at 300; the answer takes 250.
  const doubt = { turns: 2.5, turnMs: 100, everyMs: 100, timeoutMs: 400 };
  const share = allUnanswered(() => 250, 1_000, doubt, seededRandom(2));
  assert.ok(Math.abs(share - 0.5) < 0.02, String(share));
});

test("late answers are those that came, beyond the deadline", () => {
  const random = seededRandom(3);
  const path = (askedMs: number): number => (askedMs < 500 ? NaN : askedMs < 750 ? 10 : 20);
  const share = lateAnswers(path, 1_000, 15, random);
  assert.ok(Math.abs(share - 0.5) < 0.02, String(share));
});

test("the Poisson bound is exceeded with a chance of one in a thousand at most", () => {
  assert.equal([0, 0.001, 1, 10].map(poissonUpper), [0, 0, 5, 21]);
  assert.is(poissonUpper(10_000), 10_310);
});

test("laws of loss lose as many as they say, in bursts of the stated length", () => {
  const laws = { delay: "constant:5", loss: "gilbert:0.01:0.1" };
  const took = new Float64Array(200_000).map(drawnPath(laws, seededRandom(3)));
  const lost = took.filter(Number.isNaN).length;
  // 0.01 / (0.01 + 0.1) = 9.1 %.
  assert.ok(Math.abs(lost / took.length - 1 / 11) < 0.01, String(lost));
  const bursts = took.filter(
    (one, index) => Number.isNaN(one) && !Number.isNaN(took[index - 1] ?? 0),
  );
  assert.ok(Math.abs(lost / bursts.length - 10) < 1, String(lost / bursts.length));
});

test("a sender that pauses sends nothing meanwhile and loses no number", () => {
  const laws = { delay: "constant:1", loss: "none", intervalMs: 100, hours: 1, pausesPerHour: 30 };
  const { seq, sentMs } = drawnSends(laws, seededRandom(4));
  assert.is(seq.at(-1), 36_000);
  const gaps = sentMs.filter((sent, index) => index > 0 && sent - (sentMs[index - 1] ?? 0) > 250);
  assert.ok(gaps.length > 10 && gaps.length < 60, String(gaps.length));
  assert.is(arrivalTimes(sentMs, drawnPath(laws, seededRandom(5)))[0], (sentMs[0] ?? 0) + 1);
});

for (const [delay, loss] of [
  ["sometimes", "none"],
  ["normal:1", "none"],
  ["constant:-1", "none"],
  ["constant:1", "1"],
  ["constant:1", "gilbert:2:0.1"],
  ["constant:1", ""],
] as const) {
  test(`an unknown law is refused: ${delay} ${loss}`, () => {
    assert.throws(() => drawnPath({ delay, loss }, seededRandom(1)), /no such law/);
  });
}

test.run();
