// deadline: 180s
// needs: store network
// Of two aggregators the one that looks after a dying host is killed: before the death is seen, or
// after the receiver accepted it and before the answer came. The other one goes on where it was.
import * as assert from "uvu/assert";
import { controllerAnswers, effect, effects, measured } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { alive, declared, FLEET_NODES, withFleet } from "../../support/fleet-world.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import type { Stack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();

const test = suite("takeover");
const run = onlyWith(test, "needs-netns", possible);
const LONG = 100_000;

/** Kills who looks after the node; the name of the one that is left. */
async function killOwnerOf(stack: Stack, node: string): Promise<string> {
  const { owner } = await stack.node(node);
  const { process: child } = stack.aggregator(owner ?? "");
  process.kill(child.pid, "SIGKILL");
  await child.ended;
  const survivor = stack.aggregators.find(({ id }) => id !== owner);
  return survivor?.id ?? "";
}

/** Everybody is looked after by the survivor, the living live, and no host was told of but the dead one. */
async function takenOver(stack: Stack, survivor: string, dead: string): Promise<void> {
  await eventually(async () => (await stack.nodes()).every(({ owner }) => owner === survivor), {
    withinMs: 40_000,
    what: `${survivor} as the owner of every node`,
  });
  await eventually(async () => (await alive(stack)) === FLEET_NODES - 1, {
    withinMs: 40_000,
    what: "the others alive",
  });
  const told = (await effects(stack)).filter(({ class: name }) => name.startsWith("host-"));
  assert.equal(
    told.map(({ class: name, node, transition }) => [name, node, transition]),
    [["host-down", dead, "declared"]],
  );
}

run(
  "kill -9 of the owner of a dying host: the other declares it, and looks after all the rest",
  () =>
    withFleet(2, async (stack, fleet) => {
      const killedAt = Date.now();
      fleet({ cmd: "die", node: "sim-00001" });
      const survivor = await killOwnerOf(stack, "sim-00001");
      const told = await effect(stack, { class: "host-down" }, 30_000);
      measured("death of host and owner to the acceptance", Date.parse(told.acceptedAt) - killedAt);
      await takenOver(stack, survivor, "sim-00001");
      assert.is((await stack.effects()).repeats, 0);
    }),
  LONG,
);

run(
  "what the receiver accepted without its answer being heard is repeated by the next owner, once",
  () =>
    withFleet(2, async (stack, fleet) => {
      await controllerAnswers(stack, "mute");
      fleet({ cmd: "die", node: "sim-00006" });
      const accepted = await effect(stack, { class: "host-down" }, 10_000);
      assert.is(accepted.id, `${accepted.incident}.1`);
      assert.is(accepted.repeats, 0);
      const survivor = await killOwnerOf(stack, "sim-00006");
      await controllerAnswers(stack, "ok");
      const repeated = await eventually(
        async () => (await declared(stack)).find(({ repeats }) => repeats > 0),
        { withinMs: 30_000, what: "a repeat" },
      );
      assert.is(repeated.id, accepted.id);
      await takenOver(stack, survivor, "sim-00006");
      assert.is((await declared(stack))[0]?.repeats, 1);
    }),
  LONG,
);

test.run();
