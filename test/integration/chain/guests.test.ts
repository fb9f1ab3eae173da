// deadline: 300s
// needs: store guests
// Real guests of a real libvirtd, from their end to the controller: what is a failure is told once,
// what somebody wanted is not told at all.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import {
  effect,
  effects,
  explained,
  type Hypervisor,
  incident,
  incidents,
  measured,
  startHypervisor,
  story,
} from "../../support/chain.ts";
import { type EventuallyOptions, eventually } from "../../support/eventually.ts";
import { hasCommand, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const test = suite("guests");
const isInstalled = ["libvirtd", "virsh", "qemu-system-x86_64"].every(hasCommand);
const withLibvirt = onlyWith(test, "needs-libvirt", isInstalled);

/** A guest boots in 5 s on a quiet machine; everything here is allowed several times as long. */
const wait: EventuallyOptions = { withinMs: 30_000 };
const LONG = 90_000;
/** Well above every hold of the agent and every retry on the way: what did not come does not come. */
const QUIET_MS = 5_000;
const NOVA = { name: "web-1", project: "0f1e2d3c4b5a69788796a5b4c3d2e1f0", flavor: "m1.tiny" };

const hypervisor = isInstalled ? await startHypervisor("guests") : null;

function run(name: string, use: (hypervisor: Hypervisor) => Promise<void>): void {
  withLibvirt(
    name,
    async () => {
      if (hypervisor === null) throw new Error("libvirt is not installed");
      await explained(hypervisor.stack, () => use(hypervisor));
    },
    LONG,
  );
}

test.after(async () => {
  await hypervisor?.stop();
});

run("a killed QEMU is one incident and one effect, cleared when it runs again", async (chain) => {
  const { stack, libvirtd } = chain;
  const { uuid } = await libvirtd.startGuest({ name: "victim", nova: NOVA });
  await eventually(() => chain.isFollowed(uuid), wait);
  const pid = libvirtd.guestPid("victim");
  const killedAt = Date.now();
  process.kill(pid, "SIGKILL");
  const opened = await incident(stack, { subject: uuid });
  const told = await effect(stack, { incident: opened.id });
  measured("kill -9 of QEMU to the incident", Date.parse(opened.openedAt) - killedAt);
  measured("kill -9 of QEMU to the acceptance", Date.parse(told.acceptedAt) - killedAt);
  assert.is(opened.class, "guest-crashed");
  const { attributes } = await story(stack, opened.id);
  assert.equal(
    ["name", "uuid", "novaName", "project", "flavor"].map((key) => attributes[key]),
    ["victim", uuid, NOVA.name, NOVA.project, NOVA.flavor],
  );
  await delay(QUIET_MS);
  assert.equal(
    (await effects(stack, { incident: opened.id })).map((one) => one.transition),
    ["declared"],
  );
  await libvirtd.virsh("start", "victim");
  await effect(stack, { incident: opened.id, transition: "cleared" });
  const all = await incidents(stack, { subject: uuid });
  assert.equal(
    all.map((one) => [one.id, one.phase]),
    [[opened.id, "cleared"]],
  );
  assert.equal((await stack.effects()).repeats, 0);
});

run("a guest that crashes twice is two incidents", async (chain) => {
  const { stack, libvirtd } = chain;
  const uuid = await libvirtd.virsh("domuuid", "victim");
  await eventually(() => chain.isFollowed(uuid), wait);
  const killedAt = Date.now();
  process.kill(libvirtd.guestPid("victim"), "SIGKILL");
  const second = await incident(stack, { subject: uuid, open: true });
  const told = await effect(stack, { incident: second.id });
  measured("second kill -9 of QEMU to the acceptance", Date.parse(told.acceptedAt) - killedAt);
  assert.is((await incidents(stack, { subject: uuid })).length, 2);
  // Somebody gives the crashed guest up: nothing is left to be told of it.
  await libvirtd.virsh("undefine", "victim");
  await effect(stack, { incident: second.id, transition: "cleared" });
});

run("what somebody ends on purpose, or a guest itself, is no incident", async (chain) => {
  const { stack, libvirtd } = chain;
  const before = (await effects(stack)).length;
  // A guest that nobody follows yet would be no incident in any case.
  const followed = async (name: string, words: readonly string[] = []): Promise<string> => {
    const { uuid } = await libvirtd.startGuest({ name, words });
    await eventually(() => chain.isFollowed(uuid), wait);
    return uuid;
  };
  const isOff = async (name: string): Promise<boolean> =>
    (await libvirtd.virsh("domstate", name)) === "shut off";
  const guests = [await followed("poweroff", ["hb.poweroff"])];
  assert.not(await isOff("poweroff"));
  for (const name of ["destroyed", "undefined", "asked"]) guests.push(await followed(name));
  await libvirtd.virsh("suspend", "destroyed");
  await libvirtd.virsh("resume", "destroyed");
  await libvirtd.virsh("destroy", "destroyed");
  await libvirtd.virsh("undefine", "undefined");
  await libvirtd.virsh("destroy", "undefined");
  // Its power button; a guest that has not booted yet does not notice it, so it is pressed again.
  const asked = async (): Promise<boolean> => {
    if (await isOff("asked")) return true;
    await libvirtd.virsh("shutdown", "asked");
    return false;
  };
  await eventually(asked, { ...wait, everyMs: 500, what: "a guest that shuts itself down" });
  await libvirtd.virsh("undefine", "asked");
  await eventually(() => isOff("poweroff"), wait);
  await delay(QUIET_MS);
  for (const uuid of guests) assert.equal(await incidents(stack, { subject: uuid }), []);
  assert.is((await effects(stack)).length, before);
});

run("a stopped QEMU is hung although libvirt calls it running", async (chain) => {
  const { stack, libvirtd } = chain;
  const { uuid } = await libvirtd.startGuest({ name: "frozen", nova: NOVA });
  await eventually(() => chain.isFollowed(uuid), wait);
  const pid = libvirtd.guestPid("frozen");
  const stoppedAt = Date.now();
  process.kill(pid, "SIGSTOP");
  const opened = await incident(stack, { subject: uuid });
  measured("SIGSTOP of QEMU to the incident", Date.parse(opened.openedAt) - stoppedAt);
  assert.is(opened.class, "guest-hung");
  assert.is(await libvirtd.virsh("domstate", "frozen"), "running");
  const { attributes } = await story(stack, opened.id);
  assert.equal([attributes["name"], attributes["project"]], ["frozen", NOVA.project]);
  const goesOnAt = Date.now();
  process.kill(pid, "SIGCONT");
  const cleared = await effect(stack, { incident: opened.id, transition: "cleared" });
  measured("SIGCONT to the acceptance of cleared", Date.parse(cleared.acceptedAt) - goesOnAt);
  await libvirtd.virsh("destroy", "frozen");
  await delay(QUIET_MS);
  assert.equal(
    (await incidents(stack, { subject: uuid })).map((one) => one.phase),
    ["cleared"],
  );
});

run("nothing was said of the node itself", async ({ stack, node }) => {
  const all = await incidents(stack, { node });
  const classes = new Set(all.map((one) => one.class));
  assert.equal([...classes].sort(), ["guest-crashed", "guest-hung"]);
});

test.run();
