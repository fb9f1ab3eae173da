import { advance, between, startListening } from "@herdbeat/aggregator/core/listening-clock";
import { durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("listening-clock");
const STEP_MAX = durationMs(130);

test("runs with the monotonic clock in health", () => {
  let clock = startListening(monotonicMs(1_000));
  for (let i = 1; i <= 10; i++)
    clock = advance(clock, monotonicMs(1_000 + i * 100), STEP_MAX).clock;
  assert.is(clock.listening, 1_000);
  assert.is(clock.discounted, 0);
});

test("a stall of thirty seconds costs one step and is discounted whole", () => {
  const { clock, stall } = advance(startListening(monotonicMs(0)), monotonicMs(30_100), STEP_MAX);
  assert.is(clock.listening, 130);
  assert.is(stall, 29_970);
});

test("what arrives before the turn after a stall is not stamped into the future", () => {
  const clock = startListening(monotonicMs(0));
  assert.is(between(clock, monotonicMs(30_000), STEP_MAX), 130);
});

test("a clock that goes back stands still", () => {
  const { clock } = advance(startListening(monotonicMs(500)), monotonicMs(400), STEP_MAX);
  assert.is(clock.listening, 0);
});

test.run();
