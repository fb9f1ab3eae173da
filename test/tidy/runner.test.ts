import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { deadlineOf, nodeArguments, runFile } from "../tools/run-tests.mjs";
import { CHECKED_SUITES, CI_SCRIPTS } from "../tools/suites.mjs";
import { ROOT, textFiles } from "./source-files.ts";

const test = suite("runner");

const sample = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/runner/${name}.ts`, import.meta.url));

async function verdict(name: string, strictSkips = false): Promise<unknown> {
  const { passed, failed, skipped, problem } = await runFile(sample(name), strictSkips);
  return { passed, failed, skipped, problem };
}

test("counts the tests of a good file", async () => {
  assert.equal(await verdict("good"), { passed: 2, failed: 0, skipped: 0, problem: null });
});

test("accepts a skip for a reason on the list", async () => {
  assert.equal(await verdict("skipped"), { passed: 1, failed: 0, skipped: 1, problem: null });
});

const broken: readonly (readonly [name: string, problem: RegExp])[] = [
  ["failing", /exit code 1/],
  ["before-throws", /0 of 1 tests passed/],
  ["after-each-throws", /0 of 1 tests passed/],
  ["throws-null", /0 of 1 tests passed/],
  ["without-run", /no test ran/],
  ["without-tests", /no test ran/],
  ["skipped-without-reason", /without a reason/],
  ["hangs", /deadline of 2 s/],
  ["leaks-a-handle", /deadline of 2 s/],
  ["exits-early", /exit code 1/],
  ["crashes", /exit code 1/],
];

for (const [name, problem] of broken)
  test(`calls the file "${name}" failed`, async () => {
    const result = await runFile(sample(name), false);
    assert.ok(result.failed >= 1);
    assert.match(result.problem ?? "", problem);
  });

test("calls a skip for something installable failed in CI", async () => {
  const result = await runFile(sample("skipped"), true);
  assert.is(result.failed, 1);
  assert.match(result.problem ?? "", /can be installed: needs-redis/);
});

test("reads the deadline from the first lines only", () => {
  assert.is(deadlineOf("// why\n// deadline: 300s\nimport 1"), 300_000);
  assert.is(deadlineOf("\n\n\n\n\n\n// deadline: 300s\n"), 60_000);
});

test("uses tsx only where Node cannot strip types", () => {
  assert.ok(nodeArguments("20.19.0").includes("tsx"));
  assert.ok(nodeArguments("22.17.1").includes("tsx"));
  assert.not(nodeArguments("22.18.0").includes("tsx"));
  assert.not(nodeArguments("24.0.0").includes("tsx"));
});

const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const ciScripts = CI_SCRIPTS.map(({ script }) => script);

test("every folder of tests is run by npm test or by continuous integration", () => {
  const folders = textFiles().flatMap(({ path }) => {
    const folder = /^test\/([^/]+)\/.*\.test\.ts$/.exec(path)?.[1];
    return folder === undefined ? [] : [folder];
  });
  const run = new Set<string>(CHECKED_SUITES);
  for (const script of ciScripts) {
    const named = /^node test\/tools\/run-tests\.mjs ([a-z ]+)$/.exec(scripts[script] ?? "")?.[1];
    for (const suiteName of named?.split(" ") ?? []) run.add(suiteName);
  }
  assert.equal(
    [...run].sort(),
    [...new Set(folders)].sort(),
    "folders with tests are those that are run",
  );
  assert.ok(ciScripts.includes("test"));
});

test("what continuous integration runs exists", () => {
  assert.equal(
    ciScripts.filter((script) => scripts[script] === undefined),
    [],
  );
});

test.run();
