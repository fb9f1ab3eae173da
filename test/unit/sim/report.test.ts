import * as assert from "uvu/assert";
import { describeFailure } from "../../sim/simulate.ts";
import { suite } from "../../support/suite.ts";

const test = suite("sim-report");

test("a violation is reported with its checker, every fault and the command that repeats it", () => {
  const text = describeFailure({
    options: { seed: 9, hours: 0.5, nodes: 7, aggregators: 2 },
    figures: { nodeHours: 1, framesStepped: 1, faults: 1, faultedHours: 0, violations: 1 },
    violations: [{ checker: "no-false-host-down", at: 5_000, what: "node-1 was heard" }],
    faults: [{ at: 4_000, fault: { kind: "pause-agent", node: "node-1", ms: 30 } }],
    effects: 0,
    repeats: 0,
    lines: [],
    statePairs: [],
  });
  assert.equal(text.split("\n"), [
    "VIOLATION no-false-host-down at 5000 ms: node-1 was heard",
    "seed 9; faults until then:",
    '  4000 {"kind":"pause-agent","node":"node-1","ms":30}',
    "again: npm run sim -- --seed 9 --hours 0.5 --nodes 7 --aggregators 2",
  ]);
});

test.run();
