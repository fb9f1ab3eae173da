// deadline: 300s
// needs: store network
// Nobody looks for a while: the only aggregator, or the store, is frozen or dead. The outage declares
// nobody, and who really died during it is declared as soon after it as is promised.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import {
  alive,
  declaredDown,
  declaredSoonAfter,
  FLEET_NODES,
  storeCommand,
  withFleet,
} from "../../support/fleet-world.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { startProcess } from "../../support/processes.ts";
import { onlyWith } from "../../support/skip.ts";
import type { Stack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();

const test = suite("outages");
const run = onlyWith(test, "needs-netns", possible);
const LONG = 100_000;

/** Whoever would be declared wrongly after an outage would be within this. */
const AFTERMATH_MS = 5_000;

/** The others live, and nobody was declared but the one that died. */
async function nobodyElse(stack: Stack, dead: string): Promise<void> {
  await delay(AFTERMATH_MS);
  await eventually(async () => (await alive(stack)) === FLEET_NODES - 1, {
    withinMs: 40_000,
    what: "the others alive",
  });
  assert.equal(await declaredDown(stack), [dead]);
}

async function storeDownIsSaid(stack: Stack): Promise<void> {
  await eventually(
    async () => {
      const { items } = await stack.get<{ readonly items: readonly { readonly kind: string }[] }>(
        "/api/v1/notices",
      );
      return items.some(({ kind }) => kind === "store-down");
    },
    { withinMs: 8_000, what: "the notice store-down" },
  );
}

run(
  "SIGSTOP of the only aggregator for 30 s declares nobody but who died during it",
  () =>
    withFleet(1, async (stack, fleet) => {
      const { pid } = stack.aggregator("agg-1").process;
      process.kill(pid, "SIGSTOP");
      await delay(8_000);
      fleet({ cmd: "die", node: "sim-00007" });
      await delay(22_000);
      process.kill(pid, "SIGCONT");
      await declaredSoonAfter(stack, Date.now(), "SIGCONT of the aggregator");
      await nobodyElse(stack, "sim-00007");
    }),
  LONG,
);

run(
  "SIGSTOP of Redis for 10 s declares nobody, is said, and who died during it is declared after it",
  () =>
    withFleet(1, async (stack, fleet) => {
      const pid = stack.redis?.pid ?? 0;
      const whole = delay(10_000);
      process.kill(pid, "SIGSTOP");
      await storeDownIsSaid(stack);
      fleet({ cmd: "die", node: "sim-00002" });
      await whole;
      assert.equal(await declaredDown(stack), []);
      process.kill(pid, "SIGCONT");
      await declaredSoonAfter(stack, Date.now(), "SIGCONT of Redis");
      await nobodyElse(stack, "sim-00002");
    }),
  LONG,
);

run(
  "kill -9 of Redis, and its return after seconds, declare nobody but who died meanwhile",
  () =>
    withFleet(1, async (stack, fleet) => {
      // Whoever holds the lock of its folder keeps the next life of the server from beginning.
      const lock = `${stack.redis?.socketPath.replace(/redis\.sock$/, "lock")}`;
      const holder = startProcess("flock", ["--no-fork", lock, "sleep", "60"]);
      process.kill(stack.redis?.pid ?? 0, "SIGKILL");
      await storeDownIsSaid(stack);
      fleet({ cmd: "die", node: "sim-00004" });
      // Twice the time in which it would be declared.
      await delay(7_000);
      assert.equal(await declaredDown(stack), []);
      assert.is(await storeCommand(stack, "PING").catch(() => "away"), "away");
      await holder.stop();
      await eventually(() => storeCommand(stack, "PING"), {
        withinMs: 15_000,
        what: "the next life of Redis",
      });
      await declaredSoonAfter(stack, Date.now(), "return of Redis");
      await nobodyElse(stack, "sim-00004");
    }),
  LONG,
);

run(
  "kill -9 of the only aggregator and its restart declare nobody but who died meanwhile",
  () =>
    withFleet(1, async (stack, fleet) => {
      const { process: child } = stack.aggregator("agg-1");
      process.kill(child.pid, "SIGKILL");
      await child.ended;
      fleet({ cmd: "die", node: "sim-00009" });
      await delay(2_000);
      await stack.restartAggregator("agg-1");
      await declaredSoonAfter(stack, Date.now(), "readiness of the aggregator");
      await nobodyElse(stack, "sim-00009");
    }),
  LONG,
);

test.run();
