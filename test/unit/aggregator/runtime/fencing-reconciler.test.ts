import { fencingHold } from "@herdbeat/aggregator/core/fencing";
import type { IncidentAction, IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { NodeEvent } from "@herdbeat/aggregator/core/node-state";
import { step } from "@herdbeat/aggregator/core/step";
import type { CommandOutcome } from "@herdbeat/aggregator/ports/fleet-view";
import { FencingReconciler, orderedWhileOn } from "@herdbeat/aggregator/runtime/fencing-reconciler";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { type FencingToken, type NodeId, type ShardId, shardOf } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { FakeFenceDevice } from "../../../support/fake-fence-device.ts";
import { aliveNode, NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("fencing-reconciler");
const WALL = unixMs(1_800_000_000_000);
const NODE = "node-1" as NodeId;
const POLICY = { "host-down": { action: "recover", minGrade: 5 } } as const;
const SHARD = shardOf(NODE);

interface Given {
  readonly actions?: readonly IncidentAction[];
  readonly token?: number;
  /** Whether the devices said on while the node was heard. */
  readonly isProven?: boolean;
}

/** One committed host in the memory of one owner; actions are durable at once unless `write` says so. */
function world(devices: readonly FakeFenceDevice[], given: Given = {}) {
  const time = new VirtualTime(WALL);
  const table = new NodeTable();
  const dead = aliveNode(POLICY);
  dead.kernel = "silent";
  dead.run(10_000);
  const [declared] = dead.state.incidents;
  assert.ok(declared);
  const now = { listening: listeningMs(20_000), wall: WALL };
  const index = table.add(
    {
      ...dead.state,
      lastHeardAt: listeningMs(0),
      health: { state: "committed", since: listeningMs(15_000) },
      incidents: [
        {
          ...declared,
          phase: "committed",
          requestedAction: "fence-and-resurrect",
          hold: fencingHold(now),
          actions: given.actions ?? [],
        },
      ],
    },
    SHARD,
  );
  const ownership = {
    aggregator: "agg-1",
    token: (given.token ?? 7) as FencingToken,
    shard: SHARD,
    generationId: "g",
  };
  const runner = { held: false, ownership, indexes: new Set([index]) } as never as {
    held: boolean;
    ownership: { token: FencingToken };
    indexes: Set<number>;
  };
  const runners = new Map<ShardId, never>([[SHARD, runner as never]]);
  const events: NodeEvent[] = [];
  const requests: number[] = [];
  const sim = {
    time,
    table,
    runner,
    events,
    requests,
    disarmed: null as string | null,
    forbidden: null as string | null,
    /** What the store says to a write of an action. */
    write: (): Promise<"done" | "refused"> => Promise.resolve("done"),
    incident: (): IncidentRecord => {
      const [incident] = table.state(index).incidents;
      assert.ok(incident);
      return incident;
    },
    hear: () => {
      table.lastHeardAt[index] = 20_000 + time.clock.now();
    },
    reconciler: null as never as FencingReconciler,
  };
  const change = async (
    id: string,
    make: (before: IncidentAction | undefined) => IncidentAction,
  ): Promise<CommandOutcome<IncidentAction>> => {
    if ((await sim.write()) === "refused") return { kind: "refused", why: "stale token" };
    const state = table.state(index);
    const incident = sim.incident();
    const before = incident.actions.find((one) => one.id === id);
    const value = make(before);
    const actions = [...incident.actions.filter((one) => one.id !== id), value];
    table.put(index, { ...state, incidents: [{ ...incident, actions }] });
    return { kind: "done", value };
  };
  sim.reconciler = new FencingReconciler({
    table,
    runners,
    forbiddenBecause: () => sim.forbidden,
    devicesOf: () => devices,
    isProven: () => given.isProven ?? true,
    commands: {
      addAction: (_incident, action) =>
        change(
          action.id ?? "",
          (before) =>
            before ?? { ...action, id: action.id ?? "", createdAt: WALL, updatedAt: WALL },
        ),
      updateAction: (_incident, id, patch) =>
        change(id, (before) => {
          assert.ok(before);
          return { ...before, ...patch };
        }),
    },
    self: "agg-1",
    clock: time.clock,
    timers: time.timers,
    random: { next: () => 0.5 } as never,
    logger: silentLogger,
    waitsBecause: () => sim.disarmed,
    listeningNow: () => listeningMs(20_000 + time.clock.now()),
    callMax: durationMs(10_000),
    post: (at, _node, event) => {
      events.push(event);
      const listening = listeningMs(20_000 + time.clock.now());
      const done = step(
        table.state(at),
        event,
        { listening, wall: WALL },
        new NodeDriver(POLICY).config,
      );
      table.put(at, done.state);
      for (const effect of done.effects)
        if (effect.kind === "transition" && effect.request) requests.push(effect.transition.grade);
      return true;
    },
  });
  sim.reconciler.start();
  return sim;
}

const orders = (device: FakeFenceDevice): number =>
  device.calls.filter((call) => call.startsWith("off")).length;

test("asks before, cuts, reads twice after, and then recovery is asked for once, with grade 5", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  await sim.time.advance(300_000);
  assert.equal(bmc.calls, [`status ${NODE}`, `off ${NODE}`, `status ${NODE}`, `status ${NODE}`]);
  assert.equal(sim.requests, [5]);
  assert.equal(
    sim.incident().actions.map((one) => [one.id, one.kind, one.state]),
    [["fence-7", "fence", "succeeded"]],
  );
});

test("what is off already needs no order, but is read again", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE], "off");
  const sim = world([bmc]);
  await sim.time.advance(60_000);
  assert.equal(bmc.calls, [`status ${NODE}`, `status ${NODE}`]);
  assert.equal(sim.requests, [5]);
});

test("an order that ended well proves nothing while the power is on", async () => {
  const lies = new FakeFenceDevice("lies", [NODE]);
  lies.works = false;
  const sim = world([lies]);
  await sim.time.advance(60_000);
  assert.equal(sim.requests, []);
  assert.is(sim.incident().hold?.reason, "fencing-unanswered");
  assert.is(sim.incident().grade, 0);
});

test("off of a device that never said on of this node proves nothing", async () => {
  const plug = new FakeFenceDevice("plug", [NODE], "off");
  const sim = world([plug], { isProven: false });
  await sim.time.advance(60_000);
  assert.is(orders(plug), 0, "nobody knows whose plug it is");
  assert.equal(sim.requests, []);
  assert.is(sim.incident().hold?.reason, "fencing-unanswered");
});

test("on before the order and off after it is proof enough, also for the owner that comes next", async () => {
  const left: IncidentAction = {
    id: "fence-7",
    kind: "fence",
    state: "running",
    progress: null,
    message: orderedWhileOn("bmc"),
    by: "agg-0",
    createdAt: WALL,
    updatedAt: WALL,
  };
  const alone = world([new FakeFenceDevice("bmc", [NODE])], { isProven: false });
  await alone.time.advance(60_000);
  assert.equal(alone.requests, [5]);
  assert.is(orderedWhileOn("bmc"), "bmc says on, and cuts its power");
  const cut = new FakeFenceDevice("bmc", [NODE], "off");
  const sim = world([cut], { actions: [left], token: 8, isProven: false });
  await sim.time.advance(60_000);
  assert.equal([sim.requests, orders(cut)], [[5], 0], "its predecessor cut it, and died");
});

test("one device that says off does not outweigh another that says on", async () => {
  const wrong = new FakeFenceDevice("wrong", [NODE], "off");
  const right = new FakeFenceDevice("right", [NODE]);
  right.works = false;
  const sim = world([wrong, right]);
  await sim.time.advance(60_000);
  assert.equal(sim.requests, []);
  assert.is(sim.incident().hold?.reason, "fencing-unanswered");
  assert.match(sim.incident().transitions.at(-1)?.message ?? "", /right says on/);
  right.works = true;
  await sim.time.advance(120_000);
  assert.equal(sim.requests, [5]);
});

test("two feeds are both cut, whichever of them is on", async () => {
  for (const [a, b] of [
    ["on", "on"],
    ["off", "on"],
    ["on", "off"],
  ] as const) {
    const left = new FakeFenceDevice("left", [NODE], a);
    const right = new FakeFenceDevice("right", [NODE], b);
    const sim = world([left, right]);
    await sim.time.advance(60_000);
    assert.equal([left.powers.get(NODE), right.powers.get(NODE)], ["off", "off"], `${a} ${b}`);
    assert.equal(sim.requests, [5]);
  }
});

test("two readings of one instant are one reading", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE], "off");
  const sim = world([bmc]);
  await sim.time.advance(900);
  assert.is(bmc.calls.length, 1);
  await sim.time.advance(1_000);
  assert.is(bmc.calls.length, 2);
});

test("the next device is tried when one cannot be reached, in order", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  bmc.says = { kind: "unreachable", detail: "timed out" };
  bmc.answersOff = { kind: "unreachable", detail: "timed out" };
  const pdu = new FakeFenceDevice("pdu", [NODE]);
  const sim = world([bmc, pdu]);
  await sim.time.advance(60_000);
  assert.is(orders(pdu), 1);
  assert.equal(sim.requests, [5]);
  assert.match(sim.incident().transitions.at(-1)?.message ?? "", /device pdu/);
});

test("a BMC that died with its host is a state with a name, and is tried again until it answers", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  bmc.says = { kind: "unreachable", detail: "timed out" };
  bmc.answersOff = { kind: "unreachable", detail: "timed out" };
  const sim = world([bmc]);
  await sim.time.advance(3_600_000);
  assert.is(sim.incident().hold?.reason, "fencing-unanswered");
  assert.equal(sim.requests, []);
  const tries = orders(bmc);
  assert.ok(tries > 10 && tries < 200, `${tries} tries in an hour`);
  bmc.says = null;
  bmc.answersOff = { kind: "done" };
  await sim.time.advance(120_000);
  assert.equal(sim.requests, [5]);
});

test("a device that calls a node off that is heard is not believed", async () => {
  const crossed = new FakeFenceDevice("crossed", [NODE]);
  const sim = world([crossed]);
  const beat = (): void => {
    sim.hear();
    sim.time.timers.after(durationMs(100), beat);
  };
  beat();
  await sim.time.advance(60_000);
  assert.equal(sim.requests, []);
  assert.match(sim.incident().actions[0]?.message ?? "", /still heard/);
});

test("nothing is cut while recovery is disarmed, and it is as soon as that is over", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  sim.disarmed = "disarmed by olga";
  await sim.time.advance(60_000);
  assert.equal(bmc.calls, []);
  sim.disarmed = null;
  await sim.time.advance(60_000);
  assert.equal(sim.requests, [5]);
});

test("what was committed under other rules is not cut under today's, not even after its write", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  sim.forbidden = "it is in shadow mode";
  await sim.time.advance(60_000);
  assert.equal(bmc.calls, []);
  sim.forbidden = null;
  bmc.gate = new Promise((done) => sim.time.timers.after(durationMs(5_000), done));
  await sim.time.advance(4_000);
  sim.forbidden = "its host has booted again and is heard";
  await sim.time.advance(30_000);
  assert.is(orders(bmc), 0);
  sim.forbidden = null;
  await sim.time.advance(60_000);
  assert.equal(sim.requests, [5]);
});

test("an owner whose write the store refuses gives no order", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  sim.write = () => Promise.resolve("refused");
  await sim.time.advance(60_000);
  assert.is(orders(bmc), 0);
  assert.equal(sim.requests, []);
});

test("an owner that was paused between its write and its order gives none", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  let writes = 0;
  sim.write = () => {
    writes += 1;
    if (writes !== 2) return Promise.resolve("done");
    return new Promise((done) => {
      sim.time.timers.after(durationMs(30_000), () => done("done"));
    });
  };
  await sim.time.advance(31_000);
  assert.is(orders(bmc), 0, "the answer is half a minute old");
  await sim.time.advance(60_000);
  assert.is(orders(bmc), 1, "it writes again before it does");
});

test("an owner that lost its shard meanwhile gives no order and tells nothing", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const sim = world([bmc]);
  bmc.gate = new Promise((done) => sim.time.timers.after(durationMs(5_000), done));
  await sim.time.advance(1_000);
  sim.runner.ownership.token = 8 as FencingToken;
  sim.runner.held = true;
  await sim.time.advance(60_000);
  assert.is(orders(bmc), 0);
  assert.equal(sim.events, []);
});

test("a new owner goes on, and not before its predecessor's call is over", async () => {
  const bmc = new FakeFenceDevice("bmc", [NODE]);
  const left: IncidentAction = {
    id: "fence-7",
    kind: "fence",
    state: "running",
    progress: null,
    message: "bmc cuts its power",
    by: "agg-0",
    createdAt: WALL,
    updatedAt: WALL,
  };
  const sim = world([bmc], { actions: [left], token: 8 });
  await sim.time.advance(14_000);
  assert.equal(bmc.calls, [], "a call of the other may last 10 s and begin 5 s after its write");
  await sim.time.advance(20_000);
  assert.is(orders(bmc), 1);
  assert.equal(sim.requests, [5]);
});

test.run();
