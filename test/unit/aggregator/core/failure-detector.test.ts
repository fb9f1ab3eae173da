import { CLEAR_GUARD } from "@herdbeat/aggregator/core/guard";
import { step } from "@herdbeat/aggregator/core/step";
import { loadedNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, CLEAR_SIGHT, NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("failure-detector");

test("declares a silent node whose kernel is silent too, once, after the full timeout", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(10_000);
  assert.equal(node.lines, [
    "3500 alive -> suspect",
    "5000 suspect -> declared",
    "5000 host-down declared",
  ]);
});

test("a declaration from silence has grade 0, names its rule and every observation with its age", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(4_000);
  const incident = node.state.incidents[0];
  assert.is(incident?.grade, 0);
  assert.is(incident?.transitions[0]?.rule.name, "silence-and-kernel-silent");
  assert.equal(
    incident?.transitions[0]?.evidence.map((one) => [one.kind, one.source, one.outcome]),
    [
      ["heartbeat-silence", "agg-1", "silent"],
      ["kernel-probe", "agg-1", "no-answer"],
      ["gateway-probe", "agg-1", "answers"],
    ],
  );
  assert.is(incident?.transitions[0]?.evidence[0]?.age, 3_000);
});

test("a silent agent on a host whose kernel answers is stalled, never declared", () => {
  const node = aliveNode();
  node.run(29_000);
  assert.equal(node.lines, [
    "3500 alive -> suspect",
    "3500 suspect -> agent-stalled",
    "3500 agent-stalled declared (quiet)",
  ]);
});

test("a stalled agent is announced when it has lasted, and cleared when it beats again", () => {
  const node = aliveNode();
  node.run(40_000);
  node.heartbeat();
  assert.equal(node.lines.slice(2), [
    "3500 agent-stalled declared (quiet)",
    "33500 agent-stalled declared",
    "42000 agent-stalled -> alive",
    "42000 agent-stalled cleared",
  ]);
});

test("a killed agent on a living host is agent-down", () => {
  const node = aliveNode();
  node.close("peer-closed");
  node.run(10_000);
  assert.equal(node.lines, [
    "2000 alive -> suspect",
    "2000 suspect -> agent-down",
    "2000 agent-down declared (quiet)",
  ]);
});

test("a host that dies while its agent is stalled is declared a full timeout after its kernel fell silent", () => {
  const node = aliveNode();
  node.run(5_000);
  node.kernel = "silent";
  node.run(10_000);
  const declared = node.lines.find((line) => line.endsWith("host-down declared"));
  assert.is(declared, "10500 host-down declared");
});

test("one lost probe of a host whose agent is stalled for long declares nobody", () => {
  const node = aliveNode();
  node.run(100_000);
  const before = node.lines.length;
  while (node.state.probe.lastOutcome === "answered") {
    node.kernel = "silent";
    node.run(100);
  }
  node.kernel = "answers";
  node.run(10_000);
  assert.equal(node.lines.slice(before), []);
});

test("a kernel that answers is believed although the wall clock went back by hours", () => {
  const node = aliveNode();
  const { record, incidents } = node.state;
  const lastSeenAt = unixMs(record.lastSeenAt + 7_200_000);
  const since = listeningMs(node.at);
  node.state = loadedNodeState(
    { ...record, lastSeenAt },
    incidents,
    record.lastSeenAt,
    since,
    false,
  );
  node.run(40_000);
  assert.equal(
    node.lines.filter((line) => line.includes("host-down")),
    [],
  );
  assert.is(node.state.health.state, "agent-down");
});

test("a probe that failed before the doubt began declares nobody while the new one is under way", () => {
  const node = aliveNode();
  node.send({ kind: "probed", askedAt: listeningMs(node.at), outcome: "no-answer", detail: "" });
  // Nobody was judged for ten seconds, as while the store is away: the doubt begins with its full silence.
  let { state } = node;
  const asked = listeningMs(node.at + 10_000);
  const states = [10_000, 10_100, 10_500, 10_600].map((later) => {
    const at = listeningMs(node.at + later);
    const tick = {
      kind: "tick",
      lastHeardAt: state.lastHeardAt,
      own: CLEAR_SIGHT,
      guard: CLEAR_GUARD,
    } as const;
    const instant = { listening: at, wall: unixMs(state.record.lastSeenAt + later) };
    const answer = { kind: "probed", askedAt: asked, outcome: "no-answer", detail: "" } as const;
    if (later === 10_600) ({ state } = step(state, answer, instant, node.config));
    ({ state } = step(state, tick, instant, node.config));
    return state.health.state;
  });
  assert.equal(states, ["suspect", "suspect", "suspect", "declared"]);
});

test("a probe that failed before nobody asked for long is no silence of the kernel", () => {
  const node = aliveNode();
  node.run(20_000);
  assert.is(node.state.health.state, "agent-stalled");
  node.kernel = "silent";
  node.run(1_000);
  node.kernel = "answers";
  // The store is away: nobody is judged and nobody is asked.
  node.at += 30_000;
  node.run(5_000);
  assert.is(node.state.health.state, "agent-stalled");
  node.kernel = "silent";
  node.run(5_000);
  assert.is(node.state.health.state, "declared");
});

test("a closed stream without any proven probe is agent trouble, not host trouble", () => {
  const node = new NodeDriver();
  node.kernel = "silent";
  node.hello();
  node.run(2_000, true);
  node.lines.length = 0;
  node.close("peer-closed");
  node.run(20_000);
  assert.equal(node.lines, [
    "2000 alive -> suspect",
    "5000 suspect -> agent-down",
    "5000 agent-down declared (quiet)",
  ]);
});

test("silence without a proven probe says so in its evidence", () => {
  const node = new NodeDriver();
  node.kernel = "silent";
  node.hello();
  node.run(2_000, true);
  node.run(4_000);
  const incident = node.state.incidents[0];
  assert.is(incident?.reason, "Silent");
  assert.is(incident?.transitions[0]?.evidence[1]?.outcome, "never-proven");
});

test("nobody is judged while our own gateway is silent", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...CLEAR_SIGHT, gateway: "silent" };
  node.run(60_000);
  assert.equal(node.lines, ["3500 alive -> suspect"]);
  assert.match(node.state.record.stateReason, /it may be us who are cut off/);
  node.own = CLEAR_SIGHT;
  node.run(100);
  assert.is(node.state.health.state, "declared");
});

test("what is not judged is not written again at every turn", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...CLEAR_SIGHT, gateway: "silent" };
  node.run(4_000);
  const { record } = node.state;
  node.run(4_000);
  assert.is(node.state.record.stateReason, record.stateReason);
});

test("nobody is judged while everybody is silent and there is no gateway to ask", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { gateway: "none", othersTotal: 3, othersHeard: 0 };
  node.run(60_000);
  assert.is(node.state.health.state, "suspect");
});

test("a probe that we could not send is neither an answer nor its absence", () => {
  const node = aliveNode();
  node.kernel = "cannot-ask";
  node.run(60_000);
  assert.is(node.state.health.state, "suspect");
});

test("a frame of the same boot retracts a declaration and begins a new epoch", () => {
  const node = aliveNode();
  const epoch = node.state.record.sessionEpoch;
  node.kernel = "silent";
  node.run(4_000);
  node.lines.length = 0;
  const first = node.state.incidents[0]?.id;
  node.kernel = "answers";
  node.heartbeat();
  assert.equal(node.lines, ["6000 declared -> alive", "6000 host-down retracted"]);
  assert.is(node.state.record.sessionEpoch, epoch + 1);
  node.kernel = "silent";
  node.run(4_000);
  assert.is.not(node.state.incidents[0]?.id, first);
});

test("a new boot id turns a declaration into host-rebooted, proven by grade 4", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(4_000);
  node.lines.length = 0;
  node.kernel = "answers";
  node.hello({ bootId: "boot-2", processId: "process-2" });
  assert.equal(node.lines, [
    "6000 declared -> alive",
    "6000 host-rebooted changed",
    "6000 host-rebooted cleared",
  ]);
});

test("a reboot that nobody was told of is told when the node is back", () => {
  const node = aliveNode();
  node.hello({ bootId: "boot-2", processId: "process-2" });
  assert.equal(node.lines, ["2000 host-rebooted declared", "2000 host-rebooted cleared"]);
});

test("an announced shutdown of the host opens its window: nothing is declared in it", () => {
  const node = aliveNode();
  node.send({
    kind: "goodbye",
    reason: "host-shutdown",
    message: "",
    heardAt: node.state.lastHeardAt,
  });
  node.kernel = "silent";
  node.run(590_000);
  assert.equal(node.lines, ["2000 alive -> left"]);
  node.run(30_000);
  assert.is(node.state.health.state, "declared");
});

test("an agent that was stopped in order leaves its host judged by its kernel alone", () => {
  const node = aliveNode();
  node.send({
    kind: "goodbye",
    reason: "shutdown",
    message: "upgrade",
    heardAt: node.state.lastHeardAt,
  });
  node.run(60_000);
  assert.is(node.state.health.state, "left");
  node.kernel = "silent";
  node.run(20_000);
  assert.is(node.state.health.state, "declared");
});

test("after a takeover a node counts from now, and is declared only when its kernel was asked for the full timeout", () => {
  const node = aliveNode();
  const provenAt = node.state.probe.provenAt;
  const heir = new NodeDriver();
  heir.state = {
    ...heir.state,
    record: node.state.record,
    probe: { ...heir.state.probe, provenAt },
  };
  heir.kernel = "silent";
  heir.run(10_000);
  assert.equal(
    heir.lines.filter((line) => !line.includes("->")),
    ["3500 host-down declared"],
  );
});

test("after a takeover a node whose kernel answers is not declared, but its agent is", () => {
  const heir = new NodeDriver();
  heir.run(31_000);
  assert.equal(heir.lines.slice(0, 1), ["30000 awaited -> agent-down"]);
});

test("after a takeover a node that never answered a probe has the whole reconnect time", () => {
  const heir = new NodeDriver();
  heir.kernel = "silent";
  heir.run(32_900);
  assert.equal(heir.lines, []);
  heir.run(100);
  assert.equal(heir.lines, ["33000 awaited -> declared", "33000 host-down declared"]);
});

test("a node that was restored after a store loss is unseen, not declared", () => {
  const heir = new NodeDriver();
  heir.state = {
    ...heir.state,
    health: { state: "awaited", since: heir.state.lastHeardAt, afterStoreLoss: true },
  };
  heir.kernel = "silent";
  heir.run(60_000);
  assert.equal(heir.lines, ["33000 awaited -> unseen"]);
});

test("an agent that lost its state is said to have lost it", () => {
  const node = aliveNode();
  node.report("problem", "nic-down", "eth0");
  node.lines.length = 0;
  node.hello({ lastTransition: 0, processId: "process-2" });
  assert.equal(node.lines, ["2000 state-lost declared"]);
});

test("while two sessions claim one name nothing is said of the node but that", () => {
  const node = aliveNode();
  node.send({ kind: "conflict", detail: "two live sessions" });
  node.kernel = "silent";
  node.run(20_000);
  assert.equal(node.lines, ["2000 identity-conflict declared"]);
  node.hello();
  node.run(12_000, true);
  assert.equal(node.lines.slice(1), ["32000 identity-conflict cleared"]);
});

test("the same inputs give the same verdict, byte for byte", () => {
  const runs = [aliveNode(), aliveNode()].map((node) => {
    node.kernel = "silent";
    node.run(4_000);
    return JSON.stringify(node.state);
  });
  assert.is(runs[0], runs[1]);
});

for (const [silentMs, expected] of [
  [1_400, "alive"],
  [1_500, "suspect"],
  [2_900, "suspect"],
  [3_000, "declared"],
] as const) {
  test(`is ${expected} after ${silentMs} ms of silence`, () => {
    const node = aliveNode();
    node.kernel = "silent";
    node.run(silentMs);
    assert.is(node.state.health.state, expected);
  });
}

test.run();
