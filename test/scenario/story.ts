/**
 * A story in text: what happens to a simulated fleet, then exactly what the aggregators did.
 *
 *     fleet 3 nodes 1 aggregators [racks of 5]
 *     at 10s die node-3
 *     at 40s end
 *     ---
 *     11.6s node-3 alive -> suspect
 *
 * Times count from the moment when all nodes are registered and every kernel has answered once.
 */

import type { NodeId } from "@herdbeat/shared/ids";
import { FaultInjector } from "../sim/fault-injector.ts";
import type { PathFault } from "../sim/network.ts";
import { SimWorld } from "../sim/world.ts";
import type { ShardChange } from "../support/memory-database.ts";

const SEPARATOR = "\n---\n";
const SETTLE_MS = 2_000;
const PEACE_MS = 80_000;

export interface Story {
  readonly head: string;
  readonly expected: string;
}

export function parseStory(text: string): Story {
  const at = text.indexOf(SEPARATOR);
  if (at < 0)
    throw new Error("a story has a line of three dashes between what happens and the trace");
  return { head: text.slice(0, at), expected: text.slice(at + SEPARATOR.length) };
}

export function renderStory(head: string, trace: string): string {
  return `${head}${SEPARATOR}${trace}`;
}

/** The trace, each line ended. Throws where the text says what is not known here. */
export async function tell(head: string): Promise<string> {
  const lines = head.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const [fleet = "", ...events] = lines;
  const [, nodes, aggregators, perRack] =
    /^fleet (\d+) nodes (\d+) aggregators(?: racks of (\d+))?$/.exec(fleet) ?? [];
  if (nodes === undefined || aggregators === undefined)
    throw new Error(`a story begins with "fleet N nodes N aggregators", not with: ${fleet}`);
  const world = new SimWorld(1);
  const injector = new FaultInjector(world, {});
  for (let i = 1; i <= Number(aggregators); i++) world.startAggregator(`agg-${i}`);
  await world.run(SETTLE_MS);
  world.addAgents(Number(nodes));
  if (perRack !== undefined) {
    for (const [at, agent] of [...world.agents.values()].entries())
      agent.labels = { rack: `r${Math.floor(at / Number(perRack)) + 1}` };
  }
  await world.run(PEACE_MS);
  const begin = world.time.now;
  const trace = new Trace(world, begin);
  for (const line of events) {
    const [, at, what] = /^at ([\d.]+)s (.+)$/.exec(line) ?? [];
    if (at === undefined || what === undefined) throw new Error(`not an event: ${line}`);
    await world.run(begin + Number(at) * 1_000 - world.time.now);
    if (what !== "end") act(world, injector, what.split(" "));
  }
  return trace.text();
}

type Act = (world: SimWorld, injector: FaultInjector, words: readonly string[]) => void;

const ACTS: Readonly<Record<string, Act>> = {
  die: (world, _, [node]) => world.agent(node ?? "").die(),
  boot: (world, _, [node]) => world.agent(node ?? "").boot(),
  kill: (world, _, [name]) => {
    const one = world.running(name ?? "");
    if (one === null) world.agent(name ?? "").kill();
    else one.kill();
  },
  start: (world, _, [name]) => {
    if (world.agents.has(name ?? "")) world.agent(name ?? "").restart();
    else world.startAggregator(name ?? "");
  },
  pause: (world, _, [name, length]) => {
    const one = world.running(name ?? "") ?? world.agent(name ?? "");
    one.process.pause(milliseconds(length));
  },
  cut: (world, injector, [node = "", direction, length]) => {
    if (direction !== "to-aggregator" && direction !== "to-node" && direction !== "both")
      throw new Error(`not a direction: ${direction}`);
    const harm = { blocked: true, loss: 0, delayMs: 0, duplicates: 0 };
    const path: PathFault = { aggregator: null, direction, ...harm };
    injector.begin({ kind: "paths", nodes: named(world, node), path, ms: milliseconds(length) });
  },
  store: (_world, injector, [what, length]) => {
    if (what === "away") injector.store.away(null);
    else if (what === "back") injector.store.back(null);
    else if (what === "wiped") injector.store.wipe();
    else throw new Error(`not known of the store: ${what} ${length}`);
  },
  receiver: (world, _, [what]) => {
    world.receiver = what === "away" ? "away" : "accepts";
  },
  report: (world, _, [node, status, failureClass = "", subject = ""]) => {
    world.agent(node ?? "").report(status === "ok" ? "ok" : "problem", failureClass, subject);
  },
  wall: (world, _, [name, by]) => {
    const one = world.running(name ?? "");
    if (one !== null) one.process.wallOffset += milliseconds(by);
  },
  drill: (world, _, [node = ""]) => {
    const host = world.hostFor(node as NodeId);
    void host?.engine.commands.startDrill(node as NodeId, "operator");
  },
  adopt: (_world, injector) => injector.operator.adopt(),
};

function act(world: SimWorld, injector: FaultInjector, words: readonly string[]): void {
  const [verb = "", ...rest] = words;
  const found = ACTS[verb];
  if (found === undefined) throw new Error(`nothing here can "${verb}"`);
  found(world, injector, rest);
}

/** One node, those of `rack:r1`, or `all`. */
function named(world: SimWorld, name: string): readonly string[] {
  if (world.agents.has(name)) return [name];
  const found = [...world.agents.values()].filter(
    ({ labels }) => name === "all" || `rack:${labels["rack"]}` === name,
  );
  if (found.length === 0) throw new Error(`nobody is called ${name}`);
  return found.map(({ id }) => id);
}

function milliseconds(text = ""): number {
  const [, seconds] = /^(-?[\d.]+)s$/.exec(text) ?? [];
  if (seconds === undefined) throw new Error(`not a length in seconds: ${text}`);
  return Number(seconds) * 1_000;
}

/** What became durable or was sent, in order. Claims in a row are one line, at the last of them. */
class Trace {
  readonly #world: SimWorld;
  readonly #begin: number;
  readonly #lines: string[] = [];
  #claims: { readonly by: string; readonly at: number; readonly count: number } | null = null;

  constructor(world: SimWorld, begin: number) {
    this.#world = world;
    this.#begin = begin;
    world.database.onChange = (change) => this.#changed(change);
    world.onLine = (line) => this.#add(line);
  }

  text(): string {
    this.#flushClaims();
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  #add(what: string): void {
    this.#flushClaims();
    this.#push(what);
  }

  #push(what: string, when: number = this.#world.time.now): void {
    this.#lines.push(`${((when - this.#begin) / 1_000).toFixed(3)}s ${what}`);
  }

  #flushClaims(): void {
    const claims = this.#claims;
    this.#claims = null;
    if (claims !== null) this.#push(`${claims.by} has claimed ${claims.count} shards`, claims.at);
  }

  #changed(change: ShardChange): void {
    if (change.kind === "claimed") {
      const by = change.owner.aggregator;
      if (this.#claims !== null && this.#claims.by !== by) this.#flushClaims();
      this.#claims = { by, at: this.#world.time.now, count: (this.#claims?.count ?? 0) + 1 };
      return;
    }
    if (change.kind !== "written") return;
    for (const write of change.writes) {
      if (write.kind !== "history" || write.entry.kind !== "state") continue;
      const state = JSON.parse(write.entry.json) as { from?: string; to?: string };
      if (state.from !== undefined) this.#add(`${write.entry.node} ${state.from} -> ${state.to}`);
    }
  }
}
