// A veth pair in a network namespace: carrier is lost when its other end goes down.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess, withProcess } from "../../support/processes.ts";
import { canMakeNamespaces, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const test = suite("network-link");
const inNamespace = onlyWith(test, "needs-netns", canMakeNamespaces());
const WATCH = fileURLToPath(new URL("../../support/link-watch.ts", import.meta.url));
const NAMESPACE = `herdbeat-link-${process.pid}`;
const ROUNDS = 10;

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  assert.is(status, 0, `ip ${args.join(" ")}: ${stderr}`);
}

/** When the last line of this kind was printed, on the machine's monotonic clock. */
async function seen(watch: TrackedProcess, reason: string, count: number): Promise<bigint> {
  const lines = await eventually(
    () => {
      const all = watch
        .output()
        .split("\n")
        .filter((line) => line.endsWith(`watched0 ${reason}`));
      return all.length >= count ? all : undefined;
    },
    { what: `${reason} number ${count}`, everyMs: 5 },
  );
  return BigInt(lines[count - 1]?.split(" ")[0] ?? "0");
}

for (const how of ["events", "poll"] as const)
  inNamespace(`turns a lost carrier into a condition, and back, by ${how}`, () => cutAgain(how));

async function cutAgain(how: "events" | "poll"): Promise<void> {
  ip("netns", "add", NAMESPACE);
  try {
    ip("-n", NAMESPACE, "link", "add", "watched0", "type", "veth", "peer", "name", "other0");
    ip("-n", NAMESPACE, "link", "set", "watched0", "up");
    ip("-n", NAMESPACE, "link", "set", "other0", "up");
    const args = [
      "netns",
      "exec",
      NAMESPACE,
      process.execPath,
      ...process.execArgv,
      WATCH,
      "watched0",
      how,
    ];
    await withProcess(startProcess("ip", args), async (watch) => {
      await eventually(() => watch.output().includes("watching"), {
        what: "the watch",
        withinMs: 15_000,
      });
      assert.match(watch.output(), "watched0 ok CarrierPresent");
      const delays: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        const cutAt = process.hrtime.bigint();
        ip("-n", NAMESPACE, "link", "set", "other0", "down");
        const lostAt = await seen(watch, "problem CarrierLost", round);
        delays.push(Number(lostAt - cutAt) / 1e6);
        ip("-n", NAMESPACE, "link", "set", "other0", "up");
        // The fifth loss within ten minutes makes the link degraded; carrier alone would be ok.
        await eventually(() =>
          /ok CarrierPresent|CarrierFlapping/.test(watch.output().split("\n").at(-2) ?? ""),
        );
      }
      delays.sort((a, b) => a - b);
      console.log(
        `carrier loss to condition by ${how}, ms: ${delays.map((delay) => delay.toFixed(0)).join(" ")}`,
      );
      assert.is(delays.length, ROUNDS);
      assert.match(watch.output(), "problem CarrierFlapping");

      ip("-n", NAMESPACE, "link", "set", "watched0", "down");
      await seen(watch, "problem AdministrativelyDown", 1);
      ip("-n", NAMESPACE, "link", "del", "watched0");
      await seen(watch, "problem InterfaceMissing", 1);
    });
  } finally {
    spawnSync("ip", ["netns", "del", NAMESPACE]);
  }
}

test.run();
