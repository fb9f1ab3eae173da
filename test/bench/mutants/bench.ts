/**
 * How many small changes of the aggregator's core and runtime the tests notice.
 *
 *   npm run bench -- mutants [--count 300] [--seed N] --resume FILE
 *
 * Mutants are drawn among all that the operators make. Each runs in a copy of the repository: first the
 * unit tests that import the module, then all of the aggregator's, then the scenarios, then three seeds
 * of the simulator. The first that fails, or does not end, has killed it. A survivor is printed whole.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "@herdbeat/shared/random";
import { makeTempDir } from "../../support/temp-dir.ts";
import { ROOT } from "../../tools/invariants.ts";
import { copyRepository } from "../../tools/repository-copy.ts";
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  PreconditionError,
} from "../lib/bench.ts";
import type { Sample } from "../lib/raw-file.ts";
import { drawnSeed, wholeNumber } from "../lib/seed.ts";
import { type Mutant, mutantsOf, mutated } from "./operators.ts";

const FOLDERS = ["aggregator/src/core", "aggregator/src/runtime"];
const UNIT = "test/unit/aggregator";
const SCENARIO = ["test/scenario/stories.test.ts"];
const SIM = ["--import", "tsx", "--conditions=source", "test/sim/main.ts"];
const SIM_ARGS = ["--runs", "3", "--hours", "0.1", "--aggregators", "3"];
const DEADLINE_MS = 900_000;
const OUTPUT_BYTES_MAX = 50_000_000;

interface Placed extends Mutant {
  readonly file: string;
}

export const bench: Bench = { title: "seeded mutants", run: (context) => measure(context) };

async function measure({ args, raw, say }: BenchContext): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: { count: { type: "string", default: "300" }, seed: { type: "string" } },
  });
  const count = wholeNumber(values.count, "count");
  const seed = await drawnSeed(raw, values.seed);
  const all = FOLDERS.flatMap(sourcesIn).flatMap((file) =>
    mutantsOf(readFileSync(join(ROOT, file), "utf8")).map((mutant) => ({ ...mutant, file })),
  );
  const chosen = drawn(all, count, seed);
  say(`seed ${seed}: ${chosen.length} of ${all.length} mutants`);
  const folder = makeTempDir("seeded-mutants");
  const results: Sample[] = [];
  try {
    copyRepository(folder.path);
    const broken = killerOf(folder.path, "no-module-of-this-name");
    if (broken !== null) throw new PreconditionError(`without a mutant, ${broken} fails`);
    for (const one of chosen) {
      const key = `${one.file}:${one.line + 1} ${one.operator}`;
      const result = await raw.cell(key, () => Promise.resolve(tried(folder.path, one)));
      results.push(result);
      if (result["killedBy"] === null) say(`SURVIVED ${key}\n- ${one.before}\n+ ${one.after}`);
      say(`${results.length} of ${chosen.length}`);
    }
  } finally {
    folder.remove();
  }
  const survived = results.filter((one) => one["killedBy"] === null);
  return {
    parameters: { seed, candidates: all.length },
    fields: {
      mutants: results.length,
      mutantsKilled: results.length - survived.length,
      survivors: survived.map((one) => one["cell"]),
    },
  };
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

function drawn(all: readonly Placed[], count: number, seed: number): readonly Placed[] {
  const random = seededRandom(seed);
  return all
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ one }) => one);
}

function tried(copy: string, mutant: Placed): Sample {
  const file = join(copy, mutant.file);
  const original = readFileSync(file, "utf8");
  writeFileSync(file, mutated(original, mutant));
  try {
    return { ...mutant, killedBy: killerOf(copy, basename(mutant.file, ".ts")) };
  } finally {
    writeFileSync(file, original);
  }
}

/** What noticed it; null: nothing did. */
function killerOf(copy: string, module: string): string | null {
  const tests = readdirSync(join(copy, UNIT), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${UNIT}/${name}`);
  const near = tests.filter((name) =>
    readFileSync(join(copy, name), "utf8").includes(`/${module}"`),
  );
  const runner = "test/tools/run-tests.mjs";
  if (near.length > 0 && fails(copy, [runner, ...near])) return "its own unit tests";
  if (fails(copy, [runner, ...tests])) return "unit tests";
  if (fails(copy, [runner, ...SCENARIO])) return "scenarios";
  return fails(copy, [...SIM, ...SIM_ARGS]) ? "simulator" : null;
}

function fails(copy: string, args: readonly string[]): boolean {
  const { status } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: "utf8",
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  return status !== 0;
}
