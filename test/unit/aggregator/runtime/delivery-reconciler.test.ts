import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { incidentIdOf, RECOVERY, rowOf, START } from "../../../support/delivery-builders.ts";
import { answer, DeliveryWorld, OK, takeOver } from "../../../support/delivery-world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("delivery-reconciler");

const one = rowOf({ transition: 1 });
const two = rowOf({ transition: 2 });

async function started(world: DeliveryWorld, options: Parameters<typeof takeOver>[1] = {}) {
  const owner = takeOver(world, options);
  await owner.reconciler.start();
  return owner;
}

test("sends a new row at once, without waiting for any timer", async () => {
  const world = new DeliveryWorld();
  const owner = await started(world);
  await world.time.advance(500);
  owner.add(one);
  await world.time.advance(0);
  assert.equal(world.operations, ["claim", "send", "settle"]);
  assert.equal(
    world.received.map((entry) => entry.atMs),
    [500],
  );
  assert.equal([world.rows.size, owner.rows.size, owner.reconciler.underWay], [0, 0, 0]);
});

test("remembers the end of a hand-off in the history", async () => {
  const world = new DeliveryWorld([one]);
  await started(world);
  await world.time.advance(0);
  assert.is(world.history.length, 1);
  assert.equal(JSON.parse(world.history[0]?.json ?? ""), {
    webhookId: one.webhookId,
    destination: RECOVERY,
    kind: "fact",
    result: "delivered",
    attempts: 1,
    status: 204,
    error: "",
  });
});

test("retries under the same id within a second, then until accepted", async () => {
  const world = new DeliveryWorld([one]);
  const answers = [answer(500), { kind: "timed-out", detail: "x" } as const, answer(502), OK];
  world.respond = () => answers.shift() ?? OK;
  await started(world);
  await world.time.advance(0);
  await world.time.advance(1_000);
  assert.ok(world.received.length >= 2, "the first retry comes within a second");
  await world.time.advance(60_000);
  assert.equal(world.ids, [one.webhookId, one.webhookId, one.webhookId, one.webhookId]);
  assert.is(world.rows.size, 0);
});

test("settles n before it claims n+1, whatever happens to n", async () => {
  const world = new DeliveryWorld([two, one]);
  const answers = [answer(500), answer(503, 2_000), OK, OK];
  world.respond = () => answers.shift() ?? OK;
  await started(world);
  await world.time.advance(30_000);
  assert.equal(world.ids, [one.webhookId, one.webhookId, one.webhookId, two.webhookId]);
});

test("keeps later transitions behind a parked one, and tells a person once", async () => {
  const other = rowOf({ incident: incidentIdOf(9) });
  const world = new DeliveryWorld([one, two, other]);
  world.respond = (row) => (row.rowId === one.rowId ? answer(422) : OK);
  const owner = await started(world);
  await world.time.advance(3_600_000);
  assert.equal([...world.rows.keys()], [one.rowId, two.rowId]);
  assert.equal(owner.alerts, [
    { kind: "row-parked", destination: RECOVERY, rowId: one.rowId, because: "answered 422" },
  ]);
});

test("survives a kill at every operation, before and after it took effect", async () => {
  for (const fatal of ["dies-before", "dies-after"] as const) {
    for (let step = 1; step <= 6; step++) {
      const world = new DeliveryWorld([one, two]);
      world.fate = () => (world.operations.length === step ? fatal : "works");
      const first = await started(world);
      await world.time.advance(5_000);
      first.owns = false;
      world.fate = () => "works";
      await started(world);
      await world.time.advance(5_000);
      const where = `${fatal} operation ${step}: ${world.operations.join(" ")}`;
      assert.is(world.rows.size, 0, where);
      assert.equal([...new Set(world.ids)], [one.webhookId, two.webhookId], where);
      assert.ok(world.ids.length <= 3, where);
      assert.ok(world.ids.lastIndexOf(one.webhookId) < world.ids.indexOf(two.webhookId), where);
    }
  }
});

test("sends a row that it finds in sending after a takeover", async () => {
  const world = new DeliveryWorld([{ ...one, state: "sending", attempts: 1, claimedBy: "dead:1" }]);
  await started(world);
  await world.time.advance(0);
  assert.equal(world.ids, [one.webhookId]);
  assert.is(world.rows.size, 0);
});

for (const [what, found] of [
  ["stale-token", { token: 99, generationId: "g1" }],
  ["generation-mismatch", { token: 2, generationId: "g2" }],
] as const) {
  test(`sends nothing when the store answers ${what}`, async () => {
    const world = new DeliveryWorld();
    const owner = await started(world);
    world.shard.owner = {
      aggregator: "aggregator-2" as AggregatorId,
      token: found.token as FencingToken,
    };
    world.shard.generation = { id: found.generationId, version: 7 };
    for (const number of [1, 2, 3]) owner.add(rowOf({ transition: number }));
    await world.time.advance(60_000);
    assert.equal(world.operations, ["claim"]);
    assert.equal(owner.refusals, [what]);
  });
}

test("sends nothing when the shard is lost between claim and send", async () => {
  const world = new DeliveryWorld([one]);
  const owner = takeOver(world);
  world.fate = (operation) => {
    if (operation === "claim") owner.owns = false;
    return "works";
  };
  await owner.reconciler.start();
  await world.time.advance(60_000);
  assert.equal(world.operations, ["claim"]);
  assert.is(world.rows.get(one.rowId)?.state, "sending");
});

test("stops settling as soon as the shard is lost", async () => {
  const world = new DeliveryWorld([one]);
  world.fate = (operation) => (operation === "settle" ? "fails" : "works");
  const owner = await started(world);
  await world.time.advance(10_000);
  const tries = world.operations.length;
  owner.owns = false;
  await world.time.advance(60_000);
  assert.ok(world.operations.length <= tries + 1);
  assert.is(owner.reconciler.underWay, 0);
});

test("settles when the store is back, and sends nothing twice meanwhile", async () => {
  const rows = Array.from({ length: 200 }, (_, index) => rowOf({ incident: incidentIdOf(index) }));
  const world = new DeliveryWorld(rows);
  let away = true;
  world.fate = (operation) => (away && operation !== "send" ? "fails" : "works");
  const owner = await started(world);
  world.fate = (operation) => (away && operation === "settle" ? "fails" : "works");
  await world.time.advance(1_000);
  world.fate = (operation) => (away && operation !== "send" ? "fails" : "works");
  await world.time.advance(600_000);
  assert.is(owner.reconciler.underWay, 16, "what waits for the store is bounded by the places");
  assert.is(world.ids.length, 16);
  away = false;
  await world.time.advance(10_000);
  assert.is(world.rows.size, 0);
  assert.is(world.ids.length, 200);
});

test("rests while the store is away instead of claiming row after row", async () => {
  const rows = Array.from({ length: 500 }, (_, index) => rowOf({ incident: incidentIdOf(index) }));
  const world = new DeliveryWorld(rows);
  world.fate = () => "fails";
  await started(world);
  await world.time.advance(10_000);
  assert.ok(world.operations.length < 16 * 110, `${world.operations.length} claims in 10 s`);
  assert.is(world.ids.length, 0);
});

test("claims its own row again when the reply to the claim was lost", async () => {
  const world = new DeliveryWorld([one]);
  let first = true;
  world.fate = (operation) => {
    if (operation !== "claim" || !first) return "works";
    first = false;
    return "reply-lost";
  };
  await started(world);
  await world.time.advance(5_000);
  assert.equal(world.operations, ["claim", "claim", "send", "settle"]);
  assert.is(world.rows.size, 0);
});

test("takes a lost reply to a settle for what it is", async () => {
  const world = new DeliveryWorld([one, two]);
  let first = true;
  world.fate = (operation) => {
    if (operation !== "settle" || !first) return "works";
    first = false;
    return "reply-lost";
  };
  const owner = await started(world);
  await world.time.advance(5_000);
  assert.equal(world.ids, [one.webhookId, two.webhookId]);
  assert.equal([world.rows.size, owner.rows.size], [0, 0]);
});

for (const [status, left] of [
  [422, "parked"],
  [500, "waiting"],
] as const) {
  test(`keeps a ${left} row although the reply to its settle was lost`, async () => {
    const world = new DeliveryWorld([one, two]);
    let first = true;
    let settled = false;
    world.respond = (row) => {
      if (row.rowId !== one.rowId || settled) return OK;
      settled = true;
      return answer(status);
    };
    world.fate = (operation) => {
      if (operation !== "settle" || !first) return "works";
      first = false;
      return "reply-lost";
    };
    const owner = await started(world);
    await world.time.advance(60_000);
    assert.equal(owner.refusals, []);
    if (left === "parked") {
      assert.equal(world.ids, [one.webhookId]);
      assert.is(owner.rows.get(one.rowId)?.state, "parked");
    } else {
      assert.equal(world.ids, [one.webhookId, one.webhookId, two.webhookId]);
    }
  });
}

for (const [what, stepMs] of [
  ["back a day", -86_400_000],
  ["ahead a day", 86_400_000],
] as const) {
  test(`keeps its retry times when the wall clock is set ${what}`, async () => {
    const world = new DeliveryWorld([one]);
    const answers = [answer(500), OK];
    world.respond = () => answers.shift() ?? OK;
    const owner = await started(world);
    await world.time.advance(10);
    world.time.stepWall(stepMs);
    const fresh = rowOf({ incident: incidentIdOf(3), createdAt: unixMs(START + stepMs) });
    owner.add(fresh);
    await world.time.advance(1_000);
    assert.equal(world.ids, [one.webhookId, fresh.webhookId, one.webhookId]);
  });
}

test("ends its attempts before it stops, and starts no new one", async () => {
  const world = new DeliveryWorld(many(40));
  const pending: (() => void)[] = [];
  world.respond = () => new Promise((resolve) => pending.push(() => resolve(OK)));
  const owner = await started(world);
  await world.time.advance(0);
  let stopped = false;
  const stopping = owner.reconciler.stop().then(() => {
    stopped = true;
  });
  await world.time.advance(1_000);
  assert.is(stopped, false);
  for (const resolve of pending) resolve();
  await world.time.advance(0);
  await stopping;
  assert.equal([world.received.length, world.rows.size], [16, 24]);
});

test("does not wait longer than two seconds for a stop", async () => {
  const world = new DeliveryWorld([one]);
  world.respond = () => new Promise(() => {});
  const owner = await started(world);
  await world.time.advance(0);
  const stopping = owner.reconciler.stop();
  await world.time.advance(2_000);
  await stopping;
  assert.is(world.rows.get(one.rowId)?.state, "sending");
});

function many(count: number): OutboxRow[] {
  return Array.from({ length: count }, (_, index) =>
    rowOf({ incident: incidentIdOf(index), family: index % 2 === 0 ? "guest" : "host" }),
  );
}

test.run();
