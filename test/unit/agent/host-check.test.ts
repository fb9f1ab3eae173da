import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadConfig } from "@herdbeat/agent/config";
import { checkHost, renderCheck } from "@herdbeat/agent/host-check";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("host-check");

async function rows(
  files: readonly string[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  return withTempDir("host", (root) => {
    for (const path of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), "0\n");
    }
    writeFileSync(join(root, "agent.yaml"), "insecure: true\naggregators: ['ws://127.0.0.1:1']\n");
    const config = loadConfig({ file: join(root, "agent.yaml"), environment: {}, flags: settings });
    const before = readdirSync(root, { recursive: true }).length;
    const text = renderCheck(checkHost(config, root));
    assert.is(readdirSync(root, { recursive: true }).length, before);
    return text.split("\n").map((row) => row.replace(/ +/g, " "));
  });
}

test("tells on one screen what an empty host lacks", async () => {
  const all = await rows([]);
  assert.ok(all.length <= 24, `${all.length} rows`);
  assert.ok(all[0]?.startsWith("lack kernel log"), all[0]);
  assert.ok(all.includes("no watchdog the host has no device"));
  assert.ok(all.at(-1)?.endsWith("2 of what should be watched cannot be"), all.at(-1));
});

test("tells what is there and what is missing", async () => {
  const all = await rows(
    [
      "/dev/kmsg",
      "/proc/pressure/memory",
      "/proc/net/bonding/bond0",
      "/proc/sys/kernel/hung_task_warnings",
      "/sys/class/net/bond0/mtu",
      "/sys/class/watchdog/watchdog0",
      "/run/libvirt/libvirt-sock",
    ],
    {
      networks: { admin: "bond0", storage: "eth9" },
      profiles: ["sbd"],
      storage: [{ name: "nova", path: "/x" }],
    },
  );
  assert.equal(
    all.filter((row) => row.startsWith("lack")),
    [
      "lack network roles no such interface: storage=eth9",
      "lack services systemd does not run; only by it: sbd",
      "lack hung tasks kernel.hung_task_warnings is 0: the kernel reports none",
    ],
  );
  for (const row of ["yes bonds bond0", "yes storage nova", "yes watchdog watchdog0"])
    assert.ok(all.includes(row), row);
});

test.run();
