// Crash, hang, freeze, reboot, isolation, trouble of the agent and of the identity are told apart, and
// what an identity's trouble ends by.
import * as assert from "uvu/assert";
import { aliveNode, type NodeDriver } from "../../../support/node-driver.ts";
import { SITUATIONS, saidOf } from "../../../support/situations.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("told-apart");

const WITNESSED = "power lost; two witnesses in other failure domains reached it before";
const SAID: { readonly [what: string]: readonly string[] } = {
  [WITNESSED]: ["host-down"],
  "power lost; nobody else can look": ["host-down"],
  "power lost; no kernel probe was ever answered": ["host-down"],
  "the kernel crashed and said so before it fell silent": ["kernel-crash", "host-down"],
  "the kernel hangs, by its own log; its agent still runs": ["kernel-hang"],
  "the host was frozen for a while, and its agent says so": ["host-frozen"],
  "rebooted without a word": ["host-rebooted"],
  "rebooted after the host said goodbye": [""],
  "cut off from us; witnesses reach it": ["host-isolated"],
  "its path to us breaks for two seconds again and again": ["agent-stalled", "host-degraded"],
  "its path to us delays one heartbeat in three": ["host-degraded"],
  "its agent is stopped or hangs": ["agent-stalled"],
  "its agent is killed": ["agent-down"],
  "its agent was stopped in order": ["agent-down"],
  "its agent came back without its state directory": ["state-lost"],
  "two live sessions claim to be it": ["identity-conflict"],
  "silent, while our own gateway is": [""],
};

for (const situation of SITUATIONS) {
  test(`${situation.what}: says so, and nothing else`, () => {
    const classes = saidOf(situation).map(({ failureClass }) => failureClass);
    assert.equal(classes, SAID[situation.what]);
  });
}

test("only a host that is silent to everybody who may look is declared with grade 1", () => {
  const proven = SITUATIONS.flatMap(saidOf).filter(({ grade }) => grade === "1");
  assert.ok(proven.length > 0);
  assert.ok(proven.every(({ failureClass }) => failureClass === "host-down"));
});

function classesOf(node: NodeDriver): readonly string[] {
  return node.state.incidents.map(({ failureClass }) => failureClass);
}

/** A node whose agent came back by another process without what was acknowledged. */
function forgetful(): NodeDriver {
  const node = aliveNode();
  node.report("problem", "nic-degraded", "eth0");
  node.report("ok", "nic-degraded", "eth0");
  node.hello({ processId: "process-2", lastTransition: 0 });
  assert.equal(classesOf(node), ["state-lost"]);
  return node;
}

test("a lost state is not over because the same process says hello again", () => {
  const node = forgetful();
  node.hello({ processId: "process-2", lastTransition: 0 });
  node.run(60_000, true);
  assert.equal(classesOf(node), ["state-lost"]);
});

test("a lost state is over when a later process has its state, or the host booted again", () => {
  for (const change of [
    { processId: "process-3", lastTransition: 0 },
    { processId: "process-3", lastTransition: 0, bootId: "boot-2" },
  ]) {
    const node = forgetful();
    node.hello(change);
    assert.not.ok(classesOf(node).includes("state-lost"), JSON.stringify(change));
  }
});

test("a state that is lost with every start stays one incident", () => {
  const node = forgetful();
  const [first] = node.state.incidents;
  node.report("problem", "nic-degraded", "eth0");
  node.report("ok", "nic-degraded", "eth0");
  node.hello({ processId: "process-3", lastTransition: 0 });
  assert.equal(
    node.state.incidents.map(({ id }) => id),
    [first?.id],
  );
});

test("two sessions that take turns are told once, and over when nobody contests the name", () => {
  const node = aliveNode();
  for (let i = 0; i < 5; i++) {
    node.send({ kind: "conflict", detail: "two live sessions" });
    assert.is(node.state.connected, false);
    node.run(10_000);
    node.hello();
    node.run(2_000, true);
  }
  const ofConflict = (): readonly string[] =>
    node.lines.filter((line) => line.includes("identity-conflict"));
  assert.is(ofConflict().length, 1);
  node.run(30_000, true);
  assert.match(ofConflict()[1] ?? "", /identity-conflict cleared$/);
  assert.equal([classesOf(node), node.state.conflictAt], [[], null]);
});

test("a node whose sessions were refused is judged again when the conflict is over", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.send({ kind: "conflict", detail: "two live sessions" });
  node.run(29_000);
  assert.is(node.state.health.state, "alive");
  node.run(10_000);
  assert.is(node.state.record.state, "declared");
});

test.run();
