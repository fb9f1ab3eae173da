import { createClockMonitor } from "@herdbeat/agent/monitors/clock";
import { createHardwareMonitor } from "@herdbeat/agent/monitors/hardware";
import {
  createHostLoadMonitor,
  judgeBlocked,
  judgeCpu,
  judgeHungTaskWarnings,
  parseStat,
} from "@herdbeat/agent/monitors/host-load";
import type { Monitor } from "@herdbeat/agent/ports/monitor";
import { type Clock, monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../../support/memory-files.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("machine-monitors");
const { signal } = new AbortController();

async function said(monitor: Pick<Monitor, "probe">): Promise<readonly string[]> {
  const findings = await monitor.probe(signal);
  return findings.map(({ subject, status, reason }) => `${subject} ${status} ${reason}`);
}

function clockOf() {
  const state = { now: 0, wall: 1_000_000 };
  const clock: Clock = { now: () => monotonicMs(state.now), wallNow: () => unixMs(state.wall) };
  const pass = (ms: number, stepMs = 0): void => {
    state.now += ms;
    state.wall += ms + stepMs;
  };
  return { clock, pass };
}

// Constructed after fs/proc/stat.c.
const STAT =
  "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\nctxt 6\nprocs_running 3\nprocs_blocked 2\n";

test("reads the numbers of tasks", () => {
  assert.equal(parseStat(STAT), { cpus: 2, running: 3, blocked: 2 });
  for (const text of ["", "procs_running x\n", STAT.slice(0, -18), "\0\0"])
    assert.is(parseStat(text), null);
});

test("tells tasks that pile up from a few that wait", () => {
  const blocked = (count: number, cpus: number): string =>
    judgeBlocked({ cpus, running: 0, blocked: count }).reason;
  assert.is(blocked(15, 2), "TasksFlow");
  assert.is(blocked(16, 2), "TasksPileUp");
  assert.is(blocked(16, 64), "TasksFlow");
  assert.is(blocked(256, 64), "TasksPileUp");
});

test("tells a starved host from a busy one", () => {
  const pressure = (percent: string): string =>
    `some avg10=${percent} avg60=0.00 avg300=0.00 total=1\n`;
  const cpu = (running: number, text: string | null): string =>
    judgeCpu({ cpus: 2, running, blocked: 0 }, text).reason;
  assert.is(cpu(8, pressure("95.00")), "CpuStarved");
  assert.is(cpu(7, pressure("95.00")), "CpuAvailable");
  assert.is(cpu(99, pressure("10.00")), "CpuAvailable");
  assert.is(cpu(8, null), "PressureUnreadable");
  assert.is(cpu(8, "some avg10=high"), "PressureUnreadable");
});

test("notices that the kernel no longer reports hung tasks", () => {
  assert.is(judgeHungTaskWarnings("0\n")?.reason, "ReportsUsedUp");
  assert.is(judgeHungTaskWarnings("10\n")?.status, "ok");
  assert.is(judgeHungTaskWarnings("-1\n")?.status, "ok");
  assert.is(judgeHungTaskWarnings(null), null);
  assert.is(judgeHungTaskWarnings("x"), null);
});

test("looks at the host's load", async () => {
  const files = memoryFiles({
    "/proc/stat": STAT,
    "/proc/pressure/cpu": "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n",
    "/proc/sys/kernel/hung_task_warnings": "0\n",
  });
  const monitor = createHostLoadMonitor(files);
  assert.equal(await said(monitor), [
    "blocked-tasks ok TasksFlow",
    "cpu ok CpuAvailable",
    "hung-task-reports unknown ReportsUsedUp",
  ]);
  files.vanish("/proc/stat");
  assert.equal(await said(monitor), [" unknown StatUnreadable"]);
});

test("tells a step of the clock from time that passes and from sleep", async () => {
  const { clock, pass } = clockOf();
  const files = memoryFiles({ "/proc/uptime": "100.00 50.00\n" });
  const monitor = createClockMonitor(files, clock);
  assert.equal(await said(monitor), ["step ok ClockSteady"]);
  pass(5_000, 4);
  files.set("/proc/uptime", "105.00 50.00\n");
  assert.equal(await said(monitor), ["step ok ClockSteady"]);
  pass(5_000, -3_600_000);
  files.set("/proc/uptime", "110.00 50.00\n");
  assert.equal(await said(monitor), ["step problem ClockStepped"]);
  pass(600_001);
  files.set("/proc/uptime", "710.00 50.00\n");
  assert.equal(await said(monitor), ["step ok ClockSteady"]);
  pass(5_000, 90_000);
  files.set("/proc/uptime", "805.00 50.00\n");
  assert.equal(await said(monitor), ["step problem Suspended"]);
  files.set("/proc/uptime", "rubbish");
  pass(5_000, 1_000);
  assert.equal(await said(monitor), ["step problem ClockStepped"]);
});

test("tells a clock that nobody keeps right", async () => {
  const { clock } = clockOf();
  const files = memoryFiles({ "/proc/uptime": "30.00 1.00\n", "/run/systemd/timesync/x": "" });
  const monitor = createClockMonitor(files, clock);
  assert.is((await said(monitor))[1], "synchronisation unknown NotSynchronised");
  files.set("/proc/uptime", "601.00 1.00\n");
  assert.is((await said(monitor))[1], "synchronisation problem NotSynchronised");
  files.set("/run/systemd/timesync/synchronized", "");
  assert.is((await said(monitor))[1], "synchronisation ok Synchronised");
});

const MC = "/sys/devices/system/edac/mc/mc0";

test("counts errors of memory from the agent's start on, and foretells", async () => {
  const { clock, pass } = clockOf();
  const files = memoryFiles({ [`${MC}/ce_count`]: "900\n", [`${MC}/ue_count`]: "3\n" });
  const monitor = createHardwareMonitor(files, clock);
  assert.equal(await said(monitor), ["memory:mc0 ok MemorySound"]);
  files.set(`${MC}/ce_count`, "923\n");
  assert.equal(await said(monitor), ["memory:mc0 ok MemorySound"]);
  files.set(`${MC}/ce_count`, "924\n");
  const [finding] = await monitor.probe(signal);
  assert.equal(
    [finding?.reason, finding?.attributes],
    ["CorrectedErrorRate", { prediction: "true" }],
  );
  pass(3_600_001);
  assert.equal(await said(monitor), ["memory:mc0 ok MemorySound"]);
  files.set(`${MC}/ue_count`, "4\n");
  assert.equal(await said(monitor), ["memory:mc0 problem UncorrectedMemoryErrors"]);
  // The driver was loaded anew: its counters begin again, and nothing happened.
  pass(3_600_001);
  files.set(`${MC}/ue_count`, "0\n");
  files.set(`${MC}/ce_count`, "0\n");
  assert.equal(await said(monitor), ["memory:mc0 ok MemorySound"]);
  files.vanish(`${MC}/ue_count`);
  assert.equal(await said(monitor), []);
});

test("tells heat, alarms and failing disks, and survives files that vanish", async () => {
  const { clock } = clockOf();
  const zone = "/sys/class/thermal/thermal_zone0";
  const chip = "/sys/class/hwmon/hwmon0";
  const files = memoryFiles({
    [`${zone}/trip_point_0_type`]: "passive\n",
    [`${zone}/trip_point_1_type`]: "critical\n",
    [`${zone}/trip_point_1_temp`]: "100000\n",
    [`${zone}/temp`]: "97000\n",
    [`${chip}/name`]: "nct6775\n",
    [`${chip}/fan1_alarm`]: "1\n",
    [`${chip}/temp1_crit_alarm`]: "0\n",
    [`${chip}/in0_alarm`]: "no number\n",
    "/sys/class/block/sda/device/ioerr_cnt": "0x1\n",
    "/sys/class/block/sda1/device/ioerr_cnt": "0xff\n",
  });
  const monitor = createHardwareMonitor(files, clock);
  assert.equal(await said(monitor), [
    "thermal:thermal_zone0 problem TooHot",
    "sensor:hwmon0 problem SensorAlarm",
    "disk:sda ok DiskSound",
  ]);
  files.set("/sys/class/block/sda/device/ioerr_cnt", "0xb\n");
  files.set(`${zone}/temp`, "255000\n");
  files.vanish(`${chip}/fan1_alarm`);
  assert.equal(await said(monitor), [
    "thermal:thermal_zone0 ok Cool",
    "sensor:hwmon0 ok SensorsQuiet",
    "disk:sda problem DiskErrorRate",
  ]);
  files.vanish(zone);
  assert.is((await said(monitor)).length, 2);
});

test.run();
