// deadline: 180s
// The disruption guard in the whole engine: who is told of what when many nodes fall silent at once.
import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import * as assert from "uvu/assert";
import type { PathFault } from "../../../sim/network.ts";
import { SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("guard in the engine");

/** Agents in racks of five, and any number of aggregators without links between them. */
async function racks(agents: number, aggregators = 1, policy: Policy = {}): Promise<SimWorld> {
  const made = new SimWorld(11);
  for (let i = 1; i <= aggregators; i++) await made.aggregator(`agg-${i}`, policy);
  await made.run(2_000);
  made.addAgents(agents);
  for (const [at, agent] of [...made.agents.values()].entries())
    agent.labels = { rack: `r${Math.floor(at / 5) + 1}` };
  await made.run(80_000);
  return made;
}

const CUT: PathFault = {
  aggregator: null,
  direction: "both",
  blocked: true,
  loss: 0,
  delayMs: 0,
  duplicates: 0,
};

function heal(sim: SimWorld, id: string): void {
  sim.agent(id).paths.remove(CUT, sim.time.now);
}

function cut(sim: SimWorld, id: string): void {
  sim.agent(id).paths.add(CUT);
}

function rack(sim: SimWorld, name: string): readonly string[] {
  return [...sim.agents.values()].filter((one) => one.labels["rack"] === name).map(({ id }) => id);
}

async function incidents(sim: SimWorld): Promise<readonly IncidentRecord[]> {
  return (await sim.living[0]?.engine.view.incidents()) ?? [];
}

for (const aggregators of [1, 3]) {
  test(`a rack that loses its switch is one incident, ${aggregators} aggregators`, async () => {
    const sim = await racks(30, aggregators);
    for (const id of rack(sim, "r2")) cut(sim, id);
    await sim.run(20_000);
    assert.is(sim.delivered("zone-outage").length, 1);
    assert.equal(sim.delivered("host-down"), []);
    const children = (await incidents(sim)).filter((one) => one.failureClass === "host-down");
    assert.equal(
      children.map((one) => [one.attributes["zone"], one.announced, one.phase]),
      rack(sim, "r2").map(() => ["rack:r2", false, "declared"]),
    );
  });

  test(`after it is healed nobody is told of its nodes, ${aggregators} aggregators`, async () => {
    const sim = await racks(30, aggregators);
    for (const id of rack(sim, "r2")) cut(sim, id);
    await sim.run(20_000);
    for (const id of rack(sim, "r2")) heal(sim, id);
    await sim.run(120_000);
    assert.is(sim.delivered("zone-outage", "cleared").length, 1);
    assert.equal(sim.delivered("host-down"), []);
    assert.equal(sim.delivered("host-down", "retracted"), []);
    assert.equal(
      sim.effects.map(({ body }) => `${body.incident.class} ${body.transition.kind}`),
      ["zone-outage declared", "zone-outage cleared"],
    );
  });

  test(`all vanish: one incident, ${aggregators} aggregators`, async () => {
    const sim = await racks(30, aggregators);
    for (const agent of sim.agents.values()) cut(sim, agent.id);
    await sim.run(20_000);
    assert.is(sim.delivered("zone-outage").length, 1);
    assert.equal(sim.delivered("host-down"), []);
  });

  test(`who stays out after the outage is told by itself, ${aggregators} aggregators`, async () => {
    const sim = await racks(30, aggregators);
    for (const id of rack(sim, "r2")) cut(sim, id);
    await sim.run(20_000);
    const [dead = "", ...others] = rack(sim, "r2");
    sim.agent(dead).die();
    for (const id of others) heal(sim, id);
    await sim.run(120_000);
    assert.equal(sim.delivered("host-down"), [dead]);
  });
}

test("an outage that nobody wants to be told of silences none of its nodes", async () => {
  const sim = await racks(30, 1, { "zone-outage": { action: "ignore", minGrade: 0 } });
  for (const id of rack(sim, "r2")) cut(sim, id);
  await sim.run(20_000);
  assert.equal(sim.delivered("zone-outage"), []);
  assert.equal([...sim.delivered("host-down")].sort(), [...rack(sim, "r2")].sort());
});

test("five independent deaths in ten seconds are five declarations", async () => {
  const sim = await racks(30);
  for (const at of [1, 7, 13, 19, 25]) {
    sim.agent(`node-${at}`).die();
    await sim.run(2_000);
  }
  await sim.run(10_000);
  assert.is(sim.delivered("host-down").length, 5);
  assert.equal(sim.delivered("zone-outage"), []);
});

test("two deaths in one rack wait one heartbeat more and are both declared", async () => {
  const sim = await racks(30);
  const diedAt = sim.time.now;
  for (const id of ["node-1", "node-2"]) sim.agent(id).die();
  await sim.run(10_000);
  assert.equal([...sim.delivered("host-down")].sort(), ["node-1", "node-2"]);
  for (const { at } of sim.effects) assert.ok(at - diedAt < 4_500, `after ${at - diedAt} ms`);
});

test.run();
