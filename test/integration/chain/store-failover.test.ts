// deadline: 420s
// needs: store
// Failover of the store under real processes: agents stay, nobody is declared by it, what died is told
// once, and what the failover lost is held and said.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import {
  type Deployment,
  masterBySentinels,
  startSentinel,
} from "../../support/redis-deployments.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("store failover");
const LONG = 200_000;
const wait = { withinMs: 60_000, everyMs: 200 };
const AGENTS = 12;

interface World {
  readonly stack: Stack;
  readonly store: Deployment;
  readonly command: (value: Readonly<Record<string, unknown>>) => void;
}

async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  const dir = makeTempDir("store-failover");
  const store = await startSentinel({ appendonly: "yes", appendfsync: "everysec" });
  let stack: Stack | null = null;
  try {
    stack = await startStack({ dir: dir.path, aggregators: 2, store: store.storeConfig });
    const fleet = stack.startFleet(["--nodes", `${AGENTS}`, "--address-base", "127.140.0.0/16"]);
    await alive(stack, AGENTS);
    await use({
      stack,
      store,
      command: (value) => fleet.child.stdin?.write(`${JSON.stringify(value)}\n`),
    });
  } finally {
    await stack?.stop();
    await store.stop();
    dir.remove();
  }
}

async function alive(stack: Stack, count: number): Promise<void> {
  await eventually(
    async () => (await stack.nodes()).filter((one) => one.state === "alive").length === count,
    { ...wait, what: `${count} nodes that are alive` },
  );
}

async function isReady(stack: Stack, status: number): Promise<void> {
  for (const one of stack.aggregators) {
    await eventually(async () => (await fetch(`${one.http}/readyz`)).status === status, {
      ...wait,
      what: `${one.id} to answer ${status}`,
    });
  }
}

async function replaced(store: Deployment): Promise<void> {
  await eventually(
    async () => {
      const named = await masterBySentinels(store);
      return named !== null && named !== store.servers[0];
    },
    { ...wait, what: "another master" },
  );
}

test(
  "a killed master declares nobody, and afterwards a death is told once",
  () =>
    inWorld(async ({ stack, store, command }) => {
      const before = await stack.nodes();
      await store.servers[0]?.kill();
      await isReady(stack, 503);
      await replaced(store);
      await isReady(stack, 200);
      await alive(stack, AGENTS);
      // Longer than any timeout by which somebody could be declared for the outage.
      await delay(6_000);
      assert.equal(await stack.incidents(), []);
      assert.is((await stack.nodes()).length, before.length);
      command({ cmd: "silence", node: 3 });
      await eventually(async () => (await stack.incidents()).length === 1, wait);
      command({ cmd: "resume", node: 3 });
      await alive(stack, AGENTS);
    }),
  LONG,
);

test(
  "what a failover lost is held and said, and nobody is declared by it",
  () =>
    inWorld(async ({ stack, store, command }) => {
      const [master, ...replicas] = store.servers;
      for (const replica of replicas) replica.signal("SIGSTOP");
      await master?.raw("CLIENT", "KILL", "TYPE", "replica");
      // Durable on the master alone.
      command({ cmd: "silence", node: 5 });
      const [lost] = await eventually(async () => {
        const all = await stack.incidents();
        return all.length === 1 ? all : null;
      }, wait);
      await eventually(
        async () =>
          ((await master?.raw("KEYS", "hb:{s*}:incidents")) as string[] | undefined)?.length,
        { ...wait, what: "the incident in the store" },
      );
      await master?.kill();
      for (const replica of replicas) replica.signal("SIGCONT");
      await replaced(store);
      // Whoever owns the shard says so.
      await eventually(
        async () => {
          const notices = await Promise.all(
            stack.aggregators.map((one) =>
              stack.get<{ readonly items: readonly { readonly kind: string }[] }>(
                "/api/v1/notices",
                one,
              ),
            ),
          );
          return notices.some(({ items }) => items.some(({ kind }) => kind === "store-held"));
        },
        { ...wait, what: "the notice of held shards" },
      );
      // Whoever owns the shard has it in memory; the others see what the store has left of it.
      const lists = await Promise.all(
        stack.aggregators.map((one) =>
          stack.get<{ readonly items: readonly { readonly id: string }[] }>(
            "/api/v1/incidents?limit=1000",
            one,
          ),
        ),
      );
      const incidents = lists.flatMap(({ items }) => items);
      assert.equal(
        incidents.map(({ id }) => id),
        [lost?.id],
        "it is still known, under its id, and no other was made",
      );
      assert.is((await stack.nodes()).filter((one) => one.connected === true).length >= 1, true);
    }),
  LONG,
);

test.run();
