// deadline: 300s
// needs: store guests
// libvirt's daemon hangs and dies under a real agent and a running guest: said within seconds, as one
// incident, while heartbeats go on and nobody says a word about the guest.
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import {
  effect,
  effects,
  explained,
  type Hypervisor,
  type Incident,
  incident,
  incidents,
  measured,
  startHypervisor,
  story,
} from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { hasCommand, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const test = suite("libvirt");
const isInstalled = ["libvirtd", "virsh", "qemu-system-x86_64"].every(hasCommand);
const withLibvirt = onlyWith(test, "needs-libvirt", isInstalled);

const LONG = 90_000;
/** Well above every hold of the agent: what did not come by then does not come. */
const QUIET_MS = 5_000;

const hypervisor = isInstalled ? await startHypervisor("libvirt") : null;
const guest = await hypervisor?.libvirtd.startGuest({ name: "bystander" });
await eventually(() => guest === undefined || hypervisor?.isFollowed(guest.uuid), {
  withinMs: 30_000,
  what: "the guest",
});

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

interface Watched {
  readonly states: ReadonlySet<string>;
  readonly heartbeatAgeMsMax: number;
  readonly ownLagMsMax: number;
}

/** Looks at the node until `use` is over. */
async function watching(chain: Hypervisor, use: () => Promise<void>): Promise<Watched> {
  const states = new Set<string>();
  let heartbeatAgeMsMax = 0;
  let ownLagMsMax = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const node = await chain.stack.get<{
        readonly state: string;
        readonly lastHeartbeatAgeMs: number | null;
        readonly ownLagMs: number | null;
      }>(`/api/v1/nodes/${chain.node}?history=0`);
      states.add(node.state);
      heartbeatAgeMsMax = Math.max(heartbeatAgeMsMax, node.lastHeartbeatAgeMs ?? 0);
      ownLagMsMax = Math.max(ownLagMsMax, node.ownLagMs ?? 0);
      await delay(100);
    }
  })();
  try {
    await use();
  } finally {
    isOver = true;
    await watch;
  }
  return { states, heartbeatAgeMsMax, ownLagMsMax };
}

/** When the agent logged the condition, by its own clock, which is ours. */
function loggedAt(chain: Hypervisor, failureClass: string, after: number): Promise<number> {
  return eventually(
    () => {
      for (const line of chain.agent.output().split("\n")) {
        if (!line.includes('"monitor":"libvirt-daemon"')) continue;
        const { time, status, class: is } = JSON.parse(line) as Record<string, string>;
        const at = Date.parse(time ?? "");
        if (is === failureClass && status === "problem" && at >= after) return at;
      }
      return null;
    },
    { withinMs: 20_000, what: `${failureClass} in the agent's log` },
  );
}

/** When the API showed the condition first. */
async function shownAt(chain: Hypervisor, failureClass: string): Promise<number> {
  await eventually(
    async () =>
      (await chain.stack.node(chain.node)).conditions?.some(
        (one) => one.class === failureClass && one.status === "problem",
      ),
    { withinMs: 20_000, everyMs: 10, what: `${failureClass} in the API` },
  );
  return Date.now();
}

async function clearedOnce(chain: Hypervisor, opened: Incident): Promise<void> {
  await effect(chain.stack, { incident: opened.id, transition: "cleared" });
  const { timeline, endedAt } = await story(chain.stack, opened.id);
  assert.equal(
    timeline.map(({ kind }) => kind),
    ["declared", "cleared"],
  );
  assert.ok(endedAt !== null && Date.parse(endedAt) > Date.parse(opened.openedAt));
  console.log(`measured: ${opened.class} from ${opened.openedAt} to ${endedAt}`);
}

run("a stopped daemon is one incident with both times, and heartbeats go on", async (chain) => {
  const { stack, libvirtd, node } = chain;
  const seen = await watching(chain, async () => {
    const stoppedAt = Date.now();
    process.kill(libvirtd.pid, "SIGSTOP");
    const shown = await shownAt(chain, "libvirt-hung");
    measured("SIGSTOP of libvirtd to the API", shown - stoppedAt);
    measured(
      "SIGSTOP of libvirtd to the agent's log",
      (await loggedAt(chain, "libvirt-hung", stoppedAt)) - stoppedAt,
    );
    const opened = await incident(stack, { node, class: "libvirt-hung" });
    await effect(stack, { incident: opened.id, transition: "declared" });
    // Longer than every deadline of the agent's own calls.
    await delay(QUIET_MS * 2);
    const goesOnAt = Date.now();
    process.kill(libvirtd.pid, "SIGCONT");
    await clearedOnce(chain, opened);
    measured("SIGCONT of libvirtd to cleared", Date.now() - goesOnAt);
  });
  measured("largest age of a heartbeat meanwhile", seen.heartbeatAgeMsMax);
  measured("largest lag of the agent meanwhile", seen.ownLagMsMax);
  assert.equal([...seen.states], ["alive"]);
  assert.is((await incidents(stack, { class: "libvirt-hung" })).length, 1);
});

run("a killed daemon is down, until it is started again", async (chain) => {
  const { stack, libvirtd, node } = chain;
  const seen = await watching(chain, async () => {
    const killedAt = Date.now();
    process.kill(libvirtd.pid, "SIGKILL");
    const shown = await shownAt(chain, "libvirt-down");
    measured("kill -9 of libvirtd to the API", shown - killedAt);
    measured(
      "kill -9 of libvirtd to the agent's log",
      (await loggedAt(chain, "libvirt-down", killedAt)) - killedAt,
    );
    const opened = await incident(stack, { node, class: "libvirt-down" });
    const told = await effect(stack, { incident: opened.id, transition: "declared" });
    measured("kill -9 of libvirtd to the acceptance", Date.parse(told.acceptedAt) - killedAt);
    await delay(QUIET_MS);
    await libvirtd.startDaemon();
    await clearedOnce(chain, opened);
  });
  assert.equal([...seen.states], ["alive"]);
  assert.is((await incidents(stack, { class: "libvirt-down" })).length, 1);
});

run("the guest ran through all of it, and is watched again afterwards", async (chain) => {
  const { stack, libvirtd, node } = chain;
  if (guest === undefined) throw new Error("there is no guest");
  assert.equal(await incidents(stack, { subject: guest.uuid }), []);
  const classes = (await effects(stack, { node })).map((one) => one.class);
  assert.equal([...new Set(classes)].sort(), ["libvirt-down", "libvirt-hung"]);
  const killedAt = Date.now();
  process.kill(libvirtd.guestPid("bystander"), "SIGKILL");
  const opened = await incident(stack, { subject: guest.uuid });
  assert.is(opened.class, "guest-crashed");
  const told = await effect(stack, { incident: opened.id });
  measured("kill -9 of QEMU after it to the acceptance", Date.parse(told.acceptedAt) - killedAt);
});

run("a guest that dies while the daemon hangs is told before the daemon is back", async (chain) => {
  const { stack, libvirtd } = chain;
  const { uuid } = await libvirtd.startGuest({ name: "unlucky" });
  await eventually(() => chain.isFollowed(uuid), { withinMs: 30_000, what: "the guest" });
  // Which process it is, is known with the next list: at most a second after the start.
  await delay(2_500);
  process.kill(libvirtd.pid, "SIGSTOP");
  const hung = await incident(stack, { class: "libvirt-hung", open: true });
  const killedAt = Date.now();
  process.kill(libvirtd.guestPid("unlucky"), "SIGKILL");
  const opened = await incident(stack, { subject: uuid });
  const told = await effect(stack, { incident: opened.id });
  measured("kill -9 of QEMU under a hung daemon", Date.parse(told.acceptedAt) - killedAt);
  process.kill(libvirtd.pid, "SIGCONT");
  await clearedOnce(chain, hung);
  await delay(QUIET_MS);
  assert.equal(
    (await effects(stack, { incident: opened.id })).map((one) => one.transition),
    ["declared"],
  );
});

test.run();
