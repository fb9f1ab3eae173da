import { readFileSync } from "node:fs";
import { explainPast, type PastRecord } from "@herdbeat/agent/core/past";
import { judgePressure } from "@herdbeat/agent/monitors/memory-pressure";
import { createWatchdogMonitor, judgeWatchdog } from "@herdbeat/agent/monitors/watchdog";
import type { WatchdogSample } from "@herdbeat/agent/ports/watchdogs";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("small-monitors");

const DOG: WatchdogSample = {
  name: "watchdog0",
  identity: "iTCO_wdt",
  isActive: true,
  timeoutSeconds: 30,
  timeLeftSeconds: 25,
  bootStatus: 0,
  noWayOut: false,
};

const dogs: readonly (readonly [Partial<WatchdogSample>, string, string, string])[] = [
  [{}, "ok", "watchdog-fault", "Observed"],
  [{ isActive: false, timeLeftSeconds: 0 }, "ok", "watchdog-fault", "Observed"],
  [{ timeLeftSeconds: null }, "ok", "watchdog-fault", "Observed"],
  [{ timeLeftSeconds: 7 }, "problem", "watchdog-fault", "FeederLate"],
  [{ bootStatus: 0x20 }, "ok", "watchdog-fault", "LastResetByWatchdog"],
  [{ bootStatus: 0x01 }, "problem", "hardware-fault", "HardwareBits"],
];

for (const [sample, ...expected] of dogs) {
  test(`judges a watchdog with ${JSON.stringify(sample)}`, () => {
    const { status, failureClass, reason } = judgeWatchdog({ ...DOG, ...sample });
    assert.equal([status, failureClass, reason], expected);
  });
}

test("says nothing of a missing watchdog unless one is required", async () => {
  const none = { list: () => Promise.resolve([]) };
  const { signal } = new AbortController();
  assert.equal(await createWatchdogMonitor({ required: false }, none).probe(signal), []);
  const [finding] = await createWatchdogMonitor({ required: true }, none).probe(signal);
  assert.equal([finding?.status, finding?.reason], ["unknown", "NoWatchdogDevice"]);
});

test("reads pressure", () => {
  const text = readFileSync(
    new URL("../../../fixtures/proc-pressure/memory.txt", import.meta.url),
    "utf8",
  );
  assert.is(judgePressure("memory", text).status, "ok");
  assert.is(
    judgePressure("memory", text.replace("full avg10=0.00", "full avg10=55.10")).reason,
    "Thrashing",
  );
  assert.is(judgePressure("memory", "some avg10=99.00 x").status, "unknown");
  assert.is(judgePressure("memory", "").status, "unknown");
});

const NOW = {
  bootId: "b2",
  uptime: durationMs(100_000),
  wallAt: unixMs(2_000_000),
  crashLeftovers: [] as readonly string[],
};

function record(more: Partial<PastRecord>): PastRecord {
  return {
    kind: "pulse",
    bootId: "b2",
    uptime: durationMs(40_000),
    wallAt: unixMs(1_940_000),
    lag: durationMs(0),
    text: "6 ok",
    ...more,
  };
}

test("explains a first start, an orderly restart and a kill", () => {
  assert.is(explainPast([], NOW).reason, "FirstStart");
  assert.is(explainPast([record({}), record({ kind: "stop" })], NOW).reason, "AgentRestarted");
  const killed = explainPast([record({ text: "eth0 CarrierLost" })], NOW);
  assert.is(killed.reason, "AgentKilled");
  assert.match(killed.message, "60s");
  assert.match(killed.message, "eth0 CarrierLost");
});

test("explains an orderly reboot, and one that nobody announced", () => {
  assert.is(explainPast([record({ bootId: "b1", kind: "stop" })], NOW).reason, "HostRebooted");
  const reset = explainPast([record({ bootId: "b1" })], {
    ...NOW,
    crashLeftovers: ["dmesg-efi-1"],
  });
  assert.is(reset.reason, "HostResetWithoutShutdown");
  assert.match(reset.message, "dmesg-efi-1");
});

test("does not tell of negative times when a clock was set back", () => {
  const { message } = explainPast([record({ bootId: "b1", wallAt: unixMs(9_000_000) })], NOW);
  assert.match(message, "about 0ms ago");
});

test.run();
