import type { DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import type { CommandOutcome } from "@herdbeat/aggregator/ports/fleet-view";
import type { NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type SimAggregator, SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("drills");
const RECOVER = { "host-down": { action: "recover", minGrade: 0 } } as const;

async function world(agents = 6): Promise<SimWorld> {
  const made = new SimWorld(7);
  await made.aggregator("agg-1", RECOVER);
  await made.run(2_000);
  made.addAgents(agents);
  await made.run(80_000);
  return made;
}

function only(sim: SimWorld): SimAggregator {
  const [one] = sim.living;
  assert.ok(one);
  return one;
}

function start(sim: SimWorld, node: string): Promise<CommandOutcome<DrillRecord>> {
  return only(sim).engine.commands.startDrill(node as NodeId, "ann");
}

async function started(sim: SimWorld, node: string): Promise<void> {
  const outcome = await begun(sim, node);
  assert.is(outcome.kind, "done", JSON.stringify(outcome));
}

/** The store answers in simulated time. */
async function begun(sim: SimWorld, node: string): Promise<CommandOutcome<DrillRecord>> {
  const outcome = start(sim, node);
  await sim.run(100);
  return outcome;
}

async function last(sim: SimWorld): Promise<DrillRecord> {
  const [drill] = await only(sim).engine.view.drills();
  assert.ok(drill);
  return drill;
}

test("measures the way from a death to a receiver, and asks for nothing", async () => {
  const sim = await world();
  await started(sim, "node-3");
  await sim.run(10_000);
  const drill = await last(sim);
  assert.is(drill.outcome, "measured");
  const { declaredMs, durableMs, deliveredMs } = drill;
  assert.ok(declaredMs !== null && durableMs !== null && deliveredMs !== null);
  assert.ok(declaredMs >= 1_900 && declaredMs <= 3_200, `${declaredMs}`);
  assert.ok(durableMs >= declaredMs && deliveredMs >= durableMs);
  assert.equal(sim.delivered("host-down"), ["node-3"]);
  assert.equal(sim.delivered("host-down", "retracted"), ["node-3"]);
  assert.ok(
    sim.effects.every(({ row }) => row.kind === "fact" && row.body.includes('"drill":true')),
  );
  const { drills, fleet } = await only(sim).engine.view.quality();
  assert.is(drills.declared.maxMs, declaredMs);
  assert.is(fleet.suspicion.mistakes, 0, "suspecting the living on purpose is no mistake");
  assert.is(fleet.declaration.mistakes, 0);
});

test("the agent goes on as if nothing were", async () => {
  const sim = await world();
  await started(sim, "node-3");
  const { session } = sim.agent("node-3");
  await sim.run(30_000);
  assert.is(sim.agent("node-3").session, session);
  assert.is(only(sim).engine.table.state(indexOf(sim, "node-3")).health.state, "alive");
});

test("a node that dies in its drill is declared for itself, in the usual time", async () => {
  const sim = await world();
  await started(sim, "node-3");
  await sim.run(1_000);
  sim.agent("node-3").die();
  const diedAt = sim.time.now;
  await sim.run(10_000);
  assert.is((await last(sim)).outcome, "ended");
  const told = sim.effects.filter(({ row }) => !row.body.includes('"drill":true'));
  assert.equal(
    told.map(({ row }) => row.node),
    ["node-3"],
  );
  assert.ok((told[0]?.at ?? 0) - diedAt < 3_500, `after ${(told[0]?.at ?? 0) - diedAt} ms`);
});

test("our own stall ends it at once, and no real death is played", async () => {
  const sim = await world();
  await started(sim, "node-3");
  await sim.run(500);
  only(sim).process.pause(3_000);
  await sim.run(10_000);
  const drill = await last(sim);
  assert.equal([drill.outcome, drill.because], ["ended", "this aggregator stalled"]);
  assert.equal(sim.effects, []);
});

test("so does a store that is away", async () => {
  const sim = await world();
  await started(sim, "node-3");
  only(sim).storeState("down");
  sim.database.fateOf = () => "not-applied";
  await sim.run(5_000);
  sim.database.fateOf = () => "answered";
  only(sim).storeState("up");
  await sim.run(10_000);
  assert.is((await last(sim)).because, "the store does not answer");
  assert.equal(sim.effects, []);
});

test("one at a time, with a pause, and not beside anything real", async () => {
  const sim = await world();
  const why = async (node: string): Promise<string> => {
    const outcome = await begun(sim, node);
    return outcome.kind === "refused" ? outcome.why : outcome.kind;
  };
  assert.is(await why("node-99"), "not-found");
  await started(sim, "node-3");
  assert.is(await why("node-4"), "another drill is under way");
  await sim.run(10_000);
  assert.is(await why("node-4"), "another drill began less than a minute ago");
  await sim.run(60_000);
  sim.agent("node-5").die();
  await sim.run(6_000);
  assert.match(await why("node-5"), /^it is declared/);
  assert.is(await why("node-4"), "1 other nodes are suspect or declared down");
  assert.is((await only(sim).engine.view.drills()).length, 1);
});

test("an aggregator that dies in a drill leaves nothing behind", async () => {
  const sim = await world();
  await started(sim, "node-3");
  await sim.run(4_000);
  await sim.run(60_000);
  await started(sim, "node-4");
  await sim.run(2_600);
  only(sim).kill();
  await sim.aggregator("agg-2", RECOVER);
  await sim.run(90_000);
  const drill = await last(sim);
  assert.ok(drill.outcome === "lost" || drill.outcome === "measured", drill.outcome);
  assert.is(only(sim).engine.table.state(indexOf(sim, "node-4")).health.state, "alive");
  assert.equal(only(sim).engine.table.state(indexOf(sim, "node-4")).incidents, []);
  assert.ok(sim.effects.every(({ row }) => row.kind === "fact"));
});

function indexOf(sim: SimWorld, node: string): number {
  return only(sim).engine.table.indexOf(node as NodeId) ?? -1;
}

test.run();
