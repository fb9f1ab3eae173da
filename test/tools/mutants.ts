// `npm run mutants`: breaks the code on purpose and expects the tests to notice.
//
// Each mutant of test/invariants.json is applied to a copy of the repository; the tests listed for it
// must fail there, and must pass in the copy without the mutant. A mutant that survives means that
// the invariant is not really tested. The working tree is never changed.
//
// Usage: npm run mutants [-- --ci | <invariant-id>...]      --ci: one or two for each invariant, in a minute or two
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../support/temp-dir.ts";
import { type Invariant, readInvariants } from "./invariants.ts";
import { copyRepository } from "./repository-copy.ts";

/** One mutant runs a handful of unit test files. */
const RUN_DEADLINE_MS = 300_000;

function main(words: readonly string[]): void {
  const onlyCi = words.includes("--ci");
  const wanted = words.filter((word) => word !== "--ci");
  const all = readInvariants().filter((one) => one.ci || !onlyCi);
  const unknown = wanted.filter((id) => all.every((invariant) => invariant.id !== id));
  if (unknown.length > 0) throw new Error(`no such invariant: ${unknown.join(", ")}`);
  const chosen = all.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  const folder = makeTempDir("mutants");
  try {
    copyRepository(folder.path);
    const verdicts = chosen.map((invariant) => judge(folder.path, invariant));
    const killed = verdicts.filter(Boolean).length;
    console.log(`${killed} passed, ${verdicts.length - killed} failed, 0 skipped`);
    process.exitCode = killed === verdicts.length ? 0 : 1;
  } finally {
    folder.remove();
  }
}

/** Whether the tests pass as things are and fail with the mutant. */
function judge(copy: string, { id, tests, mutant }: Invariant): boolean {
  const paths = tests.map(({ path }) => path);
  if (!passesAsIs(copy, paths)) return report(id, "its tests fail without the mutant", false);
  const file = join(copy, mutant.file);
  const original = readFileSync(file, "utf8");
  const parts = original.split(mutant.find);
  if (parts.length !== 2) return report(id, "the text of its mutant is not there once", false);
  writeFileSync(file, parts.join(mutant.replace));
  try {
    const survived = runTests(copy, paths);
    return report(id, survived ? "SURVIVED: no test noticed" : "killed", !survived);
  } finally {
    writeFileSync(file, original);
  }
}

const baselines = new Map<string, boolean>();

/** The same files without a mutant are run once, however many mutants they are for. */
function passesAsIs(copy: string, paths: readonly string[]): boolean {
  const key = paths.join(" ");
  const known = baselines.get(key) ?? runTests(copy, paths);
  baselines.set(key, known);
  return known;
}

function report(id: string, text: string, isGood: boolean): boolean {
  console.log(`${isGood ? "ok  " : "FAIL"} ${id}: ${text}`);
  return isGood;
}

function runTests(copy: string, paths: readonly string[]): boolean {
  const result = spawnSync(process.execPath, ["test/tools/run-tests.mjs", ...paths], {
    cwd: copy,
    stdio: "ignore",
    timeout: RUN_DEADLINE_MS,
  });
  return result.status === 0;
}

main(process.argv.slice(2));
