import { addStall, isTooSick, lostShare, NO_LOST_TIME } from "@herdbeat/aggregator/core/lost-time";
import { durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("lost time");
const LIMIT = 0.2;

test("is the share of the last minute", () => {
  let lost = addStall(NO_LOST_TIME, monotonicMs(10_000), durationMs(6_000));
  lost = addStall(lost, monotonicMs(40_000), durationMs(6_000));
  assert.is(lostShare(lost, monotonicMs(40_000)), 0.2);
  assert.is(lostShare(lost, monotonicMs(75_000)), 0.1);
  assert.is(lostShare(lost, monotonicMs(101_000)), 0);
});

test("one stall makes sick once: shards are not given and taken back around the limit", () => {
  let isSick = false;
  const turns: boolean[] = [];
  for (const share of [0.19, 0.21, 0.19, 0.21, 0.19, 0.11, 0.1, 0.15, 0.2, 0.21]) {
    isSick = isTooSick(share, LIMIT, isSick);
    turns.push(isSick);
  }
  assert.equal(turns, [false, true, true, true, true, true, false, false, false, true]);
});

test.run();
