// deadline: 300s
// needs: store network
// The real agent dies, hangs, stops in order and loses a link: whatever happens to it on a living
// host, the host is not declared, and what it said before it is not said anew.
import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import {
  effect,
  effects,
  explained,
  incident,
  incidents,
  measured,
  story,
} from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import { onlyWith } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const possible = await enterNamespace();

const test = suite("agent");
const inNamespace = onlyWith(test, "needs-netns", possible);

const LONG = 90_000;
const wait = { withinMs: 20_000 };
const NODE = "compute-1";
/** Watched by the agent, its other end is ours. */
const LINK = "tenant0";
const OTHER_END = "switch0";
const CONFIG = `libvirt: { enabled: never }
services: [{ name: absent, executable: /nonexistent/herdbeat-test-service }]
${possible ? `networks: { tenant: ${LINK} }` : ""}`;
/** /sys shows the interfaces of the namespace in which it was mounted. */
const OWN_SYS = ["unshare", "--mount", "sh", "-c", 'mount -t sysfs sysfs /sys && exec "$@"', "sh"];
const HOST_CLASSES = ["host-down", "host-rebooted", "host-isolated", "host-frozen", "zone-outage"];

function ip(...args: readonly string[]): void {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const { status, stderr } = spawnSync("ip", args, {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  assert.is(status, 0, `ip ${args.join(" ")}: ${stderr}`);
}

if (possible) {
  ip("link", "add", LINK, "type", "veth", "peer", "name", OTHER_END);
  ip("link", "set", LINK, "up");
  ip("link", "set", OTHER_END, "up");
}
const dir = makeTempDir("agent");
const stack: Stack = await startStack({ dir: dir.path, aggregators: 1 });
let agent: TrackedProcess = await startAgent();

test.after(async () => {
  await stack.stop();
  dir.remove();
});

interface Node {
  readonly state: string;
  readonly stateReason: string;
  readonly incarnation: number;
}

function node(): Promise<Node> {
  return stack.get<Node>(`/api/v1/nodes/${NODE}?history=0`);
}

function becomes(state: string): Promise<Node> {
  return eventually(
    async () => {
      const seen = await node();
      return seen.state === state ? seen : null;
    },
    { ...wait, what: `${NODE} ${state}` },
  );
}

/** Its next life, seen by the aggregator: a node may still be shown as its former life left it. */
async function startAgent(): Promise<TrackedProcess> {
  const nodes = await stack.nodes();
  const before = nodes.length === 0 ? null : (await node()).incarnation;
  const started = await stack.startAgent(NODE, CONFIG, possible ? OWN_SYS : []);
  await eventually(
    async () => {
      const seen = await node();
      return seen.state === "alive" && seen.incarnation !== before;
    },
    { ...wait, what: "the agent's next life" },
  );
  return started;
}

/** Not one word about the host in all of the file so far. */
async function noHostDeclared(): Promise<void> {
  const said = (await incidents(stack)).filter((one) => HOST_CLASSES.includes(one.class));
  assert.equal(said, []);
  const told = (await effects(stack)).filter((one) => HOST_CLASSES.includes(one.class));
  assert.equal(told, []);
}

function run(name: string, use: () => Promise<void>, register: typeof inNamespace = test): void {
  register(name, () => explained(stack, use), LONG);
}

run(
  "a killed agent is agent-down; its next life has the next incarnation and the same incident",
  async () => {
    const service = await incident(stack, { class: "service-down" });
    await effect(stack, { incident: service.id });
    const before = await node();
    const killedAt = Date.now();
    process.kill(agent.pid, "SIGKILL");
    const down = await becomes("agent-down");
    measured("kill -9 of the agent to agent-down", Date.now() - killedAt);
    assert.match(down.stateReason, "its kernel answers");
    const quiet = await incident(stack, { node: NODE, class: "agent-down" });
    // Well beyond the time after which a silent host would be declared.
    await delay(6_000);
    assert.is((await node()).state, "agent-down");
    agent = await startAgent();
    const after = await node();
    assert.is(after.incarnation, before.incarnation + 1);
    await eventually(async () => (await story(stack, quiet.id)).phase === "cleared", wait);
    assert.is((await story(stack, quiet.id)).announced, false);
    // The new life has looked at the service by now: twice, and a list was sent.
    await eventually(() => agent.output().includes('"subject":"absent"'), wait);
    await delay(2_000);
    assert.equal(
      (await incidents(stack, { class: "service-down" })).map((one) => [one.id, one.phase]),
      [[service.id, "declared"]],
    );
    assert.equal(
      (await effects(stack, { class: "service-down" })).map((one) => one.id),
      [`${service.id}.1`],
    );
    await noHostDeclared();
  },
);

run(
  "an agent that is stopped for ten seconds is agent-stalled, and goes on in the same life",
  async () => {
    const before = await node();
    const stoppedAt = Date.now();
    process.kill(agent.pid, "SIGSTOP");
    const stalled = await becomes("agent-stalled");
    measured("SIGSTOP of the agent to agent-stalled", Date.now() - stoppedAt);
    assert.match(stalled.stateReason, "the agent does not run, the host does");
    const quiet = await incident(stack, { node: NODE, class: "agent-stalled" });
    await delay(Math.max(0, stoppedAt + 10_000 - Date.now()));
    const goesOnAt = Date.now();
    process.kill(agent.pid, "SIGCONT");
    const after = await becomes("alive");
    measured("SIGCONT of the agent to alive", Date.now() - goesOnAt);
    assert.is(after.incarnation, before.incarnation);
    await eventually(async () => (await story(stack, quiet.id)).phase === "cleared", wait);
    assert.is((await story(stack, quiet.id)).announced, false);
    await noHostDeclared();
  },
);

run("an agent that is stopped in order has left, and says why", async () => {
  const before = await node();
  await agent.stop(5_000);
  const left = await becomes("left");
  console.log(`the node's reason: ${left.stateReason}`);
  assert.match(left.stateReason, "the agent was stopped in order");
  await delay(6_000);
  assert.is((await node()).state, "left");
  agent = await startAgent();
  assert.is((await node()).incarnation, before.incarnation + 1);
  const quiet = await incidents(stack, { node: NODE, class: "agent-down" });
  await eventually(
    async () =>
      (await incidents(stack, { node: NODE, class: "agent-down" })).every((one) => !one.open),
    wait,
  );
  assert.is(quiet.length, 2);
  assert.equal(await effects(stack, { class: "agent-down" }), []);
  assert.is((await incidents(stack, { class: "service-down" })).length, 1);
  await noHostDeclared();
});

run("five lives of an agent in quick succession say nothing of the host", async () => {
  const before = await node();
  for (let life = 1; life <= 5; life++) {
    process.kill(agent.pid, "SIGKILL");
    await agent.ended;
    agent = await startAgent();
  }
  assert.is((await node()).incarnation, before.incarnation + 5);
  assert.is((await incidents(stack, { class: "service-down" })).length, 1);
  await noHostDeclared();
});

run(
  "a lost carrier is nic-down, and cleared when it is back",
  async () => {
    const cutAt = Date.now();
    ip("link", "set", OTHER_END, "down");
    const opened = await incident(stack, { node: NODE, class: "nic-down" });
    const told = await effect(stack, { incident: opened.id });
    const [line] = agent
      .output()
      .split("\n")
      .filter((one) => one.includes('"reason":"CarrierLost"'));
    const { time } = JSON.parse(line ?? "{}") as { readonly time: string };
    measured("carrier loss to the agent's condition", Date.parse(time) - cutAt);
    measured("carrier loss to the incident", Date.parse(opened.openedAt) - cutAt);
    measured("carrier loss to the acceptance", Date.parse(told.acceptedAt) - cutAt);
    assert.is(opened.subject, LINK);
    assert.is((await story(stack, opened.id)).attributes["roles"], "tenant");
    ip("link", "set", OTHER_END, "up");
    await effect(stack, { incident: opened.id, transition: "cleared" });
    assert.is((await incidents(stack, { class: "nic-down" })).length, 1);
    await noHostDeclared();
  },
  inNamespace,
);

test.run();
