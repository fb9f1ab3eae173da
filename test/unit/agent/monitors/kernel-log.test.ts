import { readFileSync } from "node:fs";
import {
  createKernelLogMonitor,
  matchKernelText,
  parseKernelRecord,
} from "@herdbeat/agent/monitors/kernel-log";
import type { KernelLog, KernelRecord } from "@herdbeat/agent/ports/kernel-log";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("kernel-log");

function fixture(name: string): readonly string[] {
  return readFileSync(new URL(`../../../fixtures/kernel-log/${name}`, import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

for (const line of fixture("faults.txt")) {
  const [subject = "", failureClass = "", reason = "", record = ""] = line.split(" | ");
  test(`finds ${reason} in ${record.slice(record.indexOf(";") + 1, 90)}`, () => {
    const match = matchKernelText(parseKernelRecord(record)?.text ?? "");
    const found = match?.object === "" ? match.pattern.id : `${match?.pattern.id}:${match?.object}`;
    assert.equal(
      [found, match?.pattern.failureClass, match?.pattern.reason],
      [subject, failureClass, reason],
    );
  });
}

test("finds nothing in an ordinary boot", () => {
  const records = fixture("ordinary.txt").flatMap((line) => parseKernelRecord(line) ?? []);
  assert.ok(records.length >= 20);
  assert.equal(
    records.filter(({ text }) => matchKernelText(text) !== null),
    [],
  );
});

test("does not take what a process wrote for the kernel's word", () => {
  const forged = fixture("ordinary.txt").filter((line) => line.includes("forged"));
  assert.is(forged.length, 1);
  assert.equal(forged.map(parseKernelRecord), [null]);
});

for (const line of [
  "",
  "x",
  "6,1,2,-",
  "-1,1,2,-;x",
  "99999999999,1,2,-;x",
  "6,1,2,-\n;x",
  ";".repeat(10_000),
  "8,1,2,-;Kernel panic - not syncing",
]) {
  test(`refuses the record ${JSON.stringify(line.slice(0, 30))}`, () => {
    assert.is(parseKernelRecord(line), null);
  });
}

for (const text of [
  "usb 1-1: Product: watchdog: BUG: soft lockup - CPU#1 stuck for 22s!",
  'audit: type=1400 comm="Kernel panic - not syncing"',
  "IN=eth0 OUT= Kernel panic - not syncing",
  " Kernel panic - not syncing",
  "task x blocked for more than 120 seconds",
]) {
  test(`finds no fault in somebody's text: ${text}`, () => {
    assert.is(matchKernelText(text), null);
  });
}

function setup() {
  const waiting: KernelRecord[] = [];
  let now = 1_000_000;
  let why: string | null = null;
  const log: KernelLog = {
    read: (max) => waiting.splice(0, max),
    overruns: () => 0,
    nowUs: () => now,
    unavailable: () => why,
    close: () => {},
  };
  const monitor = createKernelLogMonitor({ hold: durationMs(600_000) }, log);
  return {
    say: (text: string) => waiting.push({ level: 3, sequence: 1, timestampUs: now, text }),
    after: (ms: number) => {
      now += ms * 1_000;
    },
    cannotRead: (reason: string) => {
      why = reason;
    },
    look: async () =>
      (await monitor.probe(new AbortController().signal)).map(
        ({ subject, status, reason, attributes }) => [
          subject,
          status,
          reason,
          attributes?.["count"] ?? "",
        ],
      ),
  };
}

const READABLE = ["", "ok", "KernelLogReadable", ""];

test("holds a fault for the hold time after its last record, says ok once, forgets it", async () => {
  const { say, after, look } = setup();
  say("INFO: task x:1 blocked for more than 120 seconds.");
  assert.equal(await look(), [READABLE, ["hung-task", "problem", "HungTask", "1"]]);
  after(500_000);
  say("INFO: task y:2 blocked for more than 120 seconds.");
  await look();
  after(599_000);
  assert.equal(await look(), [READABLE, ["hung-task", "problem", "HungTask", "2"]]);
  after(2_000);
  assert.equal(await look(), [READABLE, ["hung-task", "ok", "Quiet", "2"]]);
  assert.equal(await look(), [READABLE]);
});

test("clears a server that answers again", async () => {
  const { say, look } = setup();
  say("nfs: server 10.0.0.5 not responding, still trying");
  assert.is((await look()).length, 2);
  say("nfs: server 10.0.0.5 OK");
  assert.equal(await look(), [READABLE]);
});

test("reports a kill for want of memory as no problem, and a loop of them as one", async () => {
  const { say, look } = setup();
  say("Out of memory: Killed process 1 (x)");
  assert.equal(await look(), [READABLE, ["out-of-memory", "ok", "OutOfMemoryKill", "1"]]);
  for (let more = 0; more < 4; more++) say("Out of memory: Killed process 1 (x)");
  assert.equal(await look(), [READABLE, ["out-of-memory", "problem", "OutOfMemoryKill", "5"]]);
});

test("is unknown, not ok, when the log cannot be read", async () => {
  const { cannotRead, look } = setup();
  cannotRead("/dev/kmsg: EPERM");
  assert.equal(await look(), [["", "unknown", "KernelLogUnavailable", ""]]);
});

test("bounds the faults it holds", async () => {
  const { say, look } = setup();
  for (let disk = 0; disk < 500; disk++) say(`I/O error, dev sd${disk}, sector 1`);
  assert.is((await look()).length, 65);
});

test.run();
