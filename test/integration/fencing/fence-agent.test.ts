/** Real programs with the interface of fence agents: the adapter against good and bad ones. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FenceAgentDevice } from "@herdbeat/aggregator/adapters/fence-agent/fence-agent-device";
import type { NodeId } from "@herdbeat/shared/ids";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("fence-agent");
const FIXTURES = fileURLToPath(new URL("../../fixtures/fence-agents/", import.meta.url));
const NODE = "node-1" as NodeId;

interface Given {
  readonly agent: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly power?: "on" | "off";
}

/** A device whose plug is a file with the node's power. */
function withDevice(
  given: Given,
  use: (device: FenceAgentDevice, plug: string) => Promise<void>,
): Promise<void> {
  return withTempDir("fence", async (folder) => {
    const plug = join(folder, NODE);
    writeFileSync(plug, given.power ?? "on");
    const settings = {
      name: "bmc",
      program: given.agent.startsWith("/") ? given.agent : join(FIXTURES, given.agent),
      options: { plug: join(folder, "{node}"), ...given.options },
      secrets: given.secrets ?? {},
      nodes: ["node-*"],
      hostOption: "plug",
      hosts: {},
      timeout: durationMs(given.timeoutMs ?? 10_000),
    };
    await use(new FenceAgentDevice(settings, systemTimers), plug);
  });
}

const isLiving = (pid: number): boolean => existsSync(`/proc/${pid}/stat`) && !isZombie(pid);
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

test("tells the power, cuts it, and tells it again", () =>
  withDevice({ agent: "good" }, async (device, plug) => {
    assert.equal(await device.status(NODE), { kind: "on" });
    assert.equal(await device.off(NODE), { kind: "done" });
    assert.equal(await device.status(NODE), { kind: "off" });
    assert.is(readFileSync(plug, "utf8").trim(), "off");
  }));

test("a secret goes in on stdin, and is not on any command line or in any environment", () =>
  withDevice({ agent: "good", secrets: { password: "hunter2 = x" } }, async (device, plug) => {
    await device.status(NODE);
    assert.is(readFileSync(`${plug}.password`, "utf8"), "hunter2 = x");
  }));

test("compares options with what the agent says of itself", async () => {
  await withDevice({ agent: "good" }, async (device) => {
    assert.is((await device.check()).kind, "valid");
  });
  await withDevice({ agent: "good", options: { pulg: "1" } }, async (device) => {
    assert.equal(await device.check(), {
      kind: "invalid",
      problems: ["fixture has no option pulg, did you mean plug?"],
    });
  });
  for (const agent of ["garbage", "exits-two", "reads-nothing", "/nonexistent/fence_x"]) {
    await withDevice({ agent }, async (device) => {
      assert.is((await device.check()).kind, "invalid", agent);
    });
  }
});

for (const [agent, status, off] of [
  ["lies", "on", "done"],
  ["garbage", "unknown", "error"],
  ["exits-two", "unknown", "error"],
  ["contradicts", "unknown", "error"],
  ["reads-nothing", "error", "error"],
  ["refused", "unreachable", "unreachable"],
  ["/nonexistent/fence_x", "error", "error"],
] as const) {
  test(`${agent}: its power is ${status}, its order ${off}, and never more than that`, () =>
    withDevice({ agent, power: "off" }, async (device) => {
      assert.is((await device.status(NODE)).kind, status);
      assert.is((await device.off(NODE)).kind, off);
    }));
}

test("one that hangs is killed with everything that it started", () =>
  withDevice({ agent: "hangs", timeoutMs: 500 }, async (device, plug) => {
    const reading = await device.status(NODE);
    assert.is(reading.kind, "unreachable");
    const child = Number(readFileSync(`${plug}.child`, "utf8"));
    await eventually(() => !isLiving(child), { what: "the end of its child" });
  }));

test("one that leaves a child behind is answered at once, and the child ends", () =>
  withDevice({ agent: "leaves-a-child" }, async (device, plug) => {
    assert.equal(await device.status(NODE), { kind: "on" });
    const child = Number(readFileSync(`${plug}.child`, "utf8"));
    await eventually(() => !isLiving(child), { what: "the end of its child" });
  }));

test("one that floods is killed, and what it said counts for nothing", () =>
  withDevice({ agent: "floods", timeoutMs: 1_000 }, async (device) => {
    assert.is((await device.status(NODE)).kind, "unreachable");
  }));

test("a node that is not listed in hosts is not covered and never acted on", () =>
  withTempDir("fence", async (folder) => {
    const plug = join(folder, "outlet");
    writeFileSync(plug, "on");
    const device = new FenceAgentDevice(
      {
        name: "pdu",
        program: join(FIXTURES, "good"),
        options: {},
        secrets: {},
        nodes: ["*"],
        hostOption: "plug",
        hosts: { "node-1": plug },
        timeout: durationMs(10_000),
      },
      systemTimers,
    );
    const covers = (id: string): boolean =>
      device.covers({ id: id as NodeId, hostname: "", labels: {} });
    assert.ok(covers("node-1"));
    assert.not(covers("node-2"));
    assert.not(covers("constructor"));
    assert.is((await device.off("constructor" as NodeId)).kind, "error");
    assert.is((await device.off("node-2" as NodeId)).kind, "error");
    assert.is(readFileSync(plug, "utf8"), "on");
    assert.equal(await device.off(NODE), { kind: "done" });
    assert.is(readFileSync(plug, "utf8").trim(), "off");
  }));

test.run();
