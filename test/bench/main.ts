/**
 * npm run bench -- NAME [--json] [--out DIR] [--resume FILE] [the bench's own options]
 *
 * Prints a table, or with --json one JSON object as the last line of standard output. Raw samples
 * lie in a JSONL file beside the result. Ends with 0 when the measurement was made, whatever the
 * figures are; with 2 when a precondition is missing; with 1 when it could not be made.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Bench, type Field, PreconditionError } from "./lib/bench.ts";
import { RawFile } from "./lib/raw-file.ts";
import { fieldTable } from "./lib/table.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
const OUT_DEFAULT = join(ROOT, ".herdbeat/bench");

interface FrameOptions {
  readonly json: boolean;
  readonly out: string;
  readonly resume: string | null;
  readonly rest: readonly string[];
}

function frameOptions(argv: readonly string[]): FrameOptions {
  const rest: string[] = [];
  let json = false;
  let out = OUT_DEFAULT;
  let resume: string | null = null;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (word === "--json") json = true;
    else if (word === "--out") out = argv[++at] ?? out;
    else if (word === "--resume") resume = argv[++at] ?? null;
    else rest.push(word);
  }
  return { json, out, resume, rest };
}

function benchNames(): readonly string[] {
  return readdirSync(HERE).filter((name) => existsSync(join(HERE, name, "bench.ts")));
}

async function loadBench(name: string): Promise<Bench> {
  const file = join(HERE, name, "bench.ts");
  const module = (await import(pathToFileURL(file).href)) as { readonly bench: Bench };
  return module.bench;
}

/** The tree's commit; a changed tree says so. */
function commit(): string {
  const git = (...args: readonly string[]): string =>
    spawnSync("git", args, { cwd: ROOT, encoding: "utf8" }).stdout.trim();
  const head = git("rev-parse", "--short=12", "HEAD");
  return git("status", "--porcelain") === "" ? head : `${head}-dirty`;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = "", ...args] = argv;
  if (!benchNames().includes(name)) {
    console.error(`usage: npm run bench -- NAME [--json] ...\nbenches: ${benchNames().join(", ")}`);
    return 1;
  }
  const options = frameOptions(args);
  const bench = await loadBench(name);
  const startedAt = new Date().toISOString();
  const stamp = startedAt.replaceAll(/[:.]/g, "-");
  const rawPath = options.resume ?? join(options.out, `${name}-${stamp}.jsonl`);
  const raw = new RawFile(rawPath, options.resume !== null);
  const started = performance.now();
  console.error(`${name}: ${bench.title}`);
  const say = (text: string): void => console.error(text);
  try {
    const { parameters, fields } = await bench.run({ args: options.rest, raw, say });
    const result: Readonly<Record<string, Field>> = {
      name,
      commit: commit(),
      node: process.version,
      startedAt,
      durationS: Math.round((performance.now() - started) / 1_000),
      ...parameters,
      ...fields,
      rawFile: basename(raw.path),
      rawSha256: raw.sha256(),
    };
    writeFileSync(raw.path.replace(/\.jsonl$/, ".json"), `${JSON.stringify(result, null, 2)}\n`);
    console.log(options.json ? JSON.stringify(result) : fieldTable(result));
    return 0;
  } catch (error) {
    console.error(error instanceof PreconditionError ? error.message : error);
    return error instanceof PreconditionError ? 2 : 1;
  }
}

process.exit(await main(process.argv.slice(2)));
