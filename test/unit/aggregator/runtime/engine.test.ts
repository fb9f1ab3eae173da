import type { RestorableShard } from "@herdbeat/aggregator/ports/fleet-view";
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type SimAggregator, SimWorld } from "../../../sim/world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("engine");

async function world(agents = 10, aggregators = 1): Promise<SimWorld> {
  const made = new SimWorld(7);
  for (let i = 1; i <= aggregators; i++) await made.aggregator(`agg-${i}`);
  await made.run(2_000);
  made.addAgents(agents);
  await made.run(80_000);
  return made;
}

test("a silent death becomes one effect at the receiver, within four seconds", async () => {
  const sim = await world();
  sim.agent("node-3").die();
  const diedAt = sim.time.now;
  await sim.run(10_000);
  assert.equal(sim.delivered("host-down"), ["node-3"]);
  assert.ok(
    (sim.effects[0]?.at ?? 0) - diedAt < 3_500,
    `after ${(sim.effects[0]?.at ?? 0) - diedAt} ms`,
  );
});

test("nothing is ever declared on a quiet fleet", async () => {
  const sim = await world(30);
  await sim.run(300_000);
  assert.equal(sim.effects, []);
});

test("our own stall of thirty seconds declares nobody, and a death during it is declared after it", async () => {
  const sim = await world();
  sim.aggregators[0]?.process.pause(30_000);
  await sim.run(5_000);
  sim.agent("node-5").die();
  await sim.run(25_000);
  const resumedAt = sim.time.now;
  await sim.run(10_000);
  assert.equal(sim.delivered("host-down"), ["node-5"]);
  assert.ok(
    (sim.effects[0]?.at ?? 0) - resumedAt < 5_000,
    `after ${(sim.effects[0]?.at ?? 0) - resumedAt} ms`,
  );
});

test("an outage of the store declares nobody, and a death during it is declared within five seconds after it", async () => {
  const sim = await world();
  const down = sim.aggregators[0];
  sim.database.fateOf = () => "not-applied";
  if (down !== undefined)
    down.fleet.storeHealth = { ...down.fleet.storeHealth, state: "down", detail: "frozen" };
  sim.agent("node-5").die();
  await sim.run(10_000);
  assert.equal(sim.effects, []);
  sim.database.fateOf = () => "answered";
  if (down !== undefined)
    down.fleet.storeHealth = { ...down.fleet.storeHealth, state: "up", detail: "" };
  const backAt = sim.time.now;
  await sim.run(10_000);
  assert.equal(sim.delivered("host-down"), ["node-5"]);
  assert.ok((sim.effects[0]?.at ?? 0) - backAt < 5_000);
});

test("a node that was silent during an outage of the store and came back is never declared", async () => {
  const sim = await world();
  const down = sim.aggregators[0];
  sim.database.fateOf = () => "not-applied";
  if (down !== undefined)
    down.fleet.storeHealth = { ...down.fleet.storeHealth, state: "down", detail: "frozen" };
  const agent = sim.agent("node-5");
  agent.powered = false;
  agent.process.pause(10_000);
  await sim.run(8_000);
  agent.powered = true;
  await sim.run(5_000);
  sim.database.fateOf = () => "answered";
  if (down !== undefined)
    down.fleet.storeHealth = { ...down.fleet.storeHealth, state: "up", detail: "" };
  await sim.run(10_000);
  assert.equal(sim.effects, []);
});

test("a write whose reply is lost is written again and has one effect", async () => {
  const sim = await world();
  let lost = 0;
  sim.database.fateOf = (operation) => {
    if (operation !== "apply" || lost >= 3) return "answered";
    lost += 1;
    return "applied-but-reply-lost";
  };
  sim.agent("node-2").die();
  await sim.run(10_000);
  assert.is(lost, 3);
  assert.equal(sim.delivered("host-down"), ["node-2"]);
});

test("an event is acknowledged only when it is durable", async () => {
  const sim = await world();
  const agent = sim.agent("node-4");
  sim.database.fateOf = (operation) => (operation === "apply" ? "not-applied" : "answered");
  agent.report("problem", "guest-crashed", "guest-1");
  await sim.run(5_000);
  assert.is(agent.spool.size, 1);
  sim.database.fateOf = () => "answered";
  await sim.run(3_000);
  assert.is(agent.spool.size, 0);
  assert.equal(sim.delivered("guest-crashed"), ["node-4"]);
});

test("a killed agent on a living host is never a host-level declaration", async () => {
  const sim = await world();
  sim.agent("node-6").kill();
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down"), []);
  assert.equal(sim.delivered("agent-down"), ["node-6"]);
});

test("a stopped agent on a living host is never a host-level declaration", async () => {
  const sim = await world();
  sim.agent("node-6").process.pause(10_000);
  await sim.run(60_000);
  assert.equal(sim.effects, []);
});

test("kill -9 of the only aggregator and a new life of it declare nobody, and find who died meanwhile", async () => {
  const sim = await world();
  sim.aggregators[0]?.kill();
  sim.agent("node-8").die();
  await sim.run(5_000);
  await sim.aggregator("agg-1");
  const backAt = sim.time.now;
  await sim.run(10_000);
  assert.equal(sim.delivered("host-down"), ["node-8"]);
  assert.ok(
    (sim.effects[0]?.at ?? 0) - backAt < 5_000,
    `after ${(sim.effects[0]?.at ?? 0) - backAt} ms`,
  );
});

test("kill -9 of one of two: the other looks after its nodes, nobody is declared, undelivered facts go on", async () => {
  const sim = await world(20, 2);
  await sim.run(20_000);
  sim.receiver = "away";
  sim.agent("node-1").die();
  sim.agent("node-2").die();
  await sim.run(5_000);
  sim.aggregators[0]?.kill();
  await sim.run(15_000);
  sim.receiver = "accepts";
  await sim.run(60_000);
  assert.equal([...sim.delivered("host-down")].sort(), ["node-1", "node-2"]);
  assert.is(sim.aggregators[1]?.engine.runners.size, 64);
});

test("an owner that was stopped and goes on can not write: its token is stale", async () => {
  const sim = await world(20, 2);
  await sim.run(20_000);
  const first = sim.aggregators[0];
  first?.process.pause(20_000);
  await sim.run(19_900);
  assert.is(sim.aggregators[1]?.engine.runners.size, 64);
  sim.agent("node-1").die();
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down"), ["node-1"]);
});

test("a wiped store is held and said, and restored from memory with the same ids", async () => {
  const sim = await world();
  sim.agent("node-4").report("problem", "guest-crashed", "guest-1");
  await sim.run(3_000);
  const before = [...((await sim.aggregators[0]?.engine.view.incidents()) ?? [])].map(
    (one) => one.id,
  );
  sim.database.wipe();
  await sim.run(5_000);
  assert.ok(sim.aggregators[0]?.engine.notices.list().some((one) => one.kind === "store-held"));
  sim.agent("node-9").die();
  await sim.run(10_000);
  assert.equal(sim.delivered("host-down"), []);
  let adopted: unknown;
  void sim.aggregators[0]?.engine.commands
    .adoptStore("operator", "mirror", null)
    .then((outcome) => {
      adopted = outcome;
    });
  await sim.run(10_000);
  assert.is((adopted as { kind: string }).kind, "done", JSON.stringify(adopted));
  assert.equal(
    [...((await sim.aggregators[0]?.engine.view.incidents()) ?? [])]
      .map((one) => one.id)
      .filter((id) => before.includes(id)),
    before,
  );
  assert.equal(sim.delivered("host-down"), ["node-9"]);
  assert.is(sim.delivered("guest-crashed").length, 1);
});

test("a restore on a slow store keeps what is in memory: who died meanwhile is declared", async () => {
  const sim = await world(60);
  const [only] = sim.aggregators;
  sim.slowStore(60);
  sim.database.wipe();
  await sim.run(5_000);
  const dead = [...sim.agents.keys()].filter((_, index) => index % 2 === 0);
  for (const id of dead) sim.agent(id).die();
  await sim.run(5_000);
  void only?.engine.commands.adoptStore("operator", "mirror", null);
  await sim.run(60_000);
  assert.equal([...sim.delivered("host-down")].sort(), dead.sort());
  assert.is(only?.engine.runners.size, 64);
  assert.equal(sim.delivered("unseen"), []);
});

test("a restore that broke off keeps what is in memory, and can be done again", async () => {
  const sim = await world(20);
  const [only] = sim.aggregators;
  sim.database.wipe();
  await sim.run(5_000);
  sim.agent("node-9").die();
  await sim.run(5_000);
  // Claimed under a new token, but nothing was written: the looks that follow see just that.
  sim.database.fateOf = (operation) => (operation === "apply" ? "not-applied" : "answered");
  const index = only?.engine.table.indexOf("node-9" as NodeId) ?? -1;
  const its = [...(only?.engine.runners.values() ?? [])].find((one) => one.indexes.has(index));
  const shards = its === undefined ? [] : [its.shard];
  const broken = only?.engine.commands
    .adoptStore("operator", "mirror", shards)
    .catch(() => "broken");
  await sim.run(5_000);
  assert.is(await broken, "broken");
  sim.database.fateOf = () => "answered";
  void only?.engine.commands.adoptStore("operator", "mirror", null);
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down"), ["node-9"]);
  assert.is(only?.engine.runners.size, 64);
});

test("a delivery that is under way when the store is wiped does not cost the memory of its shard", async () => {
  const sim = await world(20);
  const [only] = sim.aggregators;
  sim.slowStore(60);
  sim.beforeReceive = () => {
    sim.beforeReceive = () => {};
    sim.database.wipe();
  };
  sim.agent("node-9").report("problem", "guest-crashed", "guest-1");
  await sim.run(5_000);
  sim.agent("node-9").die();
  await sim.run(5_000);
  assert.is(only?.engine.runners.size, 64);
  void only?.engine.commands.adoptStore("operator", "mirror", null);
  await sim.run(60_000);
  assert.equal(sim.delivered("host-down"), ["node-9"]);
});

test("a new aggregator that joins a wiped store makes nothing of its own", async () => {
  const sim = await world();
  sim.database.wipe();
  await sim.run(2_000);
  const joined = await sim.aggregator("agg-2");
  await sim.run(10_000);
  assert.is(sim.database.meta, null);
  assert.is(joined.engine.runners.size, 0);
});

test("a wiped store is held by a new life of the process too: its mirrors know", async () => {
  const sim = await world();
  await sim.run(5_000);
  sim.aggregators[0]?.kill();
  sim.database.wipe();
  const next = await sim.aggregator("agg-1");
  await sim.run(10_000);
  assert.is(next.engine.runners.size, 0);
  assert.ok(next.engine.notices.list().some((one) => one.kind === "store-held"));
  void next.engine.commands.adoptStore("operator", "mirror", null);
  await sim.run(60_000);
  assert.is(next.engine.runners.size, 64);
  assert.equal(sim.delivered("host-down"), []);
  assert.is(
    (await next.engine.view.nodes()).filter((one) => one.record.state === "alive").length,
    10,
  );
});

test("a disarmed cluster asks for nothing, says so, and asks again when it is armed", async () => {
  const sim = new SimWorld(7);
  const policy = { "guest-crashed": { action: "recover", minGrade: 0 } } as const;
  for (const id of ["agg-1", "agg-2"]) await sim.aggregator(id, policy);
  await sim.run(2_000);
  sim.addAgents(10);
  await sim.run(80_000);
  const [first, second] = sim.aggregators;
  void first?.engine.commands.setDisarm("operator", "a storm");
  await sim.run(1_500);
  for (const agent of sim.agents.values()) agent.report("problem", "guest-crashed", "guest-1");
  await sim.run(20_000);
  assert.is(sim.delivered("guest-crashed").length, 10);
  assert.equal(sim.delivered("guest-crashed", "committed"), []);
  for (const one of [first, second])
    assert.ok(one?.engine.notices.list().some(({ kind }) => kind === "disarmed"));
  void second?.engine.commands.setDisarm("operator", null);
  await sim.run(20_000);
  assert.is(sim.delivered("guest-crashed", "committed").length, 10);
  assert.is(first?.engine.notices.list().length, 0);
});

test("a disarmed cluster stays so when the store loses its data", async () => {
  const sim = await world();
  const [only] = sim.aggregators;
  void only?.engine.commands.setDisarm("operator", "a storm");
  await sim.run(3_000);
  sim.database.wipe();
  await sim.run(5_000);
  assert.is(only?.engine.commands.disarm()?.reason, "a storm");
  void only?.engine.commands.adoptStore("operator", "mirror", null);
  await sim.run(10_000);
  assert.is(sim.database.disarmed?.reason, "a storm");
});

/** The last write is lost in the moment in which it was answered. */
async function losesLastWrite(sim: SimWorld): Promise<void> {
  const before = sim.database.snapshot();
  const effects = sim.effects.length;
  sim.agent("node-3").report("problem", "service-down", "api");
  while (sim.effects.length === effects) await sim.run(10);
  sim.database.restore(before);
}

test("a write that a failover lost at once is noticed, though nothing on disk knew of it", async () => {
  const sim = await world();
  await losesLastWrite(sim);
  await sim.run(5_000);
  assert.ok(sim.aggregators[0]?.engine.notices.list().some(({ kind }) => kind === "store-held"));
});

test("a write to a store that lost the one before it is noticed by the version that it makes", async () => {
  const sim = await world();
  await losesLastWrite(sim);
  sim.agent("node-3").report("problem", "service-down", "scheduler");
  await sim.run(5_000);
  assert.ok(sim.aggregators[0]?.engine.notices.list().some(({ kind }) => kind === "store-held"));
});

/** What herdctl does: whoever has most of a shard restores it, then all accept. */
async function adoptEverywhere(sim: SimWorld, running: readonly SimAggregator[]): Promise<void> {
  const best = new Map<ShardId, { readonly of: SimAggregator; readonly copy: RestorableShard }>();
  for (const of of running) {
    for (const copy of of.engine.commands.restorable()) {
      const known = best.get(copy.shard)?.copy;
      if (known === undefined || copy.generation.version > known.generation.version)
        best.set(copy.shard, { of, copy });
    }
  }
  for (const one of running) {
    const shards = [...best.values()].filter(({ of }) => of === one).map(({ copy }) => copy.shard);
    void one.engine.commands.adoptStore("operator", "mirror", shards);
    await sim.run(1_000);
  }
  for (const one of [...running, ...running]) {
    void one.engine.commands.adoptStore("operator", "mirror", null);
    await sim.run(1_000);
  }
}

test("two new lives on a wiped store make nothing from nothing, and restore all from both disks", async () => {
  const sim = await world(20, 2);
  for (const agent of sim.agents.values()) agent.report("problem", "guest-crashed", "guest-1");
  await sim.run(20_000);
  const [first, second] = sim.aggregators;
  assert.equal(
    [first, second].map((one) => (one?.engine.runners.size ?? 0) > 0),
    [true, true],
  );
  first?.kill();
  second?.kill();
  sim.database.wipe();
  // Alone at first, it never saw half of the shards: the other one did.
  const early = await sim.aggregator("agg-2");
  await sim.run(20_000);
  assert.equal([early.engine.runners.size, early.engine.manager.foreign.size], [0, 64]);
  const running = [await sim.aggregator("agg-1"), early];
  await sim.run(20_000);
  assert.equal(
    running.map(({ engine }) => engine.runners.size),
    [0, 0],
  );
  const told = sim.effects.length;
  await adoptEverywhere(sim, running);
  await sim.run(60_000);
  const sizes = running.map(({ engine }) => engine.runners.size);
  assert.is(sizes[0] === undefined || sizes[1] === undefined ? 0 : sizes[0] + sizes[1], 64);
  const incidents = await Promise.all(
    running.map(async ({ engine }) => {
      const nodes = await engine.view.nodes();
      return nodes.filter((one) => one.live).flatMap((one) => one.openIncidents);
    }),
  );
  assert.is(new Set(incidents.flat()).size, 20);
  // Every effect was had before the loss: none is had again under another id.
  assert.is(sim.effects.length, told);
  // Nothing of the former generation is left on a disk to be held against the store later.
  running[0]?.kill();
  const again = await sim.aggregator("agg-1");
  await sim.run(30_000);
  assert.is(again.engine.manager.foreign.size, 0);
});

test.run();
