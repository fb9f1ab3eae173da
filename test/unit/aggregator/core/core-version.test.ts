// Inputs that a core of this version recorded must give the same result for as long as the version
// stays: otherwise an upgrade would make sound decisions of the past look wrong.
import { existsSync, readFileSync } from "node:fs";
import { CORE_VERSION } from "@herdbeat/aggregator/core/decision-text";
import { replayIncident } from "@herdbeat/aggregator/core/replay";
import * as assert from "uvu/assert";
import { type DecidedScenario, decidedScenarios } from "../../../support/decision-scenarios.ts";
import { readableIncidentId } from "../../../support/replay-check.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("core version");

const FILE = new URL(`../../../fixtures/decisions/core-${CORE_VERSION}.json`, import.meta.url);
const WHAT_TO_DO =
  "raise CORE_VERSION in aggregator/src/core/decision-text.ts, then run test/tools/record-decisions.ts";

const recorded = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, "utf8")) as readonly DecidedScenario[])
  : [];

test("what this version of the core decided is on record for every scenario", () => {
  assert.equal(
    recorded.map(({ name }) => name),
    decidedScenarios().map(({ name }) => name),
    WHAT_TO_DO,
  );
});

for (const { name, incident } of recorded) {
  test(`decides "${name}" as it did when it was recorded`, () => {
    const replayed = replayIncident(incident, readableIncidentId);
    assert.is(replayed.verdict, "agrees", `${WHAT_TO_DO}: ${JSON.stringify(replayed)}`);
  });
}

test.run();
