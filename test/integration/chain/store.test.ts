// deadline: 400s
// needs: store network
// The store loses its data, dies and fills up under real processes: said and held, nobody declared by
// it, and afterwards everything that was acknowledged is there under the ids that it had.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { effect, effects, herdctl, incident, measured } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { storeCommand } from "../../support/fleet-world.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import {
  AGENT,
  adopted,
  declaredDown,
  held,
  inState,
  mirrored,
  noNotice,
  notice,
  SIMULATED,
  sameIncident,
  shards,
  wait,
  wiped,
  withCluster,
} from "../../support/store-world.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();

const test = suite("store");
const inNamespace = onlyWith(test, "needs-netns", possible);
const LONG = 150_000;

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
      await storeCommand(stack, "FLUSHALL");
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
      await storeCommand(stack, "FLUSHALL");
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

      await storeCommand(stack, "CONFIG", "SET", "maxmemory", "1");
      await worker.kill();
      await notice(stack, "store-down");
      await delay(4_000);
      const before = (await effects(stack, { node: AGENT })).length;
      assert.is(before, 4);
      await storeCommand(stack, "CONFIG", "SET", "maxmemory", "0");
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
