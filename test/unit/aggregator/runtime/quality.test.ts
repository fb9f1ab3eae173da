import type { QualityView } from "@herdbeat/aggregator/ports/fleet-view";
import type { AggregatorId, NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("quality kept by the aggregator");

async function world(agents = 10): Promise<SimWorld> {
  const made = new SimWorld(7);
  await made.aggregator("agg-1");
  await made.run(2_000);
  made.addAgents(agents);
  await made.run(80_000);
  return made;
}

async function quality(sim: SimWorld, index = 0): Promise<QualityView> {
  const aggregator = sim.living[index];
  assert.ok(aggregator);
  return aggregator.engine.view.quality();
}

test("a quiet fleet: every node observed all the time, no mistake", async () => {
  const sim = await world();
  await sim.run(60_000);
  const { fleet, prediction, countedBy, isComplete } = await quality(sim);
  assert.ok(fleet.observedHours * 3_600 > 10 * 138, `${fleet.observedHours * 3_600} s`);
  assert.ok(fleet.observedHours * 3_600 < 10 * 141);
  assert.is(fleet.suspicion.mistakes, 0);
  assert.is(fleet.suspicion.accuracy.value, 1);
  assert.is(prediction.jitterMs !== null && prediction.jitterMs < 200, true);
  assert.equal([countedBy, isComplete], [["agg-1"], true]);
});

test("an agent that stalls is a wrong suspicion of its host, of its node and of nobody else", async () => {
  const sim = await world();
  sim.agent("node-3").process.pause(4_000);
  await sim.run(10_000);
  const { fleet, shards } = await quality(sim);
  assert.is(fleet.suspicion.mistakes, 1);
  assert.is(fleet.declaration.mistakes, 0);
  assert.is(shards.filter(({ figures }) => figures.suspicion.mistakes > 0).length, 1);
  const view = sim.aggregators[0]?.engine.view;
  const of = (id: string): number => {
    const outcome = view?.nodeQuality(id as NodeId);
    return outcome?.kind === "done" ? outcome.value.suspicion.mistakes : -1;
  };
  assert.equal([of("node-3"), of("node-4"), of("node-99")], [1, 0, -1]);
});

test("a declaration that comes back with the same boot is a mistake with its duration", async () => {
  const sim = await world();
  const { paths } = sim.agent("node-5");
  const cut = { aggregator: null, direction: "both", blocked: true, loss: 0 } as const;
  const fault = { ...cut, delayMs: 0, duplicates: 0 };
  paths.add(fault);
  await sim.run(20_000);
  assert.is((await quality(sim)).fleet.declaration.mistakes, 0);
  paths.remove(fault, sim.time.now);
  await sim.run(30_000);
  const { declaration, suspicion } = (await quality(sim)).fleet;
  assert.equal([declaration.mistakes, suspicion.mistakes], [1, 1]);
  assert.ok((declaration.maxMs ?? 0) > 15_000 && (suspicion.maxMs ?? 0) > (declaration.maxMs ?? 0));
});

test("a death counts when another boot has proven it, with the time it took", async () => {
  const sim = await world();
  sim.agent("node-5").die();
  await sim.run(10_000);
  assert.is((await quality(sim)).fleet.deaths.count, 0);
  sim.agent("node-5").boot();
  await sim.run(10_000);
  const { fleet, prediction } = await quality(sim);
  assert.is(fleet.deaths.count, 1);
  assert.is(fleet.declaration.mistakes, 0);
  const took = fleet.deaths.maxMs ?? 0;
  assert.ok(took <= prediction.alone.toMs && took >= 3_000, `${took} of ${prediction.alone.toMs}`);
});

test("counts survive the process, and others show them", async () => {
  const sim = await world();
  sim.agent("node-3").process.pause(4_000);
  await sim.run(80_000);
  sim.aggregators[0]?.kill();
  await sim.aggregator("agg-2");
  await sim.run(80_000);
  const both = await quality(sim);
  assert.equal(both.countedBy, ["agg-1", "agg-2"]);
  assert.is(both.fleet.suspicion.mistakes, 1);
  await sim.aggregator("agg-1");
  await sim.run(80_000);
  assert.is((await quality(sim, 1)).fleet.suspicion.mistakes, 1);
  sim.database.qualities.clear();
  await sim.run(80_000);
  assert.is((await quality(sim, 0)).fleet.suspicion.mistakes, 1, "written again after a wipe");
});

test("without the store the own counts are shown and said to be incomplete", async () => {
  const sim = await world();
  sim.database.fateOf = () => "not-applied";
  const { isComplete, countedBy } = await quality(sim);
  assert.equal([isComplete, countedBy], [false, ["agg-1" as AggregatorId]]);
});

test.run();
