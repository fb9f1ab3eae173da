// deadline: 180s
// Commits of hosts in the whole engine: the guard, the permit and the store together.
import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import * as assert from "uvu/assert";
import { makeWitnesses } from "../../../sim/witnesses.ts";
import { SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("host commits in the engine");

const RECOVER: Policy = { "host-down": { action: "recover", minGrade: 5 } };

/** Agents that look at each other, in racks of five, each with a fence device. */
async function world(agents: number, aggregators = 1, perRack = 5): Promise<SimWorld> {
  const made = new SimWorld(5);
  made.fencing = "ready";
  for (let i = 1; i <= aggregators; i++) await made.aggregator(`agg-${i}`, RECOVER);
  await made.run(2_000);
  made.addAgents(agents);
  makeWitnesses(made);
  for (const [at, agent] of [...made.agents.values()].entries())
    agent.labels = { rack: `r${Math.floor(at / perRack) + 1}` };
  await made.run(80_000);
  return made;
}

/** Nobody reaches it, and it goes on: what a switch does to its rack. */
function cut(sim: SimWorld, id: string, length: number): void {
  const agent = sim.agent(id);
  agent.powered = false;
  agent.process.pause(length);
}

async function downs(sim: SimWorld): Promise<readonly IncidentRecord[]> {
  const all = (await sim.living[0]?.engine.view.incidents()) ?? [];
  return all.filter((one) => one.failureClass === "host-down");
}

test("a death that nobody contradicts is committed five seconds after the last heartbeat, as a fact", async () => {
  const sim = await world(20);
  const diedAt = sim.time.now;
  sim.agent("node-3").die();
  await sim.run(15_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
  const last = sim.effects.at(-1);
  assert.is(last?.row.kind, "fact");
  const after = (last?.at ?? 0) - diedAt;
  assert.ok(after > 3_900 && after < 5_700, `after ${after} ms`);
  assert.is(sim.database.permit, null);
});

test("without a fence device a host is declared, held and never committed", async () => {
  const sim = await world(20);
  sim.fencing = "none";
  sim.agent("node-3").die();
  await sim.run(120_000);
  assert.equal(sim.delivered("host-down"), ["node-3"]);
  assert.equal(sim.delivered("host-down", "committed"), []);
  assert.is((await downs(sim))[0]?.hold?.reason, "grade-too-low");
});

test("five independent deaths are five commits", async () => {
  const sim = await world(30);
  for (const at of [1, 7, 13, 19, 25]) sim.agent(`node-${at}`).die();
  await sim.run(30_000);
  assert.is(sim.delivered("host-down", "committed").length, 5);
});

test("a rack that falls silent is committed never, and afterwards only who is dead", async () => {
  const sim = await world(30, 2);
  for (const at of [6, 7, 8, 9]) cut(sim, `node-${at}`, 60_000);
  sim.agent("node-10").die();
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  const held = (await downs(sim)).map(({ hold }) => hold?.reason);
  assert.equal(
    held,
    Array.from({ length: 5 }, () => "disruption-guard"),
  );
  for (const at of [6, 7, 8, 9]) sim.agent(`node-${at}`).powered = true;
  await sim.run(120_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-10"]);
});

test("a rack whose hosts are all proven off is handed off in batches of ten", async () => {
  const sim = await world(60, 1, 20);
  for (let at = 1; at <= 20; at++) sim.agent(`node-${at}`).die();
  await sim.run(8_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  const { table } = sim.living[0]?.engine ?? {};
  assert.ok(table !== undefined);
  // What a power view of each host would have brought.
  for (let at = 1; at <= 20; at++) {
    const index = table.indexOf(sim.agent(`node-${at}`).id) ?? -1;
    const state = table.state(index);
    const incidents = state.incidents.map((one) =>
      one.failureClass === "host-down" ? ({ ...one, grade: 5 } as const) : one,
    );
    table.put(index, { ...state, incidents });
  }
  const provenAt = sim.time.now;
  await sim.run(60_000);
  const commits = sim.effects.filter(({ body }) => body.transition.kind === "committed");
  assert.is(commits.length, 20);
  assert.ok(commits.every(({ row }) => row.kind === "request"));
  const first = commits.filter(({ at }) => at - provenAt <= 9_000).length;
  assert.is(first, 10);
});

test("in a fleet too small for percentages there is one unproven commit at a time", async () => {
  const sim = await world(4, 1, 1);
  for (const id of ["node-1", "node-2"]) sim.agent(id).die();
  await sim.run(120_000);
  assert.is(sim.delivered("host-down", "committed").length, 1);
  const held = (await downs(sim)).find((one) => one.phase === "declared");
  assert.match(held?.hold?.releasedBy ?? "", /the permit to commit, which incident/);
});

test("a commit whose permit's reply is lost is asked for again and made once", async () => {
  const sim = await world(20);
  let lost = 0;
  sim.database.fateOf = (operation) => {
    if (operation !== "take permit" || lost >= 3) return "answered";
    lost += 1;
    return "applied-but-reply-lost";
  };
  sim.agent("node-3").die();
  await sim.run(20_000);
  assert.is(lost, 3);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
});

/** Runs `then` once, when the permit is asked for. */
function onPermitAsked(sim: SimWorld, then: () => void): void {
  let isAsked = false;
  sim.database.fateOf = (operation) => {
    if (operation === "take permit" && !isAsked) {
      isAsked = true;
      then();
    }
    return "answered";
  };
}

test("a heartbeat that arrived while this process stalled comes before the permit it had asked for", async () => {
  const sim = await world(20);
  onPermitAsked(sim, () => {
    sim.living[0]?.process.pause(6_000);
    sim.time.at(sim.time.now + 1_000, null, () => {
      sim.agent("node-3").powered = true;
    });
  });
  cut(sim, "node-3", 5_500);
  await sim.run(30_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  assert.equal(sim.delivered("host-down", "retracted"), ["node-3"]);
});

test("an answer of its kernel that waits for the turn comes before the permit that waits with it", async () => {
  const sim = await world(20);
  const { engine } = sim.living[0] ?? {};
  assert.ok(engine !== undefined);
  const { id } = sim.agent("node-3");
  onPermitAsked(sim, () => {
    engine.turns.post(engine.table.indexOf(id) ?? -1, id, {
      kind: "probed",
      askedAt: engine.turns.now(),
      outcome: "answered",
      detail: "an answer",
    });
  });
  sim.agent("node-3").die();
  await sim.run(7_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  assert.is((await downs(sim))[0]?.hold?.reason, "sign-of-life");
});

test("disarmed nothing is committed, and armed again it is", async () => {
  const sim = await world(20);
  void sim.living[0]?.engine.commands.setDisarm("ann", "network work");
  await sim.run(2_000);
  sim.agent("node-3").die();
  await sim.run(20_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  assert.is((await downs(sim))[0]?.hold?.reason, "disarmed");
  void sim.living[0]?.engine.commands.setDisarm("ann", null);
  await sim.run(5_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
});

test("while nobody can say whether recovery is disarmed nothing is committed", async () => {
  const sim = await world(20);
  sim.database.fateOf = (operation) => (operation === "disarmed" ? "not-applied" : "answered");
  await sim.run(6_000);
  sim.agent("node-3").die();
  await sim.run(20_000);
  assert.equal(sim.delivered("host-down", "committed"), []);
  assert.is((await downs(sim))[0]?.hold?.reason, "disarmed");
  sim.database.fateOf = () => "answered";
  await sim.run(5_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
});

test("an operator's word is audited, durable and decides; what was committed takes none", async () => {
  const sim = await world(20);
  const { commands } = sim.living[0]?.engine ?? {};
  sim.agent("node-3").die();
  await sim.run(3_500);
  const [declared] = await downs(sim);
  assert.ok(declared !== undefined && commands !== undefined);
  const said: unknown[] = [];
  const say = (word: "approve" | "deny"): void => {
    const review = { word, by: "ann", reason: "seen" } as const;
    void commands.reviewHold(declared.id, review).then(({ kind }) => said.push(kind));
  };
  say("deny");
  await sim.run(20_000);
  assert.is((await downs(sim))[0]?.hold?.reason, "denied");
  say("approve");
  await sim.run(5_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
  say("deny");
  await sim.run(1_000);
  assert.equal(said, ["done", "done", "refused"]);
  assert.equal(
    sim.database.audit.map(({ who, what }) => `${who} ${what}`),
    ["ann hold deny", "ann hold approve"],
  );
});

test("an owner that is killed with the permit leaves it to the next one, which commits", async () => {
  const sim = await world(20, 2);
  await sim.run(20_000);
  const node = sim.agent("node-3").id;
  const owner = sim.living.find((one) => one.engine.table.indexOf(node) !== undefined);
  let isTaken = false;
  sim.database.fateOf = (operation, caller) => {
    isTaken ||= operation === "take permit";
    return isTaken && caller.startsWith(`${owner?.id}#`) ? "applied-but-reply-lost" : "answered";
  };
  sim.agent("node-3").die();
  await sim.run(5_200);
  assert.ok(isTaken);
  owner?.kill();
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down", "committed"), ["node-3"]);
  assert.is(sim.database.permit, null);
});

test("a shard without an owner holds every commit until it has one", async () => {
  const sim = await world(20, 2);
  await sim.run(20_000);
  const [first, second] = sim.living;
  const victim = [...sim.agents.values()].find(
    (one) => first?.engine.table.indexOf(one.id) !== undefined,
  );
  second?.kill();
  victim?.die();
  await sim.run(2_900);
  const early = await downs(sim);
  await sim.run(60_000);
  assert.equal(
    early.map(({ phase }) => phase),
    ["declared"],
  );
  assert.equal(sim.delivered("host-down", "committed"), [victim?.id]);
});

test.run();
