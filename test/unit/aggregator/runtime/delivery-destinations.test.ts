import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { DestinationName } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { incidentIdOf, RECOVERY, rowOf, START } from "../../../support/delivery-builders.ts";
import { answer, DeliveryWorld, OK, takeOver } from "../../../support/delivery-world.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("delivery-destinations");

const two = rowOf({ transition: 2 });
const one = rowOf({ transition: 1 });

async function started(world: DeliveryWorld, options: Parameters<typeof takeOver>[1] = {}) {
  const owner = takeOver(world, options);
  await owner.reconciler.start();
  return owner;
}

const request = rowOf({ kind: "request", body: '{"requestedAction":{"kind":"migrate"}}' });

test("gives every attempt of a request a fresh notAfter under the same id", async () => {
  const world = new DeliveryWorld([request]);
  const answers = [answer(412), answer(500), OK];
  world.respond = () => answers.shift() ?? OK;
  await started(world);
  await world.time.advance(10_000);
  const deadlines = world.received.map(({ atMs, row }) => {
    const { requestedAction } = JSON.parse(row.body) as { requestedAction: { notAfter: string } };
    return Date.parse(requestedAction.notAfter) - START - atMs;
  });
  assert.equal(deadlines, [30_000, 30_000, 30_000]);
  assert.equal(new Set(world.ids).size, 1);
  assert.is(world.rows.size, 0);
});

test("stores a request without any attempt's notAfter", async () => {
  const world = new DeliveryWorld([request]);
  world.respond = () => answer(500);
  await started(world);
  await world.time.advance(0);
  assert.is(world.rows.get(request.rowId)?.body, request.body);
});

test("supersedes a request that is no longer true, and pages if the node is still out", async () => {
  const world = new DeliveryWorld([request, two]);
  const owner = takeOver(world);
  owner.check = () => ({ kind: "supersede", because: "policy changed", page: true });
  await owner.reconciler.start();
  await world.time.advance(0);
  assert.equal(world.ids, [two.webhookId]);
  assert.equal(
    owner.alerts.map((alert) => [alert.kind, alert.because]),
    [["request-superseded", "policy changed"]],
  );
  assert.match(world.history[0]?.json ?? "", /superseded/);
});

test("looks again every second at a request that has to wait", async () => {
  const world = new DeliveryWorld([request]);
  const owner = takeOver(world);
  let looks = 0;
  owner.check = () => {
    looks += 1;
    return looks < 4
      ? { kind: "wait", because: "disarmed" }
      : { kind: "send", validFor: durationMs(1_000) };
  };
  await owner.reconciler.start();
  await world.time.advance(3_100);
  assert.equal([looks, world.ids.length], [4, 1]);
});

test("sends facts but no requests when too few replicas have the claim", async () => {
  const fact = rowOf({ incident: incidentIdOf(5) });
  const world = new DeliveryWorld([request, fact]);
  world.replicasMet = false;
  const owner = await started(world);
  await world.time.advance(500);
  assert.equal(world.ids, [fact.webhookId]);
  assert.equal(
    owner.alerts.map((alert) => alert.kind),
    ["replicas-unmet"],
  );
  world.replicasMet = true;
  await world.time.advance(1_500);
  assert.equal(world.ids, [fact.webhookId, request.webhookId]);
});

function many(count: number): OutboxRow[] {
  return Array.from({ length: count }, (_, index) =>
    rowOf({ incident: incidentIdOf(index), family: index % 2 === 0 ? "guest" : "host" }),
  );
}

test("asks a dead receiver once per trial, however many rows wait, then drains them all", async () => {
  const world = new DeliveryWorld(many(1_000));
  let down = true;
  world.respond = () => (down ? { kind: "not-sent", detail: "ECONNREFUSED" } : OK);
  const owner = await started(world);
  await world.time.advance(600_000);
  const during = world.received.length;
  // Rows that were never tried may be a trial once a second.
  assert.ok(during <= 16 + 620, `${during} attempts in ten minutes`);
  down = false;
  await world.time.advance(30_000);
  assert.is(world.rows.size, 0);
  assert.is(world.received.length - during, 1_000);
  assert.equal(
    owner.alerts.map((alert) => alert.kind),
    ["destination-failing", "destination-recovered"],
  );
});

test("tries a new declaration within a second although the receiver has been down for an hour", async () => {
  const world = new DeliveryWorld([one]);
  world.respond = () => answer(500);
  const owner = await started(world);
  await world.time.advance(3_600_000);
  const fresh = rowOf({ incident: incidentIdOf(5) });
  const before = world.received.length;
  owner.add(fresh);
  await world.time.advance(1_000);
  assert.ok(world.ids.slice(before).includes(fresh.webhookId));
});

test("sends hosts before guests when a receiver comes back", async () => {
  const world = new DeliveryWorld(many(100));
  await started(world);
  await world.time.advance(0);
  const families = world.received.map((entry) => entry.row.family);
  assert.equal(
    families.slice(0, 50).filter((family) => family === "guest"),
    [],
  );
});

test("never has more under way to one destination than it may", async () => {
  const world = new DeliveryWorld(many(100));
  world.respond = () => new Promise(() => {});
  const owner = await started(world);
  await world.time.advance(60_000);
  assert.equal([world.received.length, owner.reconciler.underWay], [16, 16]);
});

test("lets one destination's trouble not touch another", async () => {
  const pager = "pager" as DestinationName;
  const toPager = many(5).map((row) => rowOf({ incident: row.incident, destination: pager }));
  const world = new DeliveryWorld([...many(100), ...toPager]);
  world.respond = (row) => (row.destination === pager ? OK : new Promise(() => {}));
  await started(world, { destinations: [RECOVERY, pager] });
  await world.time.advance(0);
  assert.is(world.received.filter((entry) => entry.row.destination === pager).length, 5);
});

test("pauses a destination that refuses us until it is resumed, and tells once", async () => {
  const world = new DeliveryWorld(many(20));
  let gone = true;
  world.respond = () => (gone ? answer(410) : OK);
  const owner = await started(world);
  await world.time.advance(7_200_000);
  assert.ok(world.received.length <= 16);
  assert.equal(
    owner.alerts.map((alert) => alert.kind),
    ["destination-paused"],
  );
  gone = false;
  assert.is(owner.reconciler.resume("nowhere" as DestinationName), false);
  assert.is(owner.reconciler.resume(RECOVERY), true);
  await world.time.advance(0);
  assert.is(world.rows.size, 0);
});

test("keeps rows for a destination that is no longer configured, and tells once", async () => {
  const rows = many(3).map((row) =>
    rowOf({ incident: row.incident, destination: "x" as DestinationName }),
  );
  const world = new DeliveryWorld(rows);
  const owner = await started(world);
  await world.time.advance(60_000);
  assert.is(world.rows.size, 3);
  assert.equal(
    owner.alerts.map((alert) => alert.kind),
    ["destination-unknown"],
  );
});

test.run();
