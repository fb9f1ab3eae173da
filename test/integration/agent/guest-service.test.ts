// The guest service under every shell that this machine has, with a file in place of the virtio port.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseBeat } from "@herdbeat/agent/core/guest-silence";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess, withProcess } from "../../support/processes.ts";
import { hasCommand } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("guest-service");

const SERVICE = fileURLToPath(new URL("../../../agent/guest/herdbeat-guest", import.meta.url));
const SHELLS = [["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(([name = ""]) =>
  hasCommand(name),
);
const wait = { withinMs: 15_000 };

function startService(shell: readonly string[], folder: string): TrackedProcess {
  const [command = "sh", ...args] = shell;
  writeFileSync(join(folder, "port"), "");
  return startProcess(command, [...args, SERVICE], {
    env: {
      PATH: process.env["PATH"],
      TMPDIR: folder,
      HERDBEAT_GUEST_PORT_PATH: join(folder, "port"),
      HERDBEAT_GUEST_CHECKS_DIR: join(folder, "checks"),
      HERDBEAT_GUEST_CHECK_INTERVAL: "1",
      HERDBEAT_GUEST_CHECK_DEADLINE: "1",
    },
  });
}

function linesIn(folder: string): readonly string[] {
  return readFileSync(join(folder, "port"), "latin1").split("\n").slice(0, -1);
}

for (const shell of SHELLS) {
  test(`beats under ${shell.join(" ")} and says goodbye`, async () => {
    await withTempDir("guest-service", async (folder) => {
      await withProcess(startService(shell, folder), async (service) => {
        await eventually(() => linesIn(folder).length >= 2, wait);
        process.kill(service.pid, "SIGTERM");
        await service.ended;
        const beats = linesIn(folder).map(parseBeat);
        assert.ok(
          beats.every((beat) => beat !== undefined),
          linesIn(folder).join("; "),
        );
        assert.equal(beats.at(0), { kind: "ok" });
        assert.equal(beats.at(-1), { kind: "bye" });
        assert.match(linesIn(folder).at(1) ?? "", /^HB1 2 /);
      });
    });
  });

  test(`reports failed and endless checks under ${shell.join(" ")}`, async () => {
    await withTempDir("guest-service", async (folder) => {
      const checks = join(folder, "checks");
      mkdirSync(checks);
      const add = (name: string, body: string, mode = 0o755): void => {
        writeFileSync(join(checks, name), `#!/bin/sh\n${body}\n`);
        chmodSync(join(checks, name), mode);
      };
      add("disk", "exit 3");
      add("endless", "sleep 600");
      add("fine", "exit 0");
      add("not-executable", "exit 1", 0o644);
      add("bad name", "exit 1");
      await withProcess(startService(shell, folder), async () => {
        const last = (): string => linesIn(folder).at(-1) ?? "";
        await eventually(() => last().endsWith(" fail disk,endless"), wait);
        add("disk", "exit 0");
        add("endless", "exit 0");
        await eventually(() => last().endsWith(" ok"), wait);
      });
    });
  });
}

test.run();
