// deadline: 300s
// needs: store
// From a real agent's finding to a receiver that is away, ill or slow, by aggregators that are killed
// on the way: in the end each transition has had its effect once, or waits visibly for a person.
import * as assert from "uvu/assert";
import {
  controllerAnswers,
  effect,
  effects,
  explained,
  incident,
  incidents,
  measured,
  story,
  Worker,
} from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("delivery");
const LONG = 120_000;
const wait = { withinMs: 30_000, everyMs: 50 };
/** A destination that failed often is tried again every 30 s at the latest. */
const RETURN_MS = 45_000;
const NODE = "compute-1";

interface Chain {
  readonly stack: Stack;
  readonly worker: Worker;
  readonly stop: () => Promise<void>;
}

/** A node whose service `worker` runs, and an open stream. */
async function startChain(aggregators: number): Promise<Chain> {
  const dir = makeTempDir("delivery");
  // Goes on in the section of the destination, which is the last one before it.
  const extraConfig = "    timeout: 1s";
  const stack = await startStack({ dir: dir.path, aggregators, extraConfig });
  const worker = new Worker(dir.path);
  worker.start();
  await stack.startAgent(NODE, `libvirt: { enabled: never }\n${worker.config}`);
  await eventually(async () => (await stack.node(NODE)).state === "alive", wait);
  return {
    stack,
    worker,
    stop: async () => {
      await worker.kill();
      await stack.stop();
      dir.remove();
    },
  };
}

/** The service dies: a new incident. */
async function failed({ stack, worker }: Chain): Promise<string> {
  await worker.kill();
  return (await incident(stack, { node: NODE, open: true })).id;
}

/** It runs again: the incident is over, whether that was told or not. */
async function mended({ stack, worker }: Chain, id: string): Promise<void> {
  worker.start();
  await eventually(async () => (await story(stack, id)).phase === "cleared", wait);
}

async function attempted(stack: Stack, id: string, times: number): Promise<number | null> {
  const delivery = await eventually(
    async () => (await story(stack, id)).deliveries.find(({ attempts }) => attempts >= times),
    { ...wait, what: `${times} attempts` },
  );
  return delivery.lastStatus;
}

async function parked(stack: Stack, id: string): Promise<void> {
  await eventually(
    async () => (await story(stack, id)).deliveries.some(({ state }) => state === "parked"),
    { ...wait, what: "a parked delivery" },
  );
}

async function told(stack: Stack, id: string): Promise<readonly string[]> {
  return (await effects(stack, { incident: id })).map(({ transition }) => transition);
}

const one = await startChain(1);

test.after(async () => {
  await one.stop();
});

function run(name: string, use: () => Promise<void>): void {
  test(name, () => explained(one.stack, use), LONG);
}

run("a receiver that was away gets everything once and in order when it is back", async () => {
  const { stack } = one;
  await stack.controller?.stop();
  const id = await failed(one);
  await attempted(stack, id, 2);
  await mended(one, id);
  assert.equal(
    [...new Set((await story(stack, id)).deliveries.map(({ state }) => state))],
    ["waiting"],
  );
  const backAt = Date.now();
  await stack.startController();
  const last = await effect(stack, { incident: id, transition: "cleared" }, RETURN_MS);
  measured("return of the receiver to the last effect", Date.parse(last.acceptedAt) - backAt);
  assert.equal(await told(stack, id), ["declared", "cleared"]);
  assert.is((await stack.effects()).repeats, 0);
});

for (const [mode, status] of [
  ["500", 500],
  ["hang", null],
] as const) {
  run(`a receiver that answers ${mode} is asked until it accepts, and has one effect`, async () => {
    const { stack } = one;
    await controllerAnswers(stack, mode);
    const id = await failed(one);
    assert.is(await attempted(stack, id, 2), status);
    assert.equal(await told(stack, id), []);
    await controllerAnswers(stack, "ok");
    await effect(stack, { incident: id }, RETURN_MS);
    await mended(one, id);
    await effect(stack, { incident: id, transition: "cleared" }, RETURN_MS);
    assert.equal(await told(stack, id), ["declared", "cleared"]);
    assert.is((await stack.effects()).repeats, 0);
  });
}

run("a receiver that accepts but answers late is asked again, and has one effect", async () => {
  const { stack } = one;
  await controllerAnswers(stack, "slow");
  const id = await failed(one);
  const repeated = await eventually(
    async () => (await effects(stack, { incident: id })).find(({ repeats }) => repeats > 0),
    { ...wait, what: "a repeat" },
  );
  await controllerAnswers(stack, "ok");
  await eventually(
    async () => (await story(stack, id)).deliveries.some(({ state }) => state === "delivered"),
    { withinMs: RETURN_MS, what: "the delivery" },
  );
  await mended(one, id);
  await effect(stack, { incident: id, transition: "cleared" }, RETURN_MS);
  assert.equal(await told(stack, id), ["declared", "cleared"]);
  console.log(`repeats of ${repeated.id}: ${(await stack.effects()).repeats}`);
});

for (const mode of ["redirect", "418"]) {
  run(
    `what a receiver refuses with ${mode} is parked, and keeps back its incident only`,
    async () => {
      const { stack } = one;
      await controllerAnswers(stack, mode);
      const refused = await failed(one);
      await parked(stack, refused);
      await controllerAnswers(stack, "ok");
      await mended(one, refused);
      const next = await failed(one);
      await effect(stack, { incident: next }, RETURN_MS);
      await mended(one, next);
      await effect(stack, { incident: next, transition: "cleared" }, RETURN_MS);
      assert.equal(await told(stack, refused), []);
      const { items } = await stack.get<{
        readonly items: readonly { readonly message: string }[];
      }>("/api/v1/notices");
      assert.ok(items.some(({ message }) => message.includes("wait for a person")));
    },
  );
}

run("an aggregator killed between declaring and delivering delivers in its next life", async () => {
  const { stack } = one;
  await controllerAnswers(stack, "hang");
  const id = await failed(one);
  const { process: child } = stack.aggregator("agg-1");
  process.kill(child.pid, "SIGKILL");
  await child.ended;
  await controllerAnswers(stack, "ok");
  const backAt = Date.now();
  await stack.restartAggregator("agg-1");
  const taken = await effect(stack, { incident: id }, RETURN_MS);
  measured("restart of the aggregator to the effect", Date.parse(taken.acceptedAt) - backAt);
  await mended(one, id);
  await effect(stack, { incident: id, transition: "cleared" }, RETURN_MS);
  assert.equal(await told(stack, id), ["declared", "cleared"]);
  assert.equal(
    (await incidents(stack, { node: NODE, class: "service-down" })).filter(({ open }) => open),
    [],
  );
});

test(
  "with two aggregators, the other one delivers what the killed one declared",
  async () => {
    const two = await startChain(2);
    const { stack } = two;
    try {
      await explained(stack, async () => {
        const { owner } = await stack.node(NODE);
        await controllerAnswers(stack, "hang");
        const id = await failed(two);
        const { process: child } = stack.aggregator(owner ?? "");
        const killedAt = Date.now();
        process.kill(child.pid, "SIGKILL");
        await child.ended;
        await controllerAnswers(stack, "ok");
        const taken = await effect(stack, { incident: id }, RETURN_MS);
        measured("kill -9 of the owner to the effect", Date.parse(taken.acceptedAt) - killedAt);
        await mended(two, id);
        await effect(stack, { incident: id, transition: "cleared" }, RETURN_MS);
        assert.equal(await told(stack, id), ["declared", "cleared"]);
        assert.is.not((await stack.node(NODE)).owner, owner);
        console.log(`repeats: ${(await stack.effects()).repeats}`);
      });
    } finally {
      await two.stop();
    }
  },
  LONG,
);

test.run();
