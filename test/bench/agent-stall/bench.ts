/**
 * Agents that are paused for up to 10 s on hosts that live: no host may be declared for it; a host
 * that dies while its agent is paused must be, soon.
 *
 *   npm run bench -- agent-stall [--episodes 500] [--agents 500] [--seed N] [--resume FILE]
 */
import { parseArgs } from "node:util";
import type { Bench, BenchContext, BenchResult } from "../lib/bench.ts";
import type { Sample } from "../lib/raw-file.ts";
import { drawnSeed, wholeNumber } from "../lib/seed.ts";
import { SimFleet } from "../lib/sim-fleet.ts";

const EPISODES_PER_WORLD = 25;
const PAUSE_MS_MAX = 10_000;
const WATCH_MS = 15_000;
/** Of all agents, at most so many are paused at once. */
const SHARE_MAX = 0.1;

export const bench: Bench = {
  title: "paused agents on living hosts",
  run: (context) => measure(context),
};

async function measure({ args, raw, say }: BenchContext): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      episodes: { type: "string", default: "500" },
      agents: { type: "string", default: "500" },
      seed: { type: "string" },
    },
  });
  const wanted = wholeNumber(values.episodes, "episodes");
  const agents = wholeNumber(values.agents, "agents");
  const seed = await drawnSeed(raw, values.seed);
  say(`seed ${seed}`);
  const deaths: number[] = [];
  const wrong: string[] = [];
  let done = 0;
  for (let world = 0; done < wanted; world++) {
    const count = Math.min(EPISODES_PER_WORLD, wanted - done);
    const cell = await raw.cell(`world ${world} of ${count}`, () =>
      inOneWorld(seed + world, agents, count),
    );
    done += count;
    deaths.push(...(cell["deathMs"] as readonly number[]));
    wrong.push(...(cell["falseDeclarations"] as readonly string[]));
    say(`${done} episodes, ${wrong.length} false`);
  }
  return {
    parameters: { agents, seed },
    fields: {
      simulated: true,
      episodes: done,
      falseDeclarations: wrong.length,
      deaths: deaths.length,
      deathsDuringStallMaxMs: Math.max(0, ...deaths),
    },
  };
}

async function inOneWorld(seed: number, agents: number, count: number): Promise<Sample> {
  const fleet = new SimFleet(seed);
  await fleet.start(agents, 2);
  const deathMs: number[] = [];
  for (let one = 0; one < count; one++) {
    const took = await episode(fleet, agents);
    if (took !== null) deathMs.push(took);
  }
  return { seed, agents, deathMs, falseDeclarations: fleet.falseDeclarations };
}

/** Returns how long after its death a host was declared whose agent was paused; null: none died. */
async function episode(fleet: SimFleet, agents: number): Promise<number | null> {
  const { world } = fleet;
  const { random, time } = world;
  const paused = 1 + Math.floor(random.next() * agents * SHARE_MAX);
  let dies: { readonly node: string; readonly at: number } | null = null;
  for (let one = 0; one < paused; one++) {
    const node = fleet.someNode();
    const ms = fleet.length(200, PAUSE_MS_MAX);
    world.agent(node).process.pause(ms);
    if (dies === null && random.next() < 0.5)
      dies = { node, at: time.now + Math.floor(random.next() * ms) };
  }
  const dead = dies;
  if (dead !== null) time.at(dead.at, null, () => world.agent(dead.node).die());
  await world.run(PAUSE_MS_MAX + WATCH_MS);
  if (dead === null) return null;
  const took = (fleet.declaredAt.get(dead.node) ?? time.now) - dead.at;
  fleet.declaredAt.delete(dead.node);
  world.agent(dead.node).boot();
  await world.run(WATCH_MS);
  return took;
}
