// Whether a request may go now: what is read again right before each attempt.
import { applyFenced, fencingHold } from "@herdbeat/aggregator/core/fencing";
import { newOutboxRow } from "@herdbeat/aggregator/core/outbox";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { OutboxDesk } from "@herdbeat/aggregator/runtime/outbox-desk";
import type { DestinationName, NodeId } from "@herdbeat/shared/ids";
import { shardOf } from "@herdbeat/shared/ids";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
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
      return check.kind === "send" ? "send" : `${check.kind}: ${check.because}`;
    },
    desk: null as never as OutboxDesk,
  };
  sim.desk = new OutboxDesk({
    table,
    runners: new Map(),
    waitsBecause: () => null,
    notOffBecause: (_state, needsOff) => {
      asked.push(needsOff);
      sim.whileAsked();
      return Promise.resolve(sim.notOff);
    },
    listeningNow: () => listeningMs(sim.at),
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

test("a node that is heard while its power is read holds its request", async () => {
  const sim = world();
  sim.whileAsked = () => {
    sim.table.lastHeardAt[sim.index] = sim.at;
  };
  assert.match(await sim.said(), /^wait: its node was heard/);
});

test.run();
