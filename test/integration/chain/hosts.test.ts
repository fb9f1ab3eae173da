// deadline: 240s
// needs: store network
// The whole chain on loopback in a network namespace: real Redis, real processes, deaths by dropped
// packets. What must never happen is waited out; what must happen is waited for, with a bound.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const possible = await enterNamespace();

const test = suite("hosts");
const run = onlyWith(test, "needs-netns", possible);

const NODES = 12;

async function withFleet(
  aggregators: number,
  use: (stack: Stack, fleet: FleetControl) => Promise<void>,
): Promise<void> {
  const dir = makeTempDir("hosts");
  const stack = await startStack({ dir: dir.path, aggregators });
  try {
    const fleet = new FleetControl(stack);
    await eventually(async () => (await alive(stack)) === NODES, {
      withinMs: 20_000,
      what: "a fleet that is alive",
    });
    // First proofs are written within seconds; without them silence proves nothing after a restart.
    await delay(2_000);
    await use(stack, fleet);
  } catch (error) {
    console.log(stack.logs());
    console.log(stack.others.map((one) => one.output().slice(-3_000)).join("\n---\n"));
    throw error;
  } finally {
    await stack.stop();
    dir.remove();
  }
}

let blocks = 0;

/** Dead addresses stay dead for the whole namespace: each test has its own. */
function nextBlock(): string {
  blocks += 1;
  return `127.${100 + blocks}.0.0/16`;
}

class FleetControl {
  readonly #child;

  constructor(stack: Stack) {
    this.#child = stack.startFleet(["--nodes", String(NODES), "--address-base", nextBlock()]);
  }

  send(command: Readonly<Record<string, unknown>>): void {
    this.#child.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }
}

async function alive(stack: Stack): Promise<number> {
  return (await stack.nodes()).filter((one) => one.state === "alive").length;
}

async function declaredDown(stack: Stack): Promise<readonly string[]> {
  const { effects } = await stack.effects();
  return effects
    .filter((one) => one["class"] === "host-down" && one["transition"] === "declared")
    .map((one) => String(one["node"]));
}

run(
  "a silent death is declared and handed off once; a revived node retracts it",
  () =>
    withFleet(1, async (stack, fleet) => {
      fleet.send({ cmd: "die", node: "sim-00003" });
      await eventually(async () => (await declaredDown(stack)).length > 0, {
        withinMs: 10_000,
        what: "the webhook",
      });
      assert.equal(await declaredDown(stack), ["sim-00003"]);
      fleet.send({ cmd: "revive", node: "sim-00003" });
      await eventually(async () => (await stack.node("sim-00003")).state === "alive", {
        withinMs: 40_000,
        what: "sim-3 alive",
      });
      await eventually(
        async () =>
          (await stack.effects()).effects.some((one) => one["transition"] === "retracted"),
        { withinMs: 10_000, what: "the retraction" },
      );
    }),
  90_000,
);

run(
  "a stalled agent on a living host is agent-stalled, never declared",
  () =>
    withFleet(1, async (stack, fleet) => {
      fleet.send({ cmd: "silence", node: "sim-00005" });
      await eventually(async () => (await stack.node("sim-00005")).state === "agent-stalled", {
        withinMs: 5_000,
        what: "agent-stalled",
      });
      await delay(6_000);
      assert.equal(await declaredDown(stack), []);
      fleet.send({ cmd: "resume", node: "sim-00005" });
      await eventually(async () => (await stack.node("sim-00005")).state === "alive", {
        withinMs: 5_000,
        what: "sim-5 alive",
      });
    }),
  60_000,
);

run(
  "SIGSTOP of the only aggregator declares nobody; a death during it is declared after it",
  () =>
    withFleet(1, async (stack, fleet) => {
      const { pid } = stack.aggregator("agg-1").process;
      process.kill(pid, "SIGSTOP");
      await delay(8_000);
      fleet.send({ cmd: "die", node: "sim-00007" });
      await delay(4_000);
      process.kill(pid, "SIGCONT");
      await eventually(async () => (await declaredDown(stack)).length > 0, {
        withinMs: 10_000,
        what: "the webhook",
      });
      await delay(5_000);
      assert.equal(await declaredDown(stack), ["sim-00007"]);
    }),
  90_000,
);

run(
  "SIGSTOP of Redis declares nobody, is said, and a death during it is declared after it",
  () =>
    withFleet(1, async (stack, fleet) => {
      const pid = stack.redis?.pid ?? 0;
      process.kill(pid, "SIGSTOP");
      await eventually(
        async () =>
          (
            await stack.get<{ readonly items: readonly { kind: string }[] }>("/api/v1/notices")
          ).items.some((one) => one.kind === "store-down"),
        { withinMs: 8_000, what: "the notice" },
      );
      fleet.send({ cmd: "die", node: "sim-00002" });
      await delay(6_000);
      assert.equal(await declaredDown(stack), []);
      process.kill(pid, "SIGCONT");
      await eventually(async () => (await declaredDown(stack)).length > 0, {
        withinMs: 10_000,
        what: "the webhook",
      });
      await delay(4_000);
      assert.equal(await declaredDown(stack), ["sim-00002"]);
    }),
  90_000,
);

run(
  "kill -9 of the only aggregator and its restart declare nobody but who died meanwhile",
  () =>
    withFleet(1, async (stack, fleet) => {
      process.kill(stack.aggregator("agg-1").process.pid, "SIGKILL");
      await stack.aggregator("agg-1").process.ended;
      fleet.send({ cmd: "die", node: "sim-00009" });
      await delay(2_000);
      await stack.restartAggregator("agg-1");
      await eventually(async () => (await declaredDown(stack)).length > 0, {
        withinMs: 15_000,
        what: "the webhook",
      });
      await eventually(async () => (await alive(stack)) === NODES - 1, {
        withinMs: 40_000,
        what: "the others alive",
      });
      assert.equal(await declaredDown(stack), ["sim-00009"]);
    }),
  90_000,
);

run(
  "kill -9 of one of two: its nodes move, nobody is declared, facts go on",
  () =>
    withFleet(2, async (stack, fleet) => {
      process.kill(stack.aggregator("agg-2").process.pid, "SIGKILL");
      fleet.send({ cmd: "die", node: "sim-00001" });
      await eventually(async () => (await declaredDown(stack)).length > 0, {
        withinMs: 30_000,
        what: "the webhook",
      });
      await eventually(async () => (await alive(stack)) === NODES - 1, {
        withinMs: 40_000,
        what: "the others alive",
      });
      assert.equal(await declaredDown(stack), ["sim-00001"]);
    }),
  100_000,
);

test.run();
