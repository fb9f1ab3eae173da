// deadline: 400s
// needs: store network
// The store loses its data, dies and fills up under real processes: said and held, nobody declared by
// it, and afterwards everything that was acknowledged is there under the ids that it had.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
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
} from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import { type NodeFacts, type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const possible = await enterNamespace();

const test = suite("store");
const inNamespace = onlyWith(test, "needs-netns", possible);

const LONG = 150_000;
const wait = { withinMs: 30_000, everyMs: 100 };
const SIMULATED = 8;
const AGENT = "compute-1";
/** A node that is absent is unseen, or down, sooner than with the defaults. */
const CONFIG = "detection: { reconnectBound: 6s }";

interface Shard {
  readonly shard: number;
  readonly status: string;
  readonly owner: string | null;
}

interface Cluster {
  readonly stack: Stack;
  readonly worker: Worker;
  readonly fleet: (command: Readonly<Record<string, unknown>>) => void;
}

let blocks = 0;

/** A fleet, a real agent, and an open incident that the controller knows of. */
async function withCluster(
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
      const send = (command: Readonly<Record<string, unknown>>): void => {
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

async function inState(stack: Stack, state: string): Promise<readonly NodeFacts[]> {
  return (await stack.nodes()).filter((one) => one.state === state);
}

/** Every shard is on some disk, with all that there is to know. */
async function mirrored(stack: Stack, incidentId: string): Promise<void> {
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

async function redis(stack: Stack, ...command: readonly string[]): Promise<void> {
  const { socketPath = "", password = "" } = stack.redis ?? {};
  const client = createClient({ socket: { path: socketPath, tls: false }, password });
  client.on("error", () => {});
  await client.connect();
  await client.sendCommand([...command]);
  await client.close();
}

/** Shards as every aggregator sees them. */
async function shards(stack: Stack): Promise<readonly Shard[]> {
  const pages = await Promise.all(
    stack.aggregators.map((one) =>
      stack.get<{ readonly items: readonly Shard[] }>("/api/v1/shards", one),
    ),
  );
  return pages.flatMap(({ items }) => items);
}

async function held(stack: Stack): Promise<number> {
  const all = (await shards(stack)).filter(({ status }) => status === "held");
  return new Set(all.map(({ shard }) => shard)).size;
}

async function ownedHere(stack: Stack): Promise<number> {
  return (await shards(stack)).filter(({ status }) => status === "owned-here").length;
}

async function notice(stack: Stack, kind: string): Promise<{ readonly nodes: readonly string[] }> {
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

async function noNotice(stack: Stack, kind: string): Promise<void> {
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

async function declaredDown(stack: Stack): Promise<readonly string[]> {
  const told = await effects(stack, { class: "host-down", transition: "declared" });
  return told.map(({ node }) => node);
}

async function wiped(stack: Stack): Promise<void> {
  const wipedAt = Date.now();
  await redis(stack, "FLUSHALL");
  await notice(stack, "store-held");
  measured("FLUSHALL to the notice", Date.now() - wipedAt);
  await eventually(async () => (await held(stack)) === 64, { ...wait, what: "all shards held" });
}

async function adopted(stack: Stack): Promise<void> {
  const startedAt = Date.now();
  const { code, out, error } = await herdctl(stack, "store", "adopt", "--from", "mirror", "--yes");
  measured("herdctl store adopt", Date.now() - startedAt);
  console.log(`herdctl: ${out.trim()} ${error.trim()}`);
  assert.is(code, 0, error);
  await eventually(async () => (await held(stack)) === 0 && (await ownedHere(stack)) === 64, {
    ...wait,
    what: "64 owned shards",
  });
  await noNotice(stack, "store-held");
}

/** The incident is the one that it was, and its end is told as the second transition of the same. */
async function sameIncident(stack: Stack, known: string): Promise<void> {
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

inNamespace(
  "a wiped store is held and said; adopted, everything is as it was, and who died is declared",
  () =>
    withCluster(1, async ({ stack, worker, fleet }, known) => {
      await wiped(stack);
      const list = await herdctl(stack, "shard", "list", "--status", "held", "-o", "name");
      assert.is(list.out.trim().split("\n").length, 64);
      fleet({ cmd: "die", node: "sim-00003" });
      // Twice the time in which it would be declared.
      await delay(7_000);
      assert.equal(await declaredDown(stack), []);
      const others = (await stack.nodes()).filter(({ id }) => id !== "sim-00003");
      assert.equal([...new Set(others.map(({ connected }) => connected))], [true]);
      await adopted(stack);
      await effect(stack, { class: "host-down", node: "sim-00003" });
      await sameIncident(stack, known);
      worker.start();
      await effect(stack, { incident: known, transition: "cleared" });
      await delay(4_000);
      assert.equal(await declaredDown(stack), ["sim-00003"]);
      assert.is((await inState(stack, "alive")).length, SIMULATED);
      await worker.kill();
    }),
  LONG,
);

inNamespace(
  "a wiped store is held by a new life of the aggregator too, and restored from its disk",
  () =>
    withCluster(1, async ({ stack, worker, fleet }, known) => {
      await redis(stack, "FLUSHALL");
      const { process: child } = stack.aggregator("agg-1");
      process.kill(child.pid, "SIGKILL");
      await child.ended;
      fleet({ cmd: "die", node: "sim-00005" });
      await stack.restartAggregator("agg-1");
      await notice(stack, "store-held");
      await eventually(async () => (await held(stack)) === 64, wait);
      await adopted(stack);
      await eventually(async () => (await inState(stack, "alive")).length === SIMULATED, {
        ...wait,
        withinMs: 45_000,
        what: "everybody back who lives",
      });
      await sameIncident(stack, known);
      // Nothing here knows whether it lived when the store was lost.
      const { nodes } = await notice(stack, "unseen-since-store-loss");
      assert.equal(nodes, ["sim-00005"]);
      assert.is((await stack.node("sim-00005")).state, "unseen");
      worker.start();
      await effect(stack, { incident: known, transition: "cleared" });
      assert.equal(await declaredDown(stack), []);
      await worker.kill();
      fleet({ cmd: "revive", node: "sim-00005" });
      await noNotice(stack, "unseen-since-store-loss");
    }),
  LONG,
);

inNamespace(
  "two aggregators restore each what it knows, from memory and from their disks",
  () =>
    withCluster(2, async ({ stack, worker }, known) => {
      await eventually(
        async () => {
          const all = (await shards(stack)).filter(({ status }) => status === "owned-here");
          return all.length === 64 && new Set(all.map(({ owner }) => owner)).size === 2;
        },
        { ...wait, what: "shards of both" },
      );
      await mirrored(stack, known);
      await wiped(stack);
      await adopted(stack);
      await sameIncident(stack, known);
      await mirrored(stack, known);
      await redis(stack, "FLUSHALL");
      for (const { process: child } of stack.aggregators) process.kill(child.pid, "SIGKILL");
      for (const { process: child } of stack.aggregators) await child.ended;
      for (const { id } of [...stack.aggregators]) await stack.restartAggregator(id);
      await eventually(async () => (await held(stack)) === 64, { ...wait, what: "all held" });
      await adopted(stack);
      await eventually(async () => (await inState(stack, "alive")).length === SIMULATED + 1, {
        ...wait,
        withinMs: 60_000,
        what: "everybody back",
      });
      await sameIncident(stack, known);
      worker.start();
      await effect(stack, { incident: known, transition: "cleared" });
      assert.equal(await declaredDown(stack), []);
      await worker.kill();
    }),
  LONG,
);

inNamespace(
  "a killed and a full store lose nothing that was acknowledged, and declare nobody",
  () =>
    withCluster(1, async ({ stack, worker }, known) => {
      const { redis: server } = stack;
      worker.start();
      await effect(stack, { incident: known, transition: "cleared" });
      await worker.kill();
      const second = await incident(stack, { node: AGENT, open: true });
      const killedAt = Date.now();
      process.kill(server?.pid ?? 0, "SIGKILL");
      // Ended while there is no store: the agent keeps it until it is acknowledged.
      worker.start();
      await effect(stack, { incident: second.id, transition: "cleared" });
      measured("kill -9 of Redis to the next effect", Date.now() - killedAt);
      assert.equal(
        (await effects(stack, { node: AGENT })).map(({ id }) => id),
        [`${known}.1`, `${known}.2`, `${second.id}.1`, `${second.id}.2`],
      );
      assert.is(await held(stack), 0);

      await redis(stack, "CONFIG", "SET", "maxmemory", "1");
      await worker.kill();
      await notice(stack, "store-down");
      await delay(4_000);
      const before = (await effects(stack, { node: AGENT })).length;
      assert.is(before, 4);
      await redis(stack, "CONFIG", "SET", "maxmemory", "0");
      await noNotice(stack, "store-down");
      const third = await incident(stack, { node: AGENT, open: true });
      await effect(stack, { incident: third.id, transition: "declared" });
      assert.is((await effects(stack, { node: AGENT })).length, 5);
      assert.equal(await declaredDown(stack), []);
      assert.is((await inState(stack, "alive")).length, SIMULATED + 1);
      assert.equal((await stack.effects()).repeats, 0);
    }),
  LONG,
);

test.run();
