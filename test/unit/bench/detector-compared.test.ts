import * as assert from "uvu/assert";
import {
  deviationsOf,
  fixedTimeout,
  nfdE,
  phiAccrual,
  phiOf,
  twoWindow,
} from "../../bench/detector/compared.ts";
import { qualityOf, tune } from "../../bench/detector/quality.ts";
import { type Arrivals, arrivalsOf, makeTrace, parseTrace } from "../../bench/detector/trace.ts";
import { suite } from "../../support/suite.ts";

const test = suite("detector-compared");

/** Heartbeats every 100 ms from 0 on; their delays, NaN for a lost one. */
function heartbeats(...delays: readonly number[]): Arrivals {
  const seq = Int32Array.from(delays.keys());
  const sentMs = Float64Array.from(delays, (_, index) => index * 100);
  const receivedMs = sentMs.map((sent, index) => sent + (delays[index] ?? NaN));
  return { ...arrivalsOf(makeTrace(seq, sentMs, receivedMs)), judgedFrom: 0 };
}

const near = (value: number | undefined, wanted: number, within = 1e-6): void => {
  assert.ok(Math.abs((value ?? NaN) - wanted) <= within, `${value} is not ${wanted}`);
};

test("a fixed timeout counts from the arrival", () => {
  const arrivals = heartbeats(10, 20, 10);
  const { base, scale } = fixedTimeout(arrivals);
  assert.equal([...base], [10, 120, 210]);
  // 100 to 109 ms of silence at most are bridged: 120 - 10 = 110 is one mistake of 5 ms.
  const quality = qualityOf(arrivals, { base, scale }, 105);
  assert.is(quality.mistakes, 1);
  near(quality.pA, 1 - 5 / 200);
  // (115 + 125 + 115) / 3.
  near(quality.tdMs, 355 / 3);
  near(quality.tdWorstMs, 125);
});

test("silence that ends exactly at the deadline is no mistake", () => {
  const arrivals = heartbeats(10, 20, 10);
  assert.is(qualityOf(arrivals, fixedTimeout(arrivals), 110).mistakes, 0);
});

test("NFD-E expects the next heartbeat at the mean of the shifted arrivals in its window", () => {
  // Shifted arrivals 10, 20, 60, 10; window 2: means 10, 15, 40, 35; the next ones are sent at 100 to 400.
  const { base } = nfdE(heartbeats(10, 20, 60, 10), 2);
  [110, 215, 340, 435].forEach((wanted, index) => {
    near(base[index], wanted);
  });
});

test("NFD-E goes by the sequence number across a loss", () => {
  // The second is lost: after the third (sent at 200) the fourth is expected at 300 and the mean delay.
  const { base } = nfdE(heartbeats(10, NaN, 20, 10), 1_000);
  near(base[1], 315);
});

test("2W-FD takes the later of its two expectations", () => {
  // Window 1 follows the last delay, window 3 the mean of three: 10, 15, 30, 30.
  const { base } = twoWindow(heartbeats(10, 20, 60, 10), 1, 3);
  [110, 220, 360, 430].forEach((wanted, index) => {
    near(base[index], wanted);
  });
});

test("phi-accrual fits a normal law to the times between arrivals in its window", () => {
  // Arrivals 10, 120, 210, 340: gaps 110, 90, 130. Window 2: mean 100 and 110, deviation 10 and 20.
  const { base, scale } = phiAccrual(heartbeats(10, 20, 10, 40), 2, 1);
  near(base[1], 120 + 110);
  near(scale[1], 1);
  near(base[2], 210 + 100);
  near(scale[2], 10);
  near(base[3], 340 + 110);
  near(scale[3], 20);
});

test("phi is the decimal logarithm of the normal law's tail, however far out", () => {
  near(phiOf(0), Math.log10(2), 1e-6);
  near(phiOf(1.644853627), -Math.log10(0.05), 1e-6);
  near(phiOf(-1.644853627), -Math.log10(0.95), 1e-6);
  // 1 - Phi(38) = 2.885e-316, below what a double holds exactly.
  near(phiOf(38), 315.54, 0.01);
  near(deviationsOf(8), 5.612, 1e-4);
});

test("phi-accrual makes a mistake where its level passes the threshold", () => {
  const arrivals = heartbeats(10, 10, 10, 10, 10, 10, NaN, NaN, 10);
  const family = phiAccrual(arrivals, 100, 10);
  // A gap of 300 ms at mean 100 and deviation 10: 20 deviations, phi 88.6.
  assert.is(qualityOf(arrivals, family, deviationsOf(88)).mistakes, 1);
  assert.is(qualityOf(arrivals, family, deviationsOf(90)).mistakes, 0);
});

test("a deadline that had passed at the arrival keeps the suspicion: one mistake, not two", () => {
  const arrivals = heartbeats(10, 10, 10);
  const family = {
    base: Float64Array.of(100, 105, 400),
    scale: Float64Array.of(0, 0, 0),
  };
  const quality = qualityOf(arrivals, family, 0);
  assert.is(quality.mistakes, 1);
  // Suspected from 100 to the last arrival at 210; the second heartbeat, sent at 100, came too late.
  near(quality.pA, 1 - 110 / 200);
  near(quality.tdMs, (100 + 0 + 200) / 3);
});

test("tuning finds the margin of a mean detection time, and says when there is none", () => {
  const arrivals = heartbeats(10, 20, 10);
  near(tune(arrivals, fixedTimeout(arrivals), 1_000) ?? NaN, 1_000 - 40 / 3, 1e-3);
  const rigid = { base: arrivals.atMs, scale: new Float64Array(3) };
  assert.is(tune(arrivals, rigid, 1_000), null);
});

test("a heartbeat that a newer one overtook is no sign of life", () => {
  const arrivals = heartbeats(10, 250, 10, 10);
  assert.equal([...arrivals.seq], [0, 2, 3]);
});

test("clocks that differ are moved so that the fastest heartbeat took no time", () => {
  const trace = makeTrace(
    Int32Array.of(1, 2, 3),
    Float64Array.of(1_000, 1_100, 1_200),
    Float64Array.of(20, 110, 230),
  );
  assert.is(trace.shiftMs, 990);
  assert.equal([...trace.receivedMs], [1_010, 1_100, 1_220]);
});

test("a file is read with and without arrivals, a lost heartbeat has none", () => {
  const full = parseTrace("seq,sent_ms,received_ms\n1,0,5\n2,100,\n4,300,305.5\n\n");
  assert.equal([...full.seq], [1, 2, 4]);
  assert.equal([...(full.receivedMs ?? [])], [5, NaN, 305.5]);
  assert.is(parseTrace("seq,sent_ms\r\n1,0\r\n2,100\r\n3,200").receivedMs, null);
});

for (const [what, text] of [
  ["no header", "1,0,5\n2,100,105\n3,200,205"],
  ["too few rows", "seq,sent_ms\n1,0\n2,100"],
  ["words", "seq,sent_ms\n1,0\n2,soon\n3,200"],
  ["an empty cell", "seq,sent_ms\n1,0\n2,\n3,200"],
  ["a misread arrival", "seq,sent_ms,received_ms\n1,0,1\n2,100,never\n3,200,201"],
  ["infinite arrivals", "seq,sent_ms,received_ms\n1,0,1\n2,100,Infinity\n3,200,201"],
  ["a repeated number", "seq,sent_ms\n1,0\n1,100\n3,200"],
  ["time that runs back", "seq,sent_ms\n1,0\n2,100\n3,50"],
  ["a number too large", "seq,sent_ms\n1,0\n2,100\n99999999999,200"],
  ["too many cells", "seq,sent_ms\n1,0\n2,100,7\n3,200"],
] as const) {
  test(`a file is refused: ${what}`, () => {
    assert.throws(() => parseTrace(text), /line|rows/);
  });
}

test.run();
