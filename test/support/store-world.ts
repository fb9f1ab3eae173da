/** A fleet, a real agent and an open incident over a store that is about to be lost, and what is seen of that. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  effect,
  effects,
  explained,
  herdctl,
  incident,
  incidents,
  measured,
  Worker,
} from "./chain.ts";
import { eventually } from "./eventually.ts";
import { type FleetCommand, storeCommand } from "./fleet-world.ts";
import { type NodeFacts, type Stack, startStack } from "./stack.ts";
import { makeTempDir } from "./temp-dir.ts";

/** For each look; the whole of a story is bounded by its test. */
export const wait = { withinMs: 30_000, everyMs: 100 };
export const SIMULATED = 8;
export const AGENT = "compute-1";
/** A node that is absent is unseen, or down, sooner than with the defaults. */
const CONFIG = "detection: { reconnectBound: 6s }";

interface Shard {
  readonly shard: number;
  readonly status: string;
  readonly owner: string | null;
}

export interface Cluster {
  readonly stack: Stack;
  readonly worker: Worker;
  readonly fleet: FleetCommand;
}

let blocks = 0;

/** A fleet, a real agent, and an open incident that the controller knows of. */
export async function withCluster(
  aggregators: number,
  use: (cluster: Cluster, known: string) => Promise<void>,
): Promise<void> {
  const dir = makeTempDir("store");
  const stack = await startStack({ dir: dir.path, aggregators, extraConfig: CONFIG });
  try {
    await explained(stack, async () => {
      blocks += 1;
      const base = `127.${150 + blocks}.0.0/16`;
      const fleet = stack.startFleet(["--nodes", String(SIMULATED), "--address-base", base]);
      const worker = new Worker(dir.path);
      await stack.startAgent(AGENT, `libvirt: { enabled: never }\n${worker.config}`);
      const opened = await incident(stack, { node: AGENT, class: "service-down" }, 40_000);
      await effect(stack, { incident: opened.id });
      await eventually(async () => (await inState(stack, "alive")).length === SIMULATED + 1, wait);
      const send: FleetCommand = (command) => {
        fleet.child.stdin?.write(`${JSON.stringify(command)}\n`);
      };
      await mirrored(stack, opened.id);
      await use({ stack, worker, fleet: send }, opened.id);
      // Notices come by webhook too: the receiver understands all that it is sent.
      assert.is((await stack.effects()).refused, 0);
    });
  } finally {
    await stack.stop();
    dir.remove();
  }
}

export async function inState(stack: Stack, state: string): Promise<readonly NodeFacts[]> {
  return (await stack.nodes()).filter((one) => one.state === state);
}

/** Every shard is on some disk, with all that there is to know. */
export async function mirrored(stack: Stack, incidentId: string): Promise<void> {
  const nodes = (await stack.nodes()).map(({ id }) => `"${id}"`);
  await eventually(
    () => {
      const files = stack.aggregators.flatMap(({ id }) => {
        const folder = join(stack.dir, id, "mirrors");
        return readdirSync(folder).map((name) => ({ name, path: join(folder, name) }));
      });
      const text = files.map(({ path }) => readFileSync(path, "utf8")).join("");
      const shards = new Set(files.map(({ name }) => name).filter((name) => /\.json$/.test(name)));
      return shards.size === 64 && [...nodes, incidentId].every((word) => text.includes(word));
    },
    { ...wait, what: "mirrors of everything" },
  );
}

/** Shards as every aggregator sees them. */
export async function shards(stack: Stack): Promise<readonly Shard[]> {
  const pages = await Promise.all(
    stack.aggregators.map((one) =>
      stack.get<{ readonly items: readonly Shard[] }>("/api/v1/shards", one),
    ),
  );
  return pages.flatMap(({ items }) => items);
}

export async function held(stack: Stack): Promise<number> {
  const all = (await shards(stack)).filter(({ status }) => status === "held");
  return new Set(all.map(({ shard }) => shard)).size;
}

async function ownedHere(stack: Stack): Promise<number> {
  return (await shards(stack)).filter(({ status }) => status === "owned-here").length;
}

export async function notice(
  stack: Stack,
  kind: string,
): Promise<{ readonly nodes: readonly string[] }> {
  return eventually(
    async () => {
      const { items } = await stack.get<{
        readonly items: readonly { readonly kind: string; readonly nodes: readonly string[] }[];
      }>("/api/v1/notices");
      return items.find((one) => one.kind === kind);
    },
    { ...wait, what: `the notice ${kind}` },
  );
}

export async function noNotice(stack: Stack, kind: string): Promise<void> {
  await eventually(
    async () => {
      const { items } = await stack.get<{ readonly items: readonly { readonly kind: string }[] }>(
        "/api/v1/notices",
      );
      return items.every((one) => one.kind !== kind);
    },
    { ...wait, what: `no notice ${kind}` },
  );
}

export async function declaredDown(stack: Stack): Promise<readonly string[]> {
  const told = await effects(stack, { class: "host-down", transition: "declared" });
  return told.map(({ node }) => node);
}

export async function wiped(stack: Stack): Promise<void> {
  const wipedAt = Date.now();
  await storeCommand(stack, "FLUSHALL");
  await notice(stack, "store-held");
  measured("FLUSHALL to the notice", Date.now() - wipedAt);
  await eventually(async () => (await held(stack)) === 64, { ...wait, what: "all shards held" });
}

export async function adopted(stack: Stack, source = "mirror"): Promise<void> {
  const startedAt = Date.now();
  const { code, out, error } = await herdctl(stack, "store", "adopt", "--from", source, "--yes");
  measured(`herdctl store adopt --from ${source}`, Date.now() - startedAt);
  console.log(`herdctl: ${out.trim()} ${error.trim()}`);
  assert.is(code, 0, error);
  await eventually(async () => (await held(stack)) === 0 && (await ownedHere(stack)) === 64, {
    ...wait,
    what: "64 owned shards",
  });
  await noNotice(stack, "store-held");
}

/** The incident is the one that it was, and its end is told as the second transition of the same. */
export async function sameIncident(stack: Stack, known: string): Promise<void> {
  const found = await incidents(stack, { node: AGENT, class: "service-down" });
  assert.equal(
    found.map(({ id, phase }) => [id, phase]),
    [[known, "declared"]],
  );
  const told = await effects(stack, { class: "service-down" });
  assert.equal(
    told.map(({ id }) => id),
    [`${known}.1`],
  );
}
