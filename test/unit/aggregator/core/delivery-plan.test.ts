import { DELIVERY_DEFAULTS } from "@herdbeat/aggregator/core/delivery";
import { type PlanView, planDeliveries } from "@herdbeat/aggregator/core/delivery-plan";
import type { DestinationHealth } from "@herdbeat/aggregator/core/destination-health";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { DestinationName } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { incidentIdOf, RECOVERY, rowOf, START } from "../../../support/delivery-builders.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("delivery-plan");
const PAGER = "pager" as DestinationName;
const at = (ms: number): ReturnType<typeof unixMs> => unixMs(START + ms);

function viewOf(over: Partial<PlanView> = {}): PlanView {
  return {
    now: START,
    underWay: new Set(),
    underWayTo: new Map(),
    health: new Map(),
    known: new Set([RECOVERY, PAGER]),
    ...over,
  };
}

function readyOf(rows: readonly OutboxRow[], over: Partial<PlanView> = {}): string[] {
  return planDeliveries(rows, viewOf(over), DELIVERY_DEFAULTS).ready.map((row) => row.rowId);
}

const first = rowOf({ transition: 1 });
const second = rowOf({ transition: 2 });
const other = rowOf({ incident: incidentIdOf(9), transition: 2 });
const failing: DestinationHealth = {
  state: "failing",
  failures: 6,
  since: at(-9_000),
  trialAt: at(4_000),
  freshTrialAt: at(0),
  because: "",
};

const ORDER: readonly (readonly [string, readonly OutboxRow[], readonly OutboxRow[]])[] = [
  ["sends transition 1 before 2", [second, first], [first]],
  ["lets a waiting 1 block 2", [second, { ...first, attempts: 1, nextAttemptAt: at(9) }], []],
  [
    "lets a parked 1 block 2 of this incident only",
    [{ ...first, state: "parked" }, second, other],
    [other],
  ],
  ["goes on with 2 when 1 is delivered", [{ ...first, state: "delivered" }, second], [second]],
  ["goes on with 2 when 1 is superseded", [{ ...first, state: "superseded" }, second], [second]],
  ["sends a row left in sending again", [{ ...first, state: "sending", attempts: 1 }], [first]],
  [
    "sends a row never tried whatever its clock said",
    [{ ...first, nextAttemptAt: at(9e9) }],
    [first],
  ],
  [
    "sends a row whose wait is longer than any wait",
    [{ ...first, attempts: 1, nextAttemptAt: at(9e9) }],
    [first],
  ],
];

for (const [name, rows, expected] of ORDER) {
  test(name, () => {
    assert.equal(
      readyOf(rows),
      expected.map((row) => row.rowId),
    );
  });
}

test("keeps lanes of two destinations apart", () => {
  const toPager = rowOf({ transition: 2, destination: PAGER });
  assert.equal(readyOf([{ ...first, state: "parked" }, second, toPager]), [toPager.rowId]);
});

test("does not start 2 while 1 is under way", () => {
  assert.equal(readyOf([first, second], { underWay: new Set([first.rowId]) }), []);
});

test("sends hosts before services before guests, each oldest first", () => {
  const rows = (["guest", "service", "host", "workload", "zone", "host"] as const).map(
    (family, index) =>
      rowOf({ family, incident: incidentIdOf(index), createdAt: at(-index), nextAttemptAt: START }),
  );
  const { ready } = planDeliveries(rows, viewOf(), DELIVERY_DEFAULTS);
  assert.equal(
    ready.map((row) => row.family),
    ["host", "zone", "host", "service", "workload", "guest"],
  );
});

test("fills the free places of a destination, most urgent first", () => {
  const rows = Array.from({ length: 40 }, (_, index) =>
    rowOf({ incident: incidentIdOf(index), family: index === 39 ? "host" : "guest" }),
  );
  const ready = readyOf(rows, { underWayTo: new Map([[RECOVERY, 13]]) });
  assert.is(ready.length, 3);
  assert.is(ready[0], rows[39]?.rowId);
});

test("says when the next wait ends", () => {
  const waiting = { ...first, attempts: 1, nextAttemptAt: at(700) };
  const plan = planDeliveries([waiting], viewOf(), DELIVERY_DEFAULTS);
  assert.equal(plan, { ready: [], wakeAt: at(700), unknown: [] });
});

test("reports rows for a destination that is not configured and keeps them", () => {
  const lost = rowOf({ destination: "gone" as DestinationName });
  assert.equal(planDeliveries([lost], viewOf(), DELIVERY_DEFAULTS).unknown, [lost]);
});

const tried = {
  attempts: 3,
  lastStatus: 500,
  lastAttemptAt: at(-5_000),
  nextAttemptAt: at(200_000),
};

test("tries a failing destination with one row, when the trial is due", () => {
  const rows = [1, 2, 3].map((id) => rowOf({ ...tried, incident: incidentIdOf(id) }));
  const health = new Map([[RECOVERY, failing]]);
  const early = planDeliveries(rows, viewOf({ health }), DELIVERY_DEFAULTS);
  assert.equal([early.ready.length, early.wakeAt], [0, at(4_000)]);
  assert.is(readyOf(rows, { health, now: at(4_000) }).length, 1);
  assert.equal(readyOf(rows, { health, now: at(4_000), underWayTo: new Map([[RECOVERY, 1]]) }), []);
});

test("takes a row that was never tried as the trial, and early", () => {
  const fresh = rowOf({ incident: incidentIdOf(7), family: "guest" });
  const rows = [rowOf({ ...tried, incident: incidentIdOf(1) }), fresh];
  assert.equal(readyOf(rows, { health: new Map([[RECOVERY, failing]]) }), [fresh.rowId]);
});

test("does not try a paused destination before its time, fresh row or not", () => {
  const paused: DestinationHealth = {
    state: "paused",
    since: START,
    trialAt: null,
    because: "410",
  };
  assert.equal(readyOf([first], { health: new Map([[RECOVERY, paused]]), now: at(9e9) }), []);
});

test("makes all rows that failed before due when the destination opens again", () => {
  const rows = [1, 2, 3].map((id) => rowOf({ ...tried, incident: incidentIdOf(id) }));
  const open: DestinationHealth = { state: "open", failures: 0, recoveredAt: at(-1) };
  assert.is(readyOf(rows, { health: new Map([[RECOVERY, open]]) }).length, 3);
  const again = rows.map((row) => ({ ...row, lastAttemptAt: at(0) }));
  assert.is(readyOf(again, { health: new Map([[RECOVERY, open]]) }).length, 0);
});

test("never starts two transitions of one lane, nor more than the free places", () => {
  const rowArbitrary = fc.record({
    incident: fc.integer({ min: 0, max: 6 }).map(incidentIdOf),
    transition: fc.integer({ min: 1, max: 4 }),
    destination: fc.constantFrom(RECOVERY, PAGER),
    family: fc.constantFrom("host" as const, "guest" as const, "service" as const),
    state: fc.constantFrom("waiting" as const, "sending" as const, "parked" as const),
    attempts: fc.integer({ min: 0, max: 3 }),
    nextAttemptAt: fc.integer({ min: -10, max: 10 }).map(at),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(rowArbitrary, { maxLength: 40, selector: laneAndNumber }),
      (parts) => {
        const rows = parts.map((part) => rowOf(part));
        const underWayTo = new Map([[RECOVERY, 14]]);
        const { ready } = planDeliveries(rows, viewOf({ underWayTo }), DELIVERY_DEFAULTS);
        for (const row of ready) {
          const older = rows.filter(
            (candidate) =>
              candidate.incident === row.incident &&
              candidate.destination === row.destination &&
              candidate.transition < row.transition,
          );
          assert.equal(older, []);
        }
        assert.ok(ready.filter((row) => row.destination === RECOVERY).length <= 2);
      },
    ),
  );
});

function laneAndNumber(row: { incident: string; transition: number; destination: string }): string {
  return `${row.incident}.${row.transition}@${row.destination}`;
}

test("plans ten thousand waiting rows", () => {
  const rows = Array.from({ length: 10_000 }, (_, index) =>
    rowOf({ ...tried, incident: incidentIdOf(index), nextAttemptAt: at(1) }),
  );
  const started = performance.now();
  const ready = readyOf(rows);
  console.log(`plan of 10,000 rows: ${(performance.now() - started).toFixed(2)} ms`);
  // All of them were tried and wait for their next time.
  assert.equal(ready, []);
});

test.run();
