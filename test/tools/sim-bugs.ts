// `npm run sim:bugs`: puts protocol bugs into a copy of the repository and expects the simulator to
// find each, by the checker that is named for it.
//
// Usage: npm run sim:bugs [-- <id>...]      about ten seconds for each; the working tree is never changed
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../support/temp-dir.ts";
import { ROOT } from "./invariants.ts";
import { copyRepository } from "./repository-copy.ts";

interface Bug {
  readonly id: string;
  readonly checker: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly seed: number;
  readonly aggregators?: number;
}

/** As many seeds from the bug's own on may be needed. */
const SEEDS_MAX = 6;
const RUN_DEADLINE_MS = 300_000;
const OUTPUT_BYTES_MAX = 50_000_000;

function main(wanted: readonly string[]): void {
  const all = JSON.parse(readFileSync(join(ROOT, "test/sim/bugs.json"), "utf8")) as readonly Bug[];
  const unknown = wanted.filter((id) => all.every((bug) => bug.id !== id));
  if (unknown.length > 0) throw new Error(`no such bug: ${unknown.join(", ")}`);
  const chosen = all.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  const folder = makeTempDir("sim-bugs");
  try {
    copyRepository(folder.path);
    const found = chosen.filter((bug) => isFound(folder.path, bug)).length;
    console.log(`${found} passed, ${chosen.length - found} failed, 0 skipped`);
    process.exitCode = found === chosen.length ? 0 : 1;
  } finally {
    folder.remove();
  }
}

function isFound(copy: string, bug: Bug): boolean {
  const file = join(copy, bug.file);
  const original = readFileSync(file, "utf8");
  const parts = original.split(bug.find);
  if (parts.length !== 2) return report(bug.id, "its text is not there once", false);
  writeFileSync(file, parts.join(bug.replace));
  try {
    for (let seed = bug.seed; seed < bug.seed + SEEDS_MAX; seed++) {
      const checkers = checkersThatFail(copy, bug, seed);
      if (checkers.includes(bug.checker)) return report(bug.id, `found by ${bug.checker}`, true);
      if (checkers.length > 0)
        console.log(`     ${bug.id}: seed ${seed} fails at ${checkers.join(", ")}`);
    }
    return report(bug.id, `NOT FOUND by ${bug.checker}`, false);
  } finally {
    writeFileSync(file, original);
  }
}

function checkersThatFail(copy: string, bug: Bug, seed: number): readonly string[] {
  const options = ["--seed", seed, "--hours", 0.1, "--aggregators", bug.aggregators ?? 2];
  const { stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--conditions=source", "test/sim/main.ts", ...options.map(String)],
    { cwd: copy, encoding: "utf8", timeout: RUN_DEADLINE_MS, maxBuffer: OUTPUT_BYTES_MAX },
  );
  const names = [...stdout.matchAll(/^VIOLATION (\S+)/gm)].map((match) => match[1] ?? "");
  return [...new Set(names)];
}

function report(id: string, text: string, isGood: boolean): boolean {
  console.log(`${isGood ? "ok  " : "FAIL"} ${id}: ${text}`);
  return isGood;
}

main(process.argv.slice(2));
