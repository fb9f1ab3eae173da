import { closeCause } from "@herdbeat/aggregator/adapters/ws/close-cause";
import { FrameRate } from "@herdbeat/aggregator/adapters/ws/frame-rate";
import { type Clock, monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("frame-rate");

/** A rate of 10 per second and bursts of 5, on a clock that the test moves. */
function setup(): {
  readonly pass: (ms: number) => void;
  readonly send: (count: number) => number;
} {
  let now = 1_000;
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => unixMs(0) };
  const rate = new FrameRate({ perSecond: 10, burst: 5 }, clock);
  let earliest = 0;
  return {
    pass(ms) {
      now += ms;
      rate.tick();
    },
    /** How many of `count` frames are taken. */
    send(count) {
      for (let taken = 0; taken < count; taken++) {
        const next = rate.take(earliest);
        if (next < 0) return taken;
        earliest = next;
      }
      return count;
    },
  };
}

test("takes a burst and no more", () => {
  assert.is(setup().send(100), 5);
});

test("takes the long-time rate for ever", () => {
  const { pass, send } = setup();
  for (let round = 0; round < 200; round++) {
    assert.is(send(1), 1);
    pass(100);
  }
});

test("refuses twice the rate once the burst is used up", () => {
  const { pass, send } = setup();
  let taken = 0;
  for (let round = 0; round < 100; round++) {
    taken += send(2);
    pass(100);
  }
  assert.ok(taken >= 100 && taken <= 106, `${taken} were taken`);
});

test("lets a peer catch up for as long as this process stalled, and no longer", () => {
  const { pass, send } = setup();
  send(1);
  pass(60_000);
  // 600 for the minute and 5 at once, less the one before.
  assert.is(send(10_000), 604);
  for (let tick = 0; tick < 10; tick++) pass(100);
  assert.ok(send(100) <= 10);
});

test("a burst is full again after a calm time, not fuller", () => {
  const { pass, send } = setup();
  send(5);
  for (let tick = 0; tick < 100; tick++) pass(100);
  assert.is(send(100), 5);
});

for (const [end, cause] of [
  [{ closedByUs: true, finReceived: true, errorCode: "ECONNRESET" }, "local"],
  [{ closedByUs: false, finReceived: true, errorCode: null }, "peer-closed"],
  [{ closedByUs: false, finReceived: false, errorCode: "ECONNRESET" }, "peer-closed"],
  [{ closedByUs: false, finReceived: false, errorCode: "EPIPE" }, "peer-closed"],
  [{ closedByUs: false, finReceived: false, errorCode: "ETIMEDOUT" }, "network-error"],
  [{ closedByUs: false, finReceived: false, errorCode: "EHOSTUNREACH" }, "network-error"],
  [{ closedByUs: false, finReceived: false, errorCode: "ENETDOWN" }, "network-error"],
  [{ closedByUs: false, finReceived: true, errorCode: "ETIMEDOUT" }, "network-error"],
  [{ closedByUs: false, finReceived: false, errorCode: "" }, "network-error"],
  [{ closedByUs: false, finReceived: false, errorCode: null }, "network-error"],
] as const) {
  test(`an end with ${JSON.stringify(end)} is ${cause}`, () => {
    assert.is(closeCause(end), cause);
  });
}

test.run();
