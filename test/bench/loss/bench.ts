/**
 * Paths that lose packets or flip: 1 to 40 % on a quarter of the agents, 80 % on one in a hundred,
 * one way for 20 s and back; between agents and aggregators, and on all paths.
 *
 *   npm run bench -- loss [--agents 400] [--minutes 10] [--seed N] [--resume FILE]
 *
 * Frames on a lossy path arrive late and in order, as TCP repeats them; probes are lost.
 */
import { parseArgs } from "node:util";
import type { PathFault } from "../../sim/network.ts";
import type { Bench, BenchContext, BenchResult } from "../lib/bench.ts";
import type { Sample } from "../lib/raw-file.ts";
import { drawnSeed, wholeNumber } from "../lib/seed.ts";
import { SimFleet } from "../lib/sim-fleet.ts";
import { quantile, rounded } from "../lib/statistics.ts";

const MINUTE_MS = 60_000;
const FLIP_MS = 20_000;

interface GridCell {
  readonly name: string;
  readonly share: number;
  readonly loss: number;
  readonly flips: boolean;
}

const GRID: readonly GridCell[] = [
  ...[0.01, 0.05, 0.1, 0.2, 0.4].map((loss) => ({
    name: `${loss * 100} % on a quarter`,
    share: 0.25,
    loss,
    flips: false,
  })),
  { name: "80 % on one in a hundred", share: 0.01, loss: 0.8, flips: false },
  { name: "20 s one way and back on a quarter", share: 0.25, loss: 0, flips: true },
];

export const bench: Bench = {
  title: "lossy and flapping paths",
  run: (context) => measure(context),
};

async function measure({ args, raw, say }: BenchContext): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agents: { type: "string", default: "400" },
      minutes: { type: "string", default: "10" },
      seed: { type: "string" },
    },
  });
  const agents = wholeNumber(values.agents, "agents");
  const minutes = wholeNumber(values.minutes, "minutes");
  const seed = await drawnSeed(raw, values.seed);
  say(`seed ${seed}`);
  const cells: Sample[] = [];
  for (const [index, grid] of GRID.entries()) {
    const cell = await raw.cell(grid.name, () =>
      oneCell(grid, { seed: seed + index, agents, minutes }),
    );
    cells.push(cell);
    say(`${grid.name}: ${JSON.stringify({ ...cell, degradedMs: undefined })}`);
  }
  const degraded = cells.flatMap((cell) => cell["degradedMs"] as readonly number[]);
  return {
    parameters: { agents, minutes, seed },
    fields: {
      simulated: true,
      falseDeclarations: sumOf(cells, "falseDeclarations"),
      stateChangesPerAgent10Min: Math.max(...cells.map((cell) => Number(cell["stateChangesMax"]))),
      degradedNamed: degraded.length,
      degradedNamedP99Ms: degraded.length === 0 ? null : quantile(degraded, 0.99),
      commits: sumOf(cells, "commits"),
      cells: cells.map(({ degradedMs: _, ...cell }) => cell),
    },
  };
}

async function oneCell(
  { name, share, loss, flips }: GridCell,
  options: { readonly seed: number; readonly agents: number; readonly minutes: number },
): Promise<Sample> {
  const fleet = new SimFleet(options.seed);
  await fleet.start(options.agents, 2);
  const { world } = fleet;
  const harmed = [...world.agents.values()].filter(() => world.random.next() < share);
  const begin = world.time.now;
  fleet.stateChanges.clear();
  const clean = { aggregator: null, blocked: false, loss: 0, delayMs: 0, duplicates: 0 };
  const lossy: PathFault = { ...clean, direction: "both", loss, repeats: true };
  const ways = ["to-aggregator", "to-node"] as const;
  if (!flips) for (const { paths } of harmed) paths.add(lossy);
  for (let flip = 0; world.time.now < begin + options.minutes * MINUTE_MS; flip++) {
    const cut: PathFault = { ...clean, direction: ways[flip % 2] ?? "both", blocked: true };
    if (flips) for (const { paths } of harmed) paths.add(cut);
    await world.run(FLIP_MS);
    for (const { paths } of flips ? harmed : []) paths.remove(cut, world.time.now);
    if (flips) await world.run(FLIP_MS);
  }
  // Of a longer run; a shorter one is not extrapolated.
  const tenMinutes = Math.max(1, options.minutes / 10);
  return {
    name,
    seed: options.seed,
    harmed: harmed.length,
    falseDeclarations: fleet.falseDeclarations.length,
    commits: fleet.commits,
    stateChangesMax: rounded(Math.max(0, ...fleet.stateChanges.values()) / tenMinutes),
    degradedMs: harmed.flatMap(({ id }) => {
      const at = fleet.degradedAt.get(id);
      return at === undefined ? [] : [at - begin];
    }),
  };
}

function sumOf(cells: readonly Sample[], of: string): number {
  return cells.reduce((sum, cell) => sum + Number(cell[of]), 0);
}
