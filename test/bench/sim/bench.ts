/**
 * The simulator over fresh seeds, mixed: small worlds that never rest and fleets that mostly do.
 *
 *   npm run bench -- sim [--node-hours 2000] [--seed N]
 *   npm run bench -- sim --node-hours 100000 --resume FILE      # a long run in pieces
 *
 * Every second world is a storm: few nodes, faults all the time. The others are fleets: a quarter of
 * an hour with twelve faults per node and hour, then hours of calm in which nothing may be declared.
 * `faultsPerFaultedHour` counts per node: faults / (nodes x hours in which any fault was under way).
 */
import { parseArgs } from "node:util";
import { systemRandom } from "@herdbeat/shared/system-random";
import { describeFailure, type SimOptions, simulate } from "../../sim/simulate.ts";
import { STATE_PAIRS } from "../../sim/state-pairs.ts";
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  PreconditionError,
} from "../lib/bench.ts";
import type { Sample } from "../lib/raw-file.ts";
import { rounded } from "../lib/statistics.ts";

interface Cell extends Sample {
  readonly seed: number;
  readonly nodes: number;
  readonly nodeHours: number;
  readonly framesStepped: number;
  readonly faults: number;
  readonly faultedHours: number;
  readonly violations: number;
  readonly cpuSeconds: number;
  readonly statePairs: readonly string[];
}

const SEEDS = 0x7fff_ffff;

export const bench: Bench = {
  title: "the simulator over fresh seeds",
  run: (context) => measure(context),
};

async function measure({ args, raw, say }: BenchContext): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "node-hours": { type: "string", default: "2000" },
      nodes: { type: "string", default: "2000" },
      calm: { type: "string", default: "1" },
      seed: { type: "string" },
    },
  });
  const [wanted, nodes, calm] = [values["node-hours"], values.nodes, values.calm].map(Number);
  if (wanted === undefined || nodes === undefined || calm === undefined || !(wanted > 0))
    throw new PreconditionError("--node-hours, --nodes and --calm are numbers");
  const begin = await raw.cell("begin", () =>
    Promise.resolve({
      firstSeed: Number(values.seed ?? parseInt(systemRandom.hex(4), 16) % SEEDS),
    }),
  );
  const first = Number(begin["firstSeed"]);
  say(`seeds from ${first} on`);
  const cells: Cell[] = [];
  for (let world = 0; sumOf(cells, "nodeHours") < wanted; world++) {
    const seed = first + world;
    const options: SimOptions =
      world % 2 === 0
        ? { seed, hours: 0.3, nodes: 25, aggregators: 3 }
        : { seed, hours: 0.3, nodes, aggregators: 3, calmHours: calm, faultsPerNodeHour: 12 };
    const cell = (await raw.cell(`world ${world}`, () => one(options, say))) as Cell;
    cells.push(cell);
    say(`world ${world}: ${rounded(sumOf(cells, "nodeHours"), 0)} node-hours so far`);
  }
  return { parameters: { nodeHoursWanted: wanted, firstSeed: first }, fields: fieldsOf(cells) };
}

async function one(options: SimOptions, say: (text: string) => void): Promise<Sample> {
  const before = process.cpuUsage();
  const outcome = await simulate(options);
  const used = process.cpuUsage(before);
  if (outcome.violations.length > 0) say(describeFailure(outcome));
  return {
    ...options,
    ...outcome.figures,
    failed: outcome.violations,
    cpuSeconds: (used.user + used.system) / 1e6,
    statePairs: outcome.statePairs,
  };
}

function fieldsOf(cells: readonly Cell[]): BenchResult["fields"] {
  const visited = new Set(cells.flatMap(({ statePairs }) => statePairs));
  const faultedNodeHours = cells.reduce((sum, one) => sum + one.faultedHours * one.nodes, 0);
  return {
    simulated: true,
    nodeHours: rounded(sumOf(cells, "nodeHours")),
    framesStepped: sumOf(cells, "framesStepped"),
    faultsPerFaultedHour: rounded(sumOf(cells, "faults") / faultedNodeHours),
    nodeHoursPerCpuSecond: rounded(sumOf(cells, "nodeHours") / sumOf(cells, "cpuSeconds")),
    violations: sumOf(cells, "violations"),
    seedsFailed: cells.filter(({ violations }) => violations > 0).map(({ seed }) => seed),
    statePairsVisited: STATE_PAIRS.filter((pair) => visited.has(pair)).length,
    statePairs: STATE_PAIRS.length,
    statePairsMissing: STATE_PAIRS.filter((pair) => !visited.has(pair)),
    mutantsKilled: null,
    mutants: null,
    protocolBugsCaught: null,
    protocolBugs: null,
  };
}

type Count = "nodeHours" | "framesStepped" | "faults" | "violations" | "cpuSeconds";

function sumOf(cells: readonly Cell[], of: Count): number {
  return cells.reduce((sum, cell) => sum + cell[of], 0);
}
