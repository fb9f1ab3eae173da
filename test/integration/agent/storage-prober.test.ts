// The prober's shell against real folders: what it answers, and what a shell that hangs leaves behind.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ShellProber } from "@herdbeat/agent/adapters/storage-probe/shell-prober";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("storage-prober");
const PATIENT = durationMs(15_000);
const QUICK = durationMs(1_500);

const made = (): ShellProber =>
  new ShellProber({ clock: systemClock, timers: systemTimers, hostName: "node-1" });

async function inFolder(
  body: (folder: string, prober: ShellProber) => Promise<void>,
): Promise<void> {
  await withTempDir("storage", async (folder) => {
    const prober = made();
    try {
      await body(folder, prober);
    } finally {
      prober.stop();
      await eventually(() => shellsOf(folder).length === 0, { what: "the end of the shell" });
    }
  });
}

/** Pids of processes that were started for this folder. */
function shellsOf(folder: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`\0sh\0${folder}\0node-1\0`);
      } catch {
        // Ended meanwhile.
        return false;
      }
    });
}

test("writes, reads back, tells the space, and cleans up", () =>
  inFolder(async (folder, prober) => {
    const first = await prober.probe(folder, PATIENT, true);
    assert.is(first.kind, "written", JSON.stringify(first));
    assert.ok(first.kind === "written" && first.freePercent !== null && first.freePercent > 0);
    const second = await prober.probe(folder, PATIENT, false);
    assert.ok(second.kind === "written" && second.freePercent === null);
    assert.equal(readdirSync(folder), [".herdbeat-probe.node-1"]);
    prober.stop();
    await eventually(() => readdirSync(folder).length === 0, { what: "an empty folder" });
  }));

test("tells a folder that is gone, and one that is back", () =>
  inFolder(async (folder, prober) => {
    const path = join(folder, "a 'folder' with $(touch x) in its name");
    const gone = await prober.probe(path, PATIENT, false);
    assert.ok(gone.kind === "failed" && gone.text.includes("No such file or directory"));
    mkdirSync(path);
    assert.is((await prober.probe(path, PATIENT, true)).kind, "written");
    assert.is(existsSync(join(folder, "x")), false);
    chmodSync(path, 0o700);
    rmSync(path, { recursive: true });
    assert.is((await prober.probe(path, PATIENT, false)).kind, "failed");
  }));

test("calls a write that never ends hung, starts no second one, and recovers", () =>
  inFolder(async (folder, prober) => {
    const file = join(folder, ".herdbeat-probe.node-1");
    // Opening a FIFO for writing waits for a reader, as a dead server would make it wait.
    assert.is(spawnSync("mkfifo", [file]).status, 0);
    const hung = await prober.probe(folder, QUICK, false);
    assert.is(hung.kind, "hung", JSON.stringify(hung));
    rmSync(file);
    const back = await eventually(
      async () => {
        const answer = await prober.probe(folder, PATIENT, false);
        return answer.kind === "written" ? answer : undefined;
      },
      { what: "a written answer" },
    );
    assert.is(back.kind, "written");
  }));

test("takes a prober that is not let run for nothing known", () =>
  inFolder(async (folder, prober) => {
    assert.is((await prober.probe(folder, PATIENT, false)).kind, "written");
    const [pid = 0] = shellsOf(folder);
    process.kill(pid, "SIGSTOP");
    const stopped = await prober.probe(folder, QUICK, false);
    assert.is(stopped.kind, "not-asked", JSON.stringify(stopped));
    assert.is((await prober.probe(folder, PATIENT, false)).kind, "written");
    const [next = 0] = shellsOf(folder);
    process.kill(next, "SIGKILL");
    const again = await eventually(
      async () => {
        const answer = await prober.probe(folder, PATIENT, false);
        return answer.kind === "written" ? answer : undefined;
      },
      { what: "a new shell" },
    );
    assert.is(again.kind, "written");
  }));

test.run();
