import { DELIVERY_DEFAULTS, type Verdict } from "@herdbeat/aggregator/core/delivery";
import {
  DESTINATION_OPEN,
  type DestinationHealth,
  healthAfter,
  resumed,
} from "@herdbeat/aggregator/core/destination-health";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { START } from "../../../support/delivery-builders.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("destination-health");
const worst: Random = { next: () => 0.999_999, hex: () => "" };
const at = (ms: number): ReturnType<typeof unixMs> => unixMs(START + ms);

const retry: Verdict = { kind: "retry", retryAfter: null };
const accepted: Verdict = { kind: "accepted", known: false };
const refused: Verdict = { kind: "refused", gone: false };

/** Attempts that start and end at the given instants. */
function run(
  steps: readonly (readonly [number, Verdict])[],
  from: DestinationHealth = DESTINATION_OPEN,
): { health: DestinationHealth; alerts: string[] } {
  let health = from;
  const alerts: string[] = [];
  for (const [ms, verdict] of steps) {
    const attempt = { verdict, startedAt: at(ms), because: "answered 500" };
    const step = healthAfter(health, attempt, at(ms), worst, DELIVERY_DEFAULTS);
    health = step.health;
    if (step.alert !== null) alerts.push(`${ms} ${step.alert}`);
  }
  return { health, alerts };
}

const fiveFailures = [0, 1, 2, 3, 4].map((ms) => [ms, retry] as const);

test("stays open below five failures in a row", () => {
  assert.equal(run(fiveFailures.slice(0, 4)), {
    health: { state: "open", failures: 4, recoveredAt: null },
    alerts: [],
  });
});

test("forgets failures at the first acceptance", () => {
  const { health } = run([...fiveFailures.slice(0, 4), [5, accepted], [6, retry]]);
  assert.equal(health, { state: "open", failures: 1, recoveredAt: null });
});

test("closes to all but trials at the fifth failure, and says so once", () => {
  assert.equal(run([...fiveFailures, [1_500, retry]]), {
    health: {
      state: "failing",
      failures: 6,
      since: at(4),
      trialAt: at(3_500),
      freshTrialAt: at(2_500),
      because: "answered 500",
    },
    alerts: ["4 destination-failing"],
  });
});

test("spaces trials by at most thirty seconds", () => {
  const trials = Array.from(
    { length: 50 },
    (_, index) => [100_000 + index * 40_000, retry] as const,
  );
  const { health } = run([...fiveFailures, ...trials]);
  assert.ok(health.state === "failing");
  assert.is(health.trialAt, at(100_000 + 49 * 40_000 + 30_000));
});

test("learns nothing from attempts that began before the closing", () => {
  const { health } = run(fiveFailures);
  const echo = { verdict: retry, startedAt: at(3), because: "late" };
  assert.is(healthAfter(health, echo, at(9_000), worst, DELIVERY_DEFAULTS).health, health);
});

test("opens at the first answered trial, and says so", () => {
  assert.equal(run([...fiveFailures, [2_000, { kind: "parked" }]]), {
    health: { state: "open", failures: 0, recoveredAt: at(2_000) },
    alerts: ["4 destination-failing", "2000 destination-recovered"],
  });
});

test("waits as a whole for as long as a 503 asks, without an alert", () => {
  const { health, alerts } = run([[0, { kind: "retry", retryAfter: durationMs(7_000) }]]);
  assert.equal(alerts, []);
  assert.ok(health.state === "failing");
  assert.equal([health.trialAt, health.freshTrialAt], [at(7_000), at(7_000)]);
});

test("pauses when refused, tries again after five minutes, tells once", () => {
  const { health, alerts } = run([
    [0, refused],
    [300_000, refused],
    [600_000, retry],
  ]);
  assert.equal(health, {
    state: "paused",
    since: at(0),
    trialAt: at(900_000),
    because: "answered 500",
  });
  assert.equal(alerts, ["0 destination-paused"]);
});

test("stays paused until a person resumes it when the receiver is gone", () => {
  const { health } = run([
    [0, { kind: "refused", gone: true }],
    [5, retry],
    [6, { kind: "parked" }],
  ]);
  assert.ok(health.state === "paused");
  assert.is(health.trialAt, null);
  assert.equal(resumed(at(9)), { state: "open", failures: 0, recoveredAt: at(9) });
});

test("opens a paused destination when a trial is accepted", () => {
  const { health, alerts } = run([
    [0, refused],
    [300_000, accepted],
  ]);
  assert.equal(health, { state: "open", failures: 0, recoveredAt: at(300_000) });
  assert.equal(alerts, ["0 destination-paused", "300000 destination-recovered"]);
});

test.run();
