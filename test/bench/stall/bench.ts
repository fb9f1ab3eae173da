/**
 * Aggregators that are stopped, starved of their CPU or blocked, for 0.1 to 60 s, under simulated
 * agents: nobody may be declared for it, and who dies meanwhile must be, soon after.
 *
 *   npm run bench -- stall [--episodes 1000] [--agents 5000] [--seed N] [--resume FILE]
 *
 * Only the simulated half: the real processes are not stalled here (`realEpisodes` is 0).
 */
import { parseArgs } from "node:util";
import type { SimAggregator } from "../../sim/world.ts";
import type { Bench, BenchContext, BenchResult } from "../lib/bench.ts";
import type { Sample } from "../lib/raw-file.ts";
import { drawnSeed, wholeNumber } from "../lib/seed.ts";
import { SimFleet } from "../lib/sim-fleet.ts";

/** In one world; a new one begins with other draws. */
const EPISODES_PER_WORLD = 10;
const LATE_MS = 5_000;
const WATCH_MS = 15_000;
const RECOVER_MS = 20_000;
/** Who is starved runs for the rest of each slice. */
const SLICE_MS = 100;
const KINDS = ["stopped", "starved", "blocked"] as const;

interface Episode {
  readonly kind: (typeof KINDS)[number];
  readonly ms: number;
  /** From the later of the death and the stall's end; null: nobody died. */
  readonly lateMs: number | null;
}

export const bench: Bench = { title: "stalls of aggregators", run: (context) => measure(context) };

async function measure({ args, raw, say }: BenchContext): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      episodes: { type: "string", default: "1000" },
      agents: { type: "string", default: "5000" },
      seed: { type: "string" },
    },
  });
  const wanted = wholeNumber(values.episodes, "episodes");
  const agents = wholeNumber(values.agents, "agents");
  const seed = await drawnSeed(raw, values.seed);
  say(`seed ${seed}`);
  const episodes: Episode[] = [];
  const wrong: string[] = [];
  for (let world = 0; episodes.length < wanted; world++) {
    const count = Math.min(EPISODES_PER_WORLD, wanted - episodes.length);
    const cell = await raw.cell(`world ${world} of ${count}`, () =>
      inOneWorld(seed + world, agents, count),
    );
    episodes.push(...(cell["episodes"] as readonly Episode[]));
    wrong.push(...(cell["falseDeclarations"] as readonly string[]));
    say(`${episodes.length} episodes, ${wrong.length} false`);
  }
  const late = episodes.flatMap(({ lateMs }) => (lateMs === null ? [] : [lateMs]));
  return {
    parameters: { agents, seed },
    fields: {
      simulated: true,
      episodes: episodes.length,
      realEpisodes: 0,
      deaths: late.length,
      falseDeclarations: wrong.length,
      lateDeclarations: late.filter((ms) => ms > LATE_MS).length,
      worstLateMs: Math.max(0, ...late),
    },
  };
}

async function inOneWorld(seed: number, agents: number, count: number): Promise<Sample> {
  const fleet = new SimFleet(seed);
  await fleet.start(agents, 2);
  const episodes: Episode[] = [];
  for (let one = 0; one < count; one++) episodes.push(await episode(fleet));
  return { seed, agents, episodes, falseDeclarations: fleet.falseDeclarations };
}

async function episode(fleet: SimFleet): Promise<Episode> {
  const { world } = fleet;
  const { random, time } = world;
  const kind = KINDS[Math.floor(random.next() * KINDS.length)] ?? "stopped";
  const ms = fleet.length(100, 60_000);
  const begin = time.now + Math.floor(random.next() * 1_000);
  const victim = world.living[Math.floor(random.next() * world.living.length)];
  if (victim === undefined) throw new Error("no aggregator runs");
  stall(victim, kind, begin, ms, time);
  const dies = random.next() < 0.5 ? fleet.someNode() : null;
  const diesAt = begin + Math.floor(random.next() * ms);
  if (dies !== null) time.at(diesAt, null, () => world.agent(dies).die());
  await world.run(begin + ms + WATCH_MS - time.now);
  const declared = dies === null ? undefined : fleet.declaredAt.get(dies);
  const lateMs =
    dies === null ? null : Math.max(0, (declared ?? time.now) - Math.max(diesAt, begin + ms));
  if (dies !== null) {
    fleet.declaredAt.delete(dies);
    world.agent(dies).boot();
  }
  await world.run(RECOVER_MS);
  return { kind, ms, lateMs };
}

/** A blocked loop and a stopped process look the same to everybody else; a starved one comes and goes. */
function stall(
  { process }: SimAggregator,
  kind: Episode["kind"],
  begin: number,
  ms: number,
  time: SimFleet["world"]["time"],
): void {
  if (kind !== "starved") {
    time.at(begin, null, () => process.pause(ms));
    return;
  }
  for (let at = begin; at < begin + ms; at += SLICE_MS)
    time.at(at, null, () => process.pause(SLICE_MS * 0.9));
}
