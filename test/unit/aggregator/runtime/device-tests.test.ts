import type { NodeState } from "@herdbeat/aggregator/core/node-state";
import { DeviceTests, targetOf } from "@herdbeat/aggregator/runtime/device-tests";
import { newNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { type NodeId, type ShardId, shardOf } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { FakeFenceDevice } from "../../../support/fake-fence-device.ts";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("device-tests");
const WALL = unixMs(1_800_000_000_000);
const MINUTE = 60_000;

function world(devices: readonly FakeFenceDevice[], nodes: readonly string[], concurrency = 2) {
  const time = new VirtualTime(WALL);
  const table = new NodeTable();
  const runners = new Map<ShardId, { held: boolean }>();
  for (const name of nodes) {
    const id = name as NodeId;
    const state = newNodeState(id, listeningMs(0), WALL, false);
    const index = table.add(state, shardOf(id));
    table.put(index, { ...state, health: { state: "alive" } });
    runners.set(shardOf(id), { held: false });
  }
  const tests = new DeviceTests({
    devices,
    table,
    runners,
    clock: time.clock,
    timers: time.timers,
    logger: silentLogger,
    metrics: silentMetrics,
    settings: {
      interval: durationMs(10 * MINUTE),
      testedWithin: durationMs(30 * MINUTE),
      concurrency,
    },
    onChange: () => {},
    listeningNow: () => listeningMs(time.clock.now()),
  });
  const stateOf = (name: string): NodeState => table.state(table.indexOf(name as NodeId) ?? -1);
  return {
    time,
    table,
    runners,
    tests,
    stateOf,
    usable: (name: string) => tests.usableOf(targetOf(stateOf(name))).map((device) => device.name),
    can: (name: string) => tests.canFence(targetOf(stateOf(name))),
    view: (name: string) => tests.viewOf(targetOf(stateOf(name))),
    health: (name: string, health: NodeState["health"]) =>
      table.put(table.indexOf(name as NodeId) ?? -1, { ...stateOf(name), health }),
  };
}

test("a device counts for a node once it told its power, and no longer than that holds", async () => {
  const bmc = new FakeFenceDevice("bmc", ["node-1", "node-2"]);
  const sim = world([bmc], ["node-1", "node-2", "node-3"]);
  assert.not(sim.can("node-1"), "nothing was asked yet");
  assert.equal(sim.tests.unfenceable(), ["node-3"]);
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.equal(
    ["node-1", "node-2", "node-3"].map((name) => sim.can(name)),
    [true, true, false],
  );
  assert.is(sim.view("node-1")[0]?.state, "tested");
  bmc.gate = new Promise(() => {});
  await sim.time.advance(31 * MINUTE);
  assert.not(sim.can("node-1"), "an hour-old test proves nothing");
  assert.is(sim.view("node-1")[0]?.state, "untested");
  sim.tests.stop();
});

test("a device that does not answer, or whose options are wrong, fences nobody", async () => {
  const mute = new FakeFenceDevice("mute", ["node-1"]);
  mute.says = { kind: "unreachable", detail: "no answer" };
  const wrong = new FakeFenceDevice("wrong", ["node-2"]);
  wrong.validity = { kind: "invalid", problems: ["no option pulg, did you mean plug?"] };
  const sim = world([mute, wrong], ["node-1", "node-2"]);
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.equal(sim.tests.unfenceable(), ["node-1", "node-2"]);
  assert.is(sim.view("node-1")[0]?.detail, "unreachable: no answer");
  assert.is(sim.view("node-2")[0]?.detail, "no option pulg, did you mean plug?");
  assert.equal(wrong.calls, [], "nothing is asked with options that are known to be wrong");
  mute.says = null;
  wrong.validity = new FakeFenceDevice("x", []).validity;
  await sim.time.advance(22 * MINUTE);
  assert.equal(sim.tests.unfenceable(), []);
  sim.tests.stop();
});

test("a device that calls a living node off cuts somebody else's power", async () => {
  const crossed = new FakeFenceDevice("crossed", ["node-1"], "off");
  const sim = world([crossed], ["node-1"]);
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.not(sim.can("node-1"));
  assert.match(sim.view("node-1")[0]?.detail ?? "", /alive/);
  assert.equal(sim.usable("node-1"), []);
  sim.health("node-1", { state: "declared", since: listeningMs(0) });
  await sim.time.advance(11 * MINUTE);
  assert.not(sim.can("node-1"), "it goes on to be somebody else's when the node is not heard");
  crossed.powers.set("node-1", "on");
  await sim.time.advance(11 * MINUTE);
  assert.not(sim.can("node-1"), "that somebody's power is on says nothing either");
  assert.not(sim.tests.isProven("node-1" as NodeId, "crossed"));
  sim.health("node-1", { state: "alive" });
  await sim.time.advance(11 * MINUTE);
  assert.ok(sim.can("node-1"), "on while the node is heard");
  assert.equal(sim.usable("node-1"), ["crossed"]);
  sim.tests.stop();
});

test("off counts only of a device that said on while the node was heard", async () => {
  const bmc = new FakeFenceDevice("bmc", ["node-1"], "off");
  const sim = world([bmc], ["node-1"]);
  sim.health("node-1", { state: "awaited", since: listeningMs(0), afterStoreLoss: false });
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.not(sim.can("node-1"), "whose plug it is, a new owner does not know");
  assert.match(sim.view("node-1")[0]?.detail ?? "", /never said on/);
  bmc.powers.set("node-1", "on");
  await sim.time.advance(11 * MINUTE);
  assert.ok(sim.can("node-1"), "it can be told to cut what is on");
  assert.not(sim.tests.isProven("node-1" as NodeId, "bmc"), "but nobody was heard meanwhile");
  bmc.powers.set("node-1", "off");
  await sim.time.advance(11 * MINUTE);
  assert.not(sim.can("node-1"));
  bmc.powers.set("node-1", "on");
  sim.health("node-1", { state: "alive" });
  await sim.time.advance(11 * MINUTE);
  bmc.powers.set("node-1", "off");
  sim.health("node-1", { state: "declared", since: listeningMs(0) });
  await sim.time.advance(11 * MINUTE);
  assert.ok(sim.can("node-1"), "this device is its own");
  assert.ok(sim.tests.isProven("node-1" as NodeId, "bmc"));
  sim.tests.stop();
});

test("a host whose kernel answers is alive, whatever its agent does", async () => {
  for (const state of ["agent-down", "agent-stalled", "left"] as const) {
    const crossed = new FakeFenceDevice("crossed", ["node-1"], "off");
    const sim = world([crossed], ["node-1"]);
    const lastAnswerAt = listeningMs(0);
    const more = { since: lastAnswerAt, cause: "silence", wholeHost: true } as const;
    sim.health("node-1", { state, lastAnswerAt, ...more } as NodeState["health"]);
    sim.tests.start();
    await sim.time.advance(9_000);
    assert.equal(sim.usable("node-1"), [], state);
    sim.tests.stop();
  }
});

test("one node's second device is enough, and the order is kept", async () => {
  const first = new FakeFenceDevice("first", ["node-1"]);
  first.says = { kind: "error", detail: "wrong password" };
  const second = new FakeFenceDevice("second", ["node-1"]);
  const sim = world([first, second], ["node-1"]);
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.ok(sim.can("node-1"));
  assert.equal(
    sim.view("node-1").map((one) => [one.device, one.state]),
    [
      ["first", "failed"],
      ["second", "tested"],
    ],
  );
  sim.tests.stop();
});

test("never asks more at once than it may, and every node in the end", async () => {
  const nodes = Array.from({ length: 40 }, (_, index) => `node-${index}`);
  const bmc = new FakeFenceDevice("bmc", nodes);
  const sim = world([bmc], nodes, 3);
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.is(bmc.underWayMax, 3);
  assert.is(new Set(bmc.calls).size, 40);
  assert.is(bmc.calls.length, 40, "each once within the interval");
  sim.tests.stop();
});

test("asks nothing of nodes in a shard that is on hold", async () => {
  const bmc = new FakeFenceDevice("bmc", ["node-1"]);
  const sim = world([bmc], ["node-1"]);
  for (const runner of sim.runners.values()) runner.held = true;
  sim.tests.start();
  await sim.time.advance(MINUTE);
  assert.equal(bmc.calls, []);
  sim.tests.stop();
});

test.run();
