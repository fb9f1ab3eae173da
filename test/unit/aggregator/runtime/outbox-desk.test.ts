// Whether a request may go now: what is read again right before each attempt.
import { applyFenced, fencingHold, HEARD_LATELY } from "@herdbeat/aggregator/core/fencing";
import { newOutboxRow } from "@herdbeat/aggregator/core/outbox";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { OutboxDesk } from "@herdbeat/aggregator/runtime/outbox-desk";
import type { DestinationName, NodeId } from "@herdbeat/shared/ids";
import { shardOf } from "@herdbeat/shared/ids";
import { listeningMs, type MonotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("outbox-desk");
const NODE = "node-1" as NodeId;
const POLICY = { "host-down": { action: "recover", minGrade: 5 } } as const;
const WALL = 1_800_000_000_000;

/** A host that was fenced at 60 s on both clocks, and its request. */
function world(by: "device" | "operator" = "device") {
  const dead = aliveNode(POLICY);
  dead.kernel = "silent";
  dead.run(10_000);
  const [declared] = dead.state.incidents;
  assert.ok(declared);
  const now = { listening: listeningMs(60_000), wall: unixMs(WALL + 60_000) };
  const committed = {
    ...declared,
    phase: "committed" as const,
    requestedAction: "fence-and-resurrect" as const,
    hold: fencingHold(now),
  };
  const event = {
    kind: "fenced",
    incident: declared.id,
    outcome: "off",
    by: { kind: by, name: "bmc" },
    detail: "off",
    lastHeardAt: listeningMs(0),
  } as const;
  const state = {
    ...dead.state,
    health: { state: "committed" as const, since: now.listening },
    incidents: [committed],
  };
  const { config } = new NodeDriver(POLICY);
  const { incidents } = applyFenced(state, event, now, config);
  const [incident] = incidents;
  assert.ok(incident);
  const table = new NodeTable();
  const index = table.add({ ...state, incidents }, shardOf(NODE));
  const asked: boolean[] = [];
  const sim = {
    table,
    index,
    asked,
    at: 100_000,
    ended: new Map<string, unknown>(),
    outbox: new Map<string, unknown>(),
    forbidden: null as string | null,
    notOff: null as string | null,
    whileAsked: () => {},
    row: newOutboxRow({
      incident,
      transition: 3,
      destination: "nova" as DestinationName,
      kind: "request",
      body: "{}",
      at: now.wall,
    }),
    said: async () => {
      const check = await sim.desk.recheck(sim.row);
      if (check.kind === "send") return "send";
      const isPaged = check.kind === "supersede" && check.page;
      return `${check.kind}${isPaged ? " (paged)" : ""}: ${check.because}`;
    },
    desk: null as never as OutboxDesk,
  };
  sim.desk = new OutboxDesk({
    table,
    runners: new Map([[shardOf(NODE), { ended: sim.ended, outbox: sim.outbox } as never]]),
    clock: { now: () => sim.at as MonotonicMs },
    waitsBecause: () => null,
    fencing: {
      notOffBecause: (_state, needsOff) => {
        asked.push(needsOff);
        sim.whileAsked();
        return Promise.resolve(sim.notOff);
      },
      requestForbidden: () => sim.forbidden,
      isHeard: (node) => table.isHeardWithin(node, HEARD_LATELY, listeningMs(sim.at)),
    },
    onStale: () => {},
    onGenerationMismatch: () => {},
    onRowChanged: () => {},
    onRowGone: () => {},
  });
  return sim;
}

test("a request goes while its host is off, and is read again for an operator's word, too", async () => {
  for (const by of ["device", "operator"] as const) {
    const sim = world(by);
    assert.is(await sim.said(), "send");
    assert.equal(sim.asked, [by === "device"]);
    sim.notOff = "bmc says on";
    assert.is(await sim.said(), "wait: bmc says on");
  }
});

test("a request does not go when its node was heard after it was confirmed off", async () => {
  for (const by of ["device", "operator"] as const) {
    const sim = world(by);
    sim.table.lastHeardAt[sim.index] = 99_000;
    assert.match(await sim.said(), /^wait: its node was heard/);
    sim.at = 200_000;
    const state = sim.table.state(sim.index);
    const record = { ...state.record, lastSeenAt: unixMs(WALL + 99_000) };
    sim.table.put(sim.index, { ...state, record });
    assert.match(await sim.said(), /^wait: its node was heard/);
    assert.is(sim.asked.length, 0, "no device is asked about a host that speaks");
  }
});

test("a request of a host that is on again is given up, and paged, so that what follows can go", async () => {
  const sim = world();
  const state = sim.table.state(sim.index);
  const record = { ...state.record, lastSeenAt: unixMs(WALL + 99_000) };
  sim.table.put(sim.index, { ...state, record, lastHeardAt: listeningMs(99_000) });
  assert.match(await sim.said(), /^supersede \(paged\): its node was heard/);
});

test("what was committed under other rules waits under today's", async () => {
  const sim = world();
  sim.forbidden = "policy says notify for host-down now";
  assert.is(await sim.said(), "wait: policy says notify for host-down now");
});

test("a request whose incident is not known waits; only one that is over goes away", async () => {
  const sim = world();
  const state = sim.table.state(sim.index);
  sim.table.put(sim.index, { ...state, incidents: [] });
  assert.match(await sim.said(), /^wait: its incident is not known/);
  sim.table.remove(sim.index);
  assert.match(await sim.said(), /^wait: its incident is not known/);
  sim.ended.set(sim.row.incident, {});
  assert.is(await sim.said(), "supersede: the incident is over");
});

test("a request that waits long is told, as long as it does", async () => {
  const sim = world();
  sim.outbox.set(sim.row.rowId, sim.row);
  sim.notOff = "bmc says on";
  await sim.said();
  assert.equal(sim.desk.waiting(), [], "a reading or two is no news");
  sim.at += 60_000;
  await sim.said();
  assert.equal(
    sim.desk.waiting().map(({ node, because }) => [node, because]),
    [[NODE, "bmc says on"]],
  );
  sim.notOff = null;
  await sim.said();
  assert.equal(sim.desk.waiting(), []);
  sim.notOff = "bmc says on";
  await sim.said();
  sim.at += 60_000;
  sim.outbox.clear();
  assert.equal(sim.desk.waiting(), [], "what is not ours any more is nobody's notice here");
});

test("a node that is heard while its power is read holds its request", async () => {
  const sim = world();
  sim.whileAsked = () => {
    sim.table.lastHeardAt[sim.index] = sim.at;
  };
  assert.match(await sim.said(), /^wait: its node was heard/);
});

test.run();
