import { TickTimers } from "@herdbeat/agent/runtime/tick-timers";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("tick-timers");

function setup() {
  const time = new VirtualTime(unixMs(0));
  return { time, timers: new TickTimers(time.clock, time.timers), ran: [] as string[] };
}

test("ends a timer at the first tick that is not before its time, once", async () => {
  const { time, timers, ran } = setup();
  timers.after(durationMs(280), () => ran.push("a"));
  for (let round = 0; round < 4; round++) {
    await time.advance(100);
    timers.tick(time.clock.now());
    ran.push(String(time.clock.now()));
  }
  assert.equal(ran, ["100", "200", "a", "300", "400"]);
});

test("does not end what was cancelled, not even in the same tick", async () => {
  const { time, timers, ran } = setup();
  timers.after(durationMs(10), () => second.cancel());
  const second = timers.after(durationMs(10), () => ran.push("second"));
  await time.advance(20);
  timers.tick(time.clock.now());
  assert.equal(ran, []);
});

test("keeps what a callback adds for a later tick", async () => {
  const { time, timers, ran } = setup();
  const again = (): void => {
    ran.push("again");
    timers.after(durationMs(0), again);
  };
  again();
  timers.tick(time.clock.now());
  timers.tick(time.clock.now());
  assert.is(ran.length, 3);
});

test.run();
