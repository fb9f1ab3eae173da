import * as assert from "uvu/assert";
import { mutantsOf, mutated } from "../../bench/mutants/operators.ts";
import { suite } from "../../support/suite.ts";

const test = suite("operators of seeded mutants");

const changes = (source: string): readonly string[] =>
  mutantsOf(source).map((mutant) => mutated(source, mutant));

for (const [what, source, expected] of [
  ["conditions", "  if (a) return b;", ["  if (!(a)) return b;"]],
  ["comparisons and their boundary", "  x = a <= b;", ["  x = a > b;", "  x = a < b;"]],
  ["statements", "  this.#stop(now);", ["  ;"]],
  ["constants", "  done = true;", ["  done = false;"]],
  ["steps", "  next = last + 1;", ["  next = last + 2;"]],
] as const) {
  test(`changes ${what}`, () => {
    assert.equal(changes(source), expected);
  });
}

for (const source of [
  "// if (a) return b;",
  " * a <= b",
  'import { a } from "./a.ts";',
  '  say = "a <= b";',
  "  this.#deps.logger.warn(a);",
]) {
  test(`leaves ${source.trim()} alone`, () => {
    assert.equal(changes(source), []);
  });
}

test.run();
