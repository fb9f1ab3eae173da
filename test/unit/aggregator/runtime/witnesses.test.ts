import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import * as assert from "uvu/assert";
import { makeWitnesses } from "../../../sim/witnesses.ts";
import { type SimAggregator, SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("witnesses");

/** A quiet minute and more, so that every witness has reached its nodes. */
async function world(agents: number): Promise<SimWorld> {
  const made = new SimWorld(7);
  await made.aggregator("agg-1");
  await made.run(2_000);
  made.addAgents(agents);
  makeWitnesses(made);
  await made.run(80_000);
  return made;
}

function aggregator(sim: SimWorld): SimAggregator {
  const one = sim.aggregators[0];
  assert.ok(one);
  return one;
}

function lastHeard(sim: SimWorld, node: string): number {
  const { table, turns } = aggregator(sim).engine;
  const index = table.indexOf(sim.agent(node).id);
  const silence = turns.now() - (table.lastHeardAt[index ?? -1] ?? Number.NaN);
  return sim.time.now - silence;
}

function gradeOf(row: OutboxRow | undefined): unknown {
  const body = JSON.parse(row?.body ?? "{}") as { incident?: { grade?: number } };
  return body.incident?.grade;
}

test("a silent death is declared between 2.0 and 2.4 s after the last heartbeat, with grade 1", async () => {
  const sim = await world(6);
  await sim.run(400);
  sim.agent("node-3").die();
  await sim.run(1_000);
  const heardAt = lastHeard(sim, "node-3");
  await sim.run(5_000);
  assert.equal(sim.delivered("host-down"), ["node-3"]);
  const after = (sim.effects[0]?.at ?? 0) - heardAt;
  assert.ok(after >= 2_000 && after <= 2_400, `after ${after} ms`);
  assert.is(gradeOf(sim.effects[0]?.row), 1);
});

test("a node that only we do not reach is isolated, never down, until it is dead indeed", async () => {
  const sim = await world(6);
  sim.agent("node-3").isolate();
  await sim.run(120_000);
  assert.equal(sim.delivered("host-down"), []);
  assert.equal(sim.delivered("host-isolated"), ["node-3"]);
  sim.agent("node-3").die();
  await sim.run(20_000);
  assert.equal(sim.delivered("host-down"), ["node-3"]);
});

test("nothing is ever declared on a quiet fleet of witnesses", async () => {
  const sim = await world(12);
  await sim.run(120_000);
  assert.equal(sim.effects, []);
});

test("our own stall of ten seconds declares nobody, and a death during it is found by all", async () => {
  const sim = await world(6);
  aggregator(sim).process.pause(10_000);
  await sim.run(3_000);
  sim.agent("node-5").die();
  await sim.run(20_000);
  assert.equal(sim.delivered("host-down"), ["node-5"]);
  assert.is(gradeOf(sim.effects[0]?.row), 1);
});

test("two of three silent nodes of a small fleet are declared without a second opinion in different racks", async () => {
  const sim = await world(3);
  sim.agent("node-1").die();
  sim.agent("node-2").die();
  await sim.run(10_000);
  assert.equal([...sim.delivered("host-down")].sort(), ["node-1", "node-2"]);
  assert.equal(
    sim.effects.map(({ row }) => gradeOf(row)),
    [0, 0],
  );
});

test.run();
