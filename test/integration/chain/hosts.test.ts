// deadline: 180s
// needs: store network
// The whole chain on loopback in a network namespace: real Redis, real processes, deaths by dropped
// packets. What must never happen is waited out; what must happen is waited for, with a bound.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { effect } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { declaredDown, withFleet } from "../../support/fleet-world.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();

const test = suite("hosts");
const run = onlyWith(test, "needs-netns", possible);

run(
  "a silent death is declared and handed off once; a revived node retracts it",
  () =>
    withFleet(1, async (stack, fleet) => {
      fleet({ cmd: "die", node: "sim-00003" });
      await effect(stack, { class: "host-down", transition: "declared" }, 10_000);
      assert.equal(await declaredDown(stack), ["sim-00003"]);
      fleet({ cmd: "revive", node: "sim-00003" });
      await eventually(async () => (await stack.node("sim-00003")).state === "alive", {
        withinMs: 40_000,
        what: "sim-3 alive",
      });
      await effect(stack, { class: "host-down", transition: "retracted" }, 10_000);
    }),
  90_000,
);

run(
  "a stalled agent on a living host is agent-stalled, never declared",
  () =>
    withFleet(1, async (stack, fleet) => {
      fleet({ cmd: "silence", node: "sim-00005" });
      await eventually(async () => (await stack.node("sim-00005")).state === "agent-stalled", {
        withinMs: 5_000,
        what: "agent-stalled",
      });
      await delay(6_000);
      assert.equal(await declaredDown(stack), []);
      fleet({ cmd: "resume", node: "sim-00005" });
      await eventually(async () => (await stack.node("sim-00005")).state === "alive", {
        withinMs: 5_000,
        what: "sim-5 alive",
      });
    }),
  60_000,
);

test.run();
