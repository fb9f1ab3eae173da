// deadline: 300s
// needs: store network
// What was declared before the store lost its data: the same incident afterwards, told once, ended
// under its own id; whether the aggregators restored it or somebody put the store's own data back.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { effect, effects, incident, incidents } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { type FleetCommand, storeCommand } from "../../support/fleet-world.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { startProcess } from "../../support/processes.ts";
import { onlyWith } from "../../support/skip.ts";
import type { Stack } from "../../support/stack.ts";
import {
  adopted,
  held,
  inState,
  mirrored,
  notice,
  SIMULATED,
  sameIncident,
  wait,
  wiped,
  withCluster,
} from "../../support/store-world.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();

const test = suite("store-restore");
const inNamespace = onlyWith(test, "needs-netns", possible);
const LONG = 150_000;
const DEAD = "sim-00003";

/** A host dies and is declared, and the controller knows it. */
async function declaredDead(stack: Stack, fleet: FleetCommand): Promise<string> {
  fleet({ cmd: "die", node: DEAD });
  const { id } = await incident(stack, { node: DEAD, class: "host-down" });
  await effect(stack, { incident: id, transition: "declared" });
  await mirrored(stack, id);
  return id;
}

/** The incident goes on as it was: told once, and ended under its own id when the host returns. */
async function goesOn(stack: Stack, fleet: FleetCommand, id: string): Promise<void> {
  const found = await incidents(stack, { node: DEAD, class: "host-down" });
  assert.equal(
    found.map((one) => [one.id, one.phase]),
    [[id, "declared"]],
  );
  fleet({ cmd: "revive", node: DEAD });
  await effect(stack, { incident: id, transition: "retracted" }, 45_000);
  assert.equal(
    (await effects(stack, { class: "host-down" })).map((one) => [one.id, one.node]),
    [
      [`${id}.1`, DEAD],
      [`${id}.2`, DEAD],
    ],
  );
  assert.is((await stack.effects()).repeats, 0);
  await eventually(async () => (await inState(stack, "alive")).length === SIMULATED + 1, wait);
}

/**
 * Undoes the FLUSHALL as an operator does: everything before it is in the append-only file still.
 * Whoever holds the lock of the folder keeps the server from being started meanwhile.
 */
async function putBack(stack: Stack): Promise<void> {
  const folder = dirname(stack.redis?.socketPath ?? "");
  const holder = startProcess("flock", ["--no-fork", join(folder, "lock"), "sleep", "60"]);
  process.kill(stack.redis?.pid ?? 0, "SIGKILL");
  await notice(stack, "store-down");
  const log = readdirSync(join(folder, "appendonlydir")).find((name) => name.endsWith(".incr.aof"));
  const file = join(folder, "appendonlydir", log ?? "");
  const written = readFileSync(file);
  const wipe = written.lastIndexOf("*1\r\n$8\r\nFLUSHALL\r\n");
  assert.ok(wipe > 0, "the wipe is in the append-only file");
  writeFileSync(file, written.subarray(0, wipe));
  await holder.stop();
  await eventually(async () => Number(await storeCommand(stack, "DBSIZE")) > 64, {
    ...wait,
    what: "the store with its data",
  });
}

inNamespace(
  "a declaration from before a wipe is the same after store adopt, told once, and retracted",
  () =>
    withCluster(1, async ({ stack, fleet }, known) => {
      const id = await declaredDead(stack, fleet);
      await wiped(stack);
      await adopted(stack);
      await sameIncident(stack, known);
      await goesOn(stack, fleet, id);
    }),
  LONG,
);

inNamespace(
  "data that is put back stays on hold until it is adopted as it is: the same incidents, told once",
  () =>
    withCluster(1, async ({ stack, worker, fleet }, known) => {
      const id = await declaredDead(stack, fleet);
      await wiped(stack);
      await putBack(stack);
      await notice(stack, "store-held");
      assert.is(await held(stack), 64);
      await adopted(stack, "as-is");
      await eventually(async () => (await stack.node(DEAD)).state === "declared", wait);
      await sameIncident(stack, known);
      await goesOn(stack, fleet, id);
      worker.start();
      await effect(stack, { incident: known, transition: "cleared" });
      await worker.kill();
    }),
  LONG,
);

test.run();
