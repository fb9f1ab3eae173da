import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { SimProcess, SimTime } from "../../sim/clock.ts";
import { suite } from "../../support/suite.ts";

const test = suite("sim-clock");

test("runs in the order of time, then timers, input and what waits for the drain", async () => {
  const time = new SimTime();
  const ran: string[] = [];
  time.at(20, null, () => ran.push("later"));
  time.at(10, null, () => ran.push("drained"), "drained");
  time.at(10, null, () => ran.push("input"), "input");
  time.at(10, null, () => ran.push("first timer"));
  time.at(10, null, () => ran.push("second timer"));
  await time.runUntil(15);
  assert.equal(ran, ["first timer", "second timer", "input", "drained"]);
  assert.is(time.now, 15);
  await time.runUntil(30);
  assert.is(ran.at(-1), "later");
});

test("keeps the order of many events", async () => {
  const time = new SimTime();
  const ran: number[] = [];
  for (let i = 0; i < 500; i++) {
    const at = (i * 7_919) % 503;
    time.at(at, null, () => ran.push(at));
  }
  await time.runUntil(1_000);
  assert.is(ran.length, 500);
  assert.equal(
    ran,
    [...ran].sort((a, b) => a - b),
  );
});

test("a stopped process finds its timers by their deadlines, then its input, when it goes on", async () => {
  const time = new SimTime();
  const process = new SimProcess(time);
  const ran: string[] = [];
  time.at(5, null, () => process.pause(100));
  time.at(6, process, () => ran.push(`frame at ${time.now}`), "input");
  time.at(40, process, () => ran.push("late timer"));
  time.at(30, process, () => ran.push("early timer"));
  const cancelled = process.timers.after(durationMs(20), () => ran.push("cancelled"));
  time.at(50, null, () => cancelled.cancel());
  await time.runUntil(200);
  assert.equal(ran, ["early timer", "late timer", "frame at 105"]);
  assert.is(process.ranSince(0), 100);
});

test("what happens every second happens at its millisecond, beside everything else", async () => {
  const time = new SimTime();
  const ran: string[] = [];
  time.everySecond(300, () => ran.push(`beat ${time.now}`));
  time.at(300, null, () => ran.push("at 300"));
  time.at(1_299, null, () => ran.push("at 1299"));
  await time.runUntil(2_000);
  assert.equal(ran, ["beat 300", "at 300", "at 1299", "beat 1300"]);
});

test("promises are through before the next event when they were announced", async () => {
  const time = new SimTime();
  const ran: string[] = [];
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
    ran.push("chain");
  };
  time.at(10, null, () => {
    time.touch();
    void chain();
  });
  time.at(10, null, () => ran.push("next"));
  await time.runUntil(20);
  assert.equal(ran, ["chain", "next"]);
});

test("a drifting wall clock keeps what it gained, and never moves the monotonic one", async () => {
  const time = new SimTime();
  const process = new SimProcess(time);
  const start = process.clock.wallNow();
  process.drift(0.5);
  await time.runUntil(1_000);
  process.drift(0);
  await time.runUntil(2_000);
  assert.is(process.clock.wallNow() - start, 2_500);
  assert.is(process.clock.now(), 2_000);
});

test.run();
