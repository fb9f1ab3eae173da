// deadline: 240s
// needs: store
// Real processes are killed; afterwards a person asks by herdctl why, and whether the same would be
// decided again. Then the store's copy of the inputs is damaged, and the answers stay answers.
import { createClient } from "redis";
import * as assert from "uvu/assert";
import { effect, explained, herdctl, incident, story, Worker } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { assertApiReplays } from "../../support/replay-check.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("replay");
const LONG = 120_000;
const NODE = "compute-1";
const wait = { withinMs: 30_000, everyMs: 50 };

interface ReplayFacts {
  readonly verdict: string;
  readonly decisions: readonly { readonly what: string; readonly result: string }[];
}

async function replayed(stack: Stack, id: string): Promise<ReplayFacts> {
  const ended = await herdctl(stack, "incident", "replay", id, "-o", "json");
  assert.is(ended.code, 0, ended.out + ended.error);
  return JSON.parse(ended.out) as ReplayFacts;
}

/** Somebody writes over what the store holds of an incident's decisions. */
async function damaged(stack: Stack, id: string): Promise<void> {
  const { socketPath = "", password = "" } = stack.redis ?? {};
  const client = createClient({ socket: { path: socketPath, tls: false }, password });
  client.on("error", () => {});
  await client.connect();
  try {
    const { shard } = await stack.get<{ readonly shard: number }>(`/api/v1/incidents/${id}`);
    const key = `hb:{s${shard}}:incidents`;
    const document = JSON.parse((await client.hGet(key, `d:${id}`)) ?? "{}") as object;
    const decisions = ["garbage", 7, "x".repeat(100_000)];
    await client.hSet(key, `d:${id}`, JSON.stringify({ ...document, decisions }));
  } finally {
    await client.close();
  }
}

test(
  "a killed service and a killed agent are explained and replayed from the command line",
  async () => {
    const dir = makeTempDir("replay");
    const stack = await startStack({ dir: dir.path, aggregators: 2 });
    const worker = new Worker(dir.path);
    try {
      await explained(stack, async () => {
        worker.start();
        const agent = await stack.startAgent(NODE, `libvirt: { enabled: never }\n${worker.config}`);
        await eventually(async () => (await stack.node(NODE)).state === "alive", wait);
        await worker.kill();
        const { id } = await incident(stack, { node: NODE, class: "service-down", open: true });
        await effect(stack, { incident: id, transition: "declared" });
        const told = await herdctl(stack, "incident", "explain", id);
        assert.is(told.code, 0, told.error);
        assert.match(told.out, /^service-down on .*: declared, proof grade 0/);
        assert.match(told.out, /heard {6}agent: condition problem/);
        assert.match(
          told.out,
          /decided {4}1\. declared: service-down.* by rule reported-condition/,
        );
        assert.match(told.out, /If the agent had said "ok" .*: nothing is declared\./);
        assert.match(told.out, /it clears when that monitor reports ok/);
        assert.match(told.out, /yes, and with the same result/);
        worker.start();
        await eventually(async () => (await story(stack, id)).phase === "cleared", wait);
        const service = await replayed(stack, id);
        assert.equal(
          service.decisions.map(({ what, result }) => [what, result]),
          [
            ["declared", "agrees"],
            ["cleared", "agrees"],
          ],
        );
        agent.child.kill("SIGKILL");
        const gone = await incident(stack, { node: NODE, class: "agent-down", open: true });
        const why = await herdctl(stack, "incident", "explain", gone.id);
        assert.match(why.out, /asked {6}agg-\d asked its kernel: answered/);
        assert.match(why.out, /a host whose kernel answers is never declared down/);
        assert.is((await replayed(stack, gone.id)).verdict, "agrees");
        assert.ok((await assertApiReplays((path) => stack.get(path))) >= 2);
        await damaged(stack, id);
        for (const { process: child } of stack.aggregators) process.kill(child.pid, "SIGKILL");
        for (const { process: child } of stack.aggregators) await child.ended;
        for (const one of [...stack.aggregators]) await stack.restartAggregator(one.id);
        const again = await herdctl(stack, "incident", "replay", id);
        assert.is(again.code, 4, again.out + again.error);
        assert.match(again.out, /its recorded inputs are damaged/);
        const still = await herdctl(stack, "incident", "explain", id);
        assert.match(still.out, /^service-down on .*: cleared/);
      });
    } finally {
      await worker.kill();
      await stack.stop();
      dir.remove();
    }
  },
  LONG,
);

test.run();
