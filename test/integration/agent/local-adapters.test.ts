// The agent's small adapters against the real file system, /proc and sockets.
import { execFileSync } from "node:child_process";
import { mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { BlackBoxFile } from "@herdbeat/agent/adapters/black-box/black-box-file";
import { KmsgKernelLog } from "@herdbeat/agent/adapters/kmsg/kernel-log";
import { JsonLines } from "@herdbeat/agent/adapters/log/json-lines";
import { ProcfsProcessTable } from "@herdbeat/agent/adapters/procfs/process-table";
import { LocalServiceChecks } from "@herdbeat/agent/adapters/service-check/checks";
import { StateFile } from "@herdbeat/agent/adapters/state-file/state-file";
import { SysfsWatchdogs } from "@herdbeat/agent/adapters/sysfs/watchdogs";
import { SystemdUnits } from "@herdbeat/agent/adapters/systemd/unit-states";
import {
  createSupervisor,
  socketAddress,
  watchdogInterval,
} from "@herdbeat/agent/adapters/systemd-notify/notifier";
import type { PastRecord } from "@herdbeat/agent/core/past";
import type { AgentState } from "@herdbeat/agent/ports/state-store";
import type { BootId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, withProcess } from "../../support/processes.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("local-adapters");

const STATE: AgentState = {
  incarnation: 5 as Incarnation,
  sessionEpoch: 2 as SessionEpoch,
  lastTransition: 256,
  bootId: "b" as BootId,
};

test("keeps the newest state of many saves, and puts a damaged file aside", () =>
  withTempDir("state", async (folder) => {
    const file = new StateFile(folder);
    assert.equal(file.load(), { state: null, damaged: null });
    const saves = Array.from({ length: 20 }, (_, index) =>
      file.save({ ...STATE, lastTransition: index }),
    );
    await Promise.all(saves);
    assert.equal(new StateFile(folder).load(), {
      state: { ...STATE, lastTransition: 19 },
      damaged: null,
    });
    assert.is(statSync(join(folder, "agent-state.json")).mode & 0o777, 0o600);
    const path = join(folder, "agent-state.json");
    for (const text of ["", "{", "null", "[]", '{"format":1}', '{"format":1,"incarnation":-1}']) {
      writeFileSync(path, text);
      assert.equal(new StateFile(folder).load(), { state: null, damaged: `${path}.damaged` });
    }
  }));

test("rejects a save that the disk refuses, and saves again later", () =>
  withTempDir("state", async (folder) => {
    const file = new StateFile(folder);
    mkdirSync(join(folder, "agent-state.json.new"));
    let code = "";
    await file.save(STATE).catch((error: { code: string }) => {
      code = error.code;
    });
    assert.is(code, "HB_INTERNAL");
  }));

function record(index: number): PastRecord {
  const uptime = durationMs(index);
  return {
    kind: "pulse",
    bootId: "b",
    uptime,
    wallAt: unixMs(index),
    lag: durationMs(0),
    text: "x".repeat(400),
  };
}

test("keeps the last records in two bounded files, and leaves torn lines out", () =>
  withTempDir("box", async (folder) => {
    const box = new BlackBoxFile(folder, silentLogger);
    box.load();
    for (let index = 0; index < 2_000; index++) {
      box.write(record(index));
      await box.flush(durationMs(1_000));
    }
    const sizes = [0, 1].map((index) => statSync(join(folder, `black-box.${index}.jsonl`)).size);
    assert.ok(
      sizes.every((size) => size <= 257 * 1_024),
      sizes.join(" "),
    );
    writeFileSync(join(folder, "black-box.0.jsonl"), '{"kind":"pul', { flag: "a" });
    const read = new BlackBoxFile(folder, silentLogger).load();
    assert.is(read.at(-1)?.uptime, 1_999);
    assert.ok(read.length > 500);
  }));

test("drops and counts records while the disk is busy", () =>
  withTempDir("box", async (folder) => {
    const box = new BlackBoxFile(folder, silentLogger);
    for (let index = 0; index < 100; index++) box.write(record(index));
    assert.ok(box.dropped() > 50);
    await box.flush(durationMs(5_000));
  }));

test("identifies processes by program and start, not zombies and not absent ones", () => {
  const table = new ProcfsProcessTable();
  const self = table.identify(process.pid);
  assert.is(self?.executable, process.execPath);
  assert.ok((self?.startTicks ?? 0) > 0);
  assert.ok(table.findByExecutable(process.execPath).some(({ pid }) => pid === process.pid));
  assert.is(table.identify(4_194_304), null);
});

test("reads pid files, and nothing else as one", () =>
  withTempDir("pid", async (folder) => {
    const table = new ProcfsProcessTable();
    const path = join(folder, "x.pid");
    assert.is(await table.readPidFile(path), null);
    for (const [text, expected] of [
      ["123\n", 123],
      ["", null],
      ["-1", null],
      ["1", null],
      ["12x", null],
      ["9".repeat(50), null],
    ] as const) {
      writeFileSync(path, text);
      assert.is(await table.readPidFile(path), expected);
    }
  }));

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

test("tells answered, refused, wrong and hung services apart", async () => {
  const checks = new LocalServiceChecks(systemClock);
  const timeout = durationMs(300);
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  const web = createHttpServer((request, response) => {
    response.statusCode = request.url === "/ill" ? 503 : 200;
    response.end();
  }).listen(0, "127.0.0.1");
  try {
    await eventually(() => silent.listening && web.listening);
    const outcome = async (check: Parameters<LocalServiceChecks["run"]>[0]): Promise<string> =>
      (await checks.run(check, null)).outcome;
    assert.is(
      await outcome({ kind: "http", url: `http://127.0.0.1:${portOf(web)}/`, timeout }),
      "answered",
    );
    assert.is(
      await outcome({ kind: "http", url: `http://127.0.0.1:${portOf(web)}/ill`, timeout }),
      "wrong-answer",
    );
    assert.is(
      await outcome({ kind: "http", url: `http://127.0.0.1:${portOf(silent)}/`, timeout }),
      "timeout",
    );
    assert.is(
      await outcome({ kind: "tcp", address: `127.0.0.1:${portOf(silent)}`, timeout }),
      "answered",
    );
    assert.is(await outcome({ kind: "tcp", address: "127.0.0.1:1", timeout }), "refused");
    assert.is(await outcome({ kind: "unix", path: "/nonexistent", timeout }), "refused");
  } finally {
    silent.close();
    web.closeAllConnections();
    web.close();
  }
});

test("kills a service manager that does not answer", () =>
  withTempDir("systemctl", async (folder) => {
    const command = join(folder, "systemctl");
    writeFileSync(command, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
    const units = new SystemdUnits(command, folder);
    const startedAt = performance.now();
    let code = "";
    await units.show(["a.service"], durationMs(200)).catch((error: { code: string }) => {
      code = error.code;
    });
    console.log(`hung systemctl given up after ${(performance.now() - startedAt).toFixed(0)} ms`);
    assert.is(code, "HB_PROBE_FAILED");
    assert.is(await units.isHostStopping(durationMs(200)), false);
    writeFileSync(command, "#!/bin/sh\necho stopping\nexit 1\n", { mode: 0o755 });
    assert.is(await units.isHostStopping(durationMs(2_000)), true);
  }));

test("reads a control group's population from the kernel", () =>
  withTempDir("cgroup", (folder) => {
    writeFileSync(join(folder, "cgroup.controllers"), "");
    mkdirSync(join(folder, "a.service"));
    const units = new SystemdUnits("systemctl", folder, [folder]);
    writeFileSync(join(folder, "a.service", "cgroup.events"), "populated 1\nfrozen 0\n");
    assert.is(units.isPopulated("/a.service"), true);
    writeFileSync(join(folder, "a.service", "cgroup.events"), "populated 0\nfrozen 0\n");
    assert.is(units.isPopulated("/a.service"), false);
    assert.is(units.isPopulated("/gone.service"), false);
    assert.is(
      new SystemdUnits("systemctl", folder, ["/nonexistent"]).isPopulated("/a.service"),
      null,
    );
  }));

test("observes watchdogs without ever opening one", () =>
  withTempDir("watchdog", async (folder) => {
    assert.equal(await new SysfsWatchdogs(join(folder, "none")).list(), []);
    const device = join(folder, "watchdog0");
    mkdirSync(device);
    for (const [name, text] of [
      ["identity", "iTCO_wdt"],
      ["state", "active"],
      ["timeout", "30"],
      ["bootstatus", "32"],
    ]) {
      writeFileSync(join(device, name ?? ""), `${text}\n`);
    }
    assert.equal(await new SysfsWatchdogs(folder).list(), [
      {
        name: "watchdog0",
        identity: "iTCO_wdt",
        isActive: true,
        timeoutSeconds: 30,
        timeLeftSeconds: null,
        bootStatus: 32,
        noWayOut: false,
      },
    ]);
  }));

test("says why the kernel log cannot be read, instead of finding it empty", () => {
  const log = new KmsgKernelLog(() => null, "/nonexistent/kmsg");
  assert.equal(log.read(10), []);
  assert.is(log.unavailable(), "/nonexistent/kmsg: ENOENT");
});

test("never waits for its log: a reader that stopped costs lines, not time", () =>
  withTempDir("log", async (folder) => {
    const path = join(folder, "log");
    execFileSync("mkfifo", [path]);
    const lines = new JsonLines({
      level: "info",
      isJournal: true,
      clock: systemClock,
      descriptor: openSync(path, "r+"),
    });
    const logger = lines.logger();
    const startedAt = performance.now();
    for (let line = 0; line < 5_000; line++) logger.info("x".repeat(200), { line });
    console.log(`5,000 lines into a full pipe: ${(performance.now() - startedAt).toFixed(0)} ms`);
    assert.is(await lines.flush(50), false);
    // Empties the pipe, so that the write that hangs can end and with it this process.
    const reader = openSync(path, "r");
    await eventually(async () => {
      drain(reader);
      return lines.flush(10);
    });
  }));

/** Empties a pipe as far as it is filled. */
function drain(descriptor: number): void {
  const path = `/proc/${process.pid}/fd/${descriptor}`;
  execFileSync("sh", ["-c", 'timeout 0.2 cat < "$1" > /dev/null || true', "sh", path]);
}

/** Prints each datagram of a Unix socket on a line; Node itself has no such sockets. */
const RECEIVER = `
  use Socket; $| = 1;
  socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, pack_sockaddr_un($ARGV[0])) or die;
  print "bound\\n";
  while (defined recv(S, my $text, 4096, 0)) { $text =~ tr/\\n/ /; print "[$text]\\n"; }
`;

for (const kind of ["path", "abstract name"] as const) {
  test(`notifies systemd through a socket with a ${kind}`, () =>
    withTempDir("notify", async (folder) => {
      const path = join(folder, "notify");
      const name = kind === "path" ? path : `@${path}`;
      // An argument cannot hold a zero byte.
      const script = kind === "path" ? RECEIVER : RECEIVER.replace("$ARGV[0]", '"\\0$ARGV[0]"');
      await withProcess(startProcess("perl", ["-e", script, path]), async (receiver) => {
        await eventually(() => receiver.output().includes("bound"));
        const supervisor = createSupervisor(
          { NOTIFY_SOCKET: name, WATCHDOG_USEC: "30000000" },
          process.pid,
          systemClock,
          silentLogger,
        );
        supervisor.ready();
        supervisor.alive();
        supervisor.alive();
        supervisor.stopping();
        await eventually(() => receiver.output().includes("STOPPING"));
        assert.equal(receiver.output().trim().split("\n").slice(1), [
          "[READY=1 STATUS=watching]",
          "[WATCHDOG=1]",
          "[STOPPING=1]",
        ]);
      });
    }));
}

test("makes socket addresses of paths and abstract names", () => {
  assert.equal([...socketAddress("/a")], [1, 0, 47, 97, 0]);
  assert.equal([...socketAddress("@a")], [1, 0, 0, 97]);
  assert.throws(() => socketAddress("a"));
  assert.throws(() => socketAddress(`/${"a".repeat(200)}`));
});

test("pings a third of the watchdog's time, and only its own", () => {
  assert.is(watchdogInterval({ WATCHDOG_USEC: "30000000" }, 5), 10_000);
  assert.is(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "5" }, 5), 10_000);
  assert.is(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "6" }, 5), null);
  for (const text of ["", "0", "-1", "x"])
    assert.is(watchdogInterval({ WATCHDOG_USEC: text }, 5), null);
  assert.is(watchdogInterval({}, 5), null);
});

test.run();
