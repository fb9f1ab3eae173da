// deadline: 120s
// The kept seeds: every one that ever failed, and a few more. A seed that fails says how to have it again.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { describeFailure, type SimOptions, simulate } from "../sim/simulate.ts";
import { suite } from "../support/suite.ts";

const test = suite("sim-seeds");
const SEEDS_FILE = new URL("../sim/seeds.json", import.meta.url);
const seeds = JSON.parse(readFileSync(SEEDS_FILE, "utf8")) as readonly (SimOptions & {
  readonly why: string;
})[];

for (const { why, ...options } of seeds) {
  test(`seed ${options.seed}: ${why}`, async () => {
    const outcome = await simulate(options);
    assert.ok(outcome.violations.length === 0, describeFailure(outcome));
    assert.ok(outcome.figures.faults > 10 && outcome.effects > 0, "a run in which nothing happens");
  }, 60_000);
}

test("a run is the same each time", async () => {
  const options = { seed: 5, hours: 0.01, nodes: 8, aggregators: 2 };
  const [first, second] = [await simulate(options), await simulate(options)];
  assert.equal(first.lines, second.lines);
  assert.equal(first.faults, second.faults);
});

test.run();
