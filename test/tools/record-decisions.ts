// Records what the core of this version decides, for test/unit/aggregator/core/core-version.test.ts.
// To be run after CORE_VERSION was raised; the file of the version before it can then go.
// Usage: node --import tsx --conditions=source test/tools/record-decisions.ts
import { writeFileSync } from "node:fs";
import { CORE_VERSION } from "@herdbeat/aggregator/core/decision-text";
import { decidedScenarios } from "../support/decision-scenarios.ts";

const file = new URL(`../fixtures/decisions/core-${CORE_VERSION}.json`, import.meta.url);
writeFileSync(file, `${JSON.stringify(decidedScenarios(), null, 2)}\n`);
