import { applyVerdicts } from "@herdbeat/aggregator/core/incident-book";
import type { NodeEvent, Verdict } from "@herdbeat/aggregator/core/node-state";
import { incidentRecordCheck, parseRecord } from "@herdbeat/aggregator/core/record-shapes";
import { step } from "@herdbeat/aggregator/core/step";
import { nativeBody } from "@herdbeat/aggregator/core/webhook-body";
import { loadedNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import type { NodeId } from "@herdbeat/shared/ids";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import {
  aliveNode,
  type NodeDriver,
  testConfig,
  witnessedNode,
} from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("drill");
const RECOVER = { "host-down": { action: "recover", minGrade: 0 } } as const;

/** Half a second after a heartbeat the node begins to play dead. */
function drill(node: NodeDriver = aliveNode(RECOVER)): NodeDriver {
  node.run(500);
  node.lines.length = 0;
  node.send({
    kind: "drill-begin",
    id: "drill-1",
    until: listeningMs(node.at + 15_000),
    heardAt: node.state.lastHeardAt,
  });
  return node;
}

test("a node that lives and answers plays dead, is declared as a dead one would be, and comes back", () => {
  const node = drill();
  const from = node.at;
  node.run(5_000, true);
  const [incident] = node.state.incidents;
  assert.is(incident?.drill, "drill-1");
  assert.match(incident?.message ?? "", /^drill: no heartbeat for 3s/);
  assert.match(node.state.record.stateReason, /^drill: /);
  assert.equal(node.lines, [
    `${from + 1_000} alive -> suspect`,
    `${from + 2_500} suspect -> declared`,
    `${from + 2_500} host-down declared`,
  ]);
  node.lines.length = 0;
  node.send({ kind: "drill-end", why: "it was measured" });
  assert.equal(node.lines, [`${node.at} declared -> alive`, `${node.at} host-down retracted`]);
  assert.is(node.state.drill, null);
  assert.equal(node.state.incidents, []);
  node.lines.length = 0;
  node.run(60_000, true);
  assert.equal(node.lines, []);
});

test("what witnesses answer meanwhile counts as no answer, at the questions' deadline", () => {
  const node = witnessedNode(3, RECOVER);
  node.kernel = "answers";
  for (const one of node.witnesses) one.sees = "answers-itself";
  drill(node);
  const from = node.at;
  node.run(5_000, true);
  assert.is(node.state.incidents[0]?.grade, 1);
  assert.equal(node.lines.slice(1), [
    `${from + 1_500} suspect -> declared`,
    `${from + 1_500} host-down declared`,
  ]);
  node.send({ kind: "drill-end", why: "it was measured" });
  assert.ok(node.state.witnesses.every((one) => one.lastOutcome === "answered"));
  assert.is(node.state.probe.lastOutcome, "answered");
});

test("never asks for anything, whatever policy and grade", () => {
  const node = drill();
  node.run(5_000, true);
  const [incident] = node.state.incidents;
  assert.is(incident?.shadow, true);
  assert.is(incident?.phase, "declared");
  const proven: Verdict = {
    kind: "open",
    origin: "silence",
    subject: "",
    onset: 1,
    failureClass: "host-down",
    grade: 5,
    reason: "PowerIsOff",
    message: "confirmed off",
    evidence: [],
    rule: { name: "test", thresholdsMs: {}, because: "test" },
    attributes: {},
    announce: true,
  };
  const context = {
    config: testConfig(RECOVER),
    now: { listening: listeningMs(node.at), wall: unixMs(1) },
  };
  for (const incidents of [node.state.incidents, []]) {
    const { effects } = applyVerdicts({ ...node.state, incidents }, [proven], context);
    const made = effects.flatMap((one) => (one.kind === "transition" ? [one] : []));
    assert.ok(made.length > 0);
    assert.ok(made.every((one) => !one.request && one.transition.kind !== "committed"));
  }
  // The same verdict without a drill is not kept from it.
  const real = { ...node.state, incidents: [], drill: null };
  assert.is(applyVerdicts(real, [proven], context).incidents[0]?.shadow, false);
});

test("a node that really dies meanwhile is declared for itself, as soon as without the drill", () => {
  for (const diesAfter of [0, 1_000, 2_900, 6_000]) {
    const node = drill();
    node.run(diesAfter, true);
    const heardAt = Math.max(node.state.drill?.heardAt ?? 0, node.state.lastHeardAt);
    node.kernel = "silent";
    node.run(8_000);
    const [incident] = node.state.incidents;
    assert.is(node.state.incidents.length, 1);
    assert.is(incident?.drill, undefined, `after ${diesAfter} ms`);
    assert.is(incident?.shadow, false);
    const declaredAt = Number(node.lines.at(-1)?.split(" ")[0]);
    assert.is(declaredAt - heardAt, 3_000, node.lines.join("\n"));
  }
});

test("unanswered questions of the drill are no evidence afterwards", () => {
  const node = drill();
  node.run(2_900, true);
  // The agent hangs, its host lives: not a host that is down.
  node.run(8_000);
  assert.is(node.state.health.state, "agent-stalled");
  assert.equal(
    node.state.incidents.map((one) => one.failureClass),
    ["agent-stalled"],
  );
});

for (const [what, event] of [
  ["its stream is closed", { kind: "closed", cause: "peer-closed", heardAt: listeningMs(0) }],
  ["it says goodbye", { kind: "goodbye", reason: "stop", message: "", heardAt: listeningMs(0) }],
  ["two sessions claim its name", { kind: "conflict", detail: "two" }],
] as const satisfies readonly (readonly [string, NodeEvent])[]) {
  test(`is over at once when ${what}`, () => {
    const node = drill();
    node.run(4_000, true);
    node.send(event);
    assert.is(node.state.drill, null);
    assert.ok(node.lines.some((line) => line.endsWith("host-down retracted")));
    assert.ok(node.state.incidents.every((one) => one.drill === undefined));
  });
}

test("another boot meanwhile, or a problem that the agent reports, ends it and is taken as real", () => {
  const rebooted = drill();
  rebooted.run(4_000, true);
  rebooted.hello({ bootId: "boot-2" });
  assert.is(rebooted.state.drill, null);
  assert.is(rebooted.state.record.bootId, "boot-2");
  const troubled = drill();
  troubled.run(4_000, true);
  troubled.report("problem", "nic-down", "eth0");
  assert.is(troubled.state.drill, null);
  assert.equal(
    troubled.state.incidents.map((one) => [one.failureClass, one.drill, one.shadow]),
    [["nic-down", undefined, false]],
  );
});

test("a host that is only under pressure goes on", () => {
  const node = drill();
  node.report("problem", "host-degraded", "memory");
  assert.is(node.state.drill?.id, "drill-1");
  assert.equal(
    node.state.incidents.map((one) => [one.failureClass, one.drill]),
    [["host-degraded", undefined]],
  );
});

test("ends by itself at its bound", () => {
  const node = drill();
  node.run(15_100, true);
  assert.is(node.state.drill, null);
  assert.is(node.state.health.state, "alive");
});

test("does not begin where it would mix with something real", () => {
  const silent = aliveNode();
  silent.kernel = "silent";
  silent.run(2_000);
  const troubled = aliveNode();
  troubled.report("problem", "nic-down", "eth0");
  for (const node of [silent, troubled]) assert.is(drill(node).state.drill, null);
});

test("whoever takes the node over withdraws what was played and judges afresh", () => {
  const node = drill();
  node.run(5_000, true);
  const incidents = node.state.incidents;
  const stored = incidents.map((one) => JSON.stringify(one));
  for (const json of stored) assert.is(parseRecord(json, incidentRecordCheck).kind, "ok");
  node.state = loadedNodeState(node.state.record, incidents, null, listeningMs(node.at), false);
  assert.is(node.state.health.state, "awaited");
  node.lines.length = 0;
  node.run(100);
  assert.equal(node.lines.slice(-1), [`${node.at} host-down retracted`]);
  assert.equal(node.state.incidents, []);
});

for (const [what, change] of [
  ["committed", { phase: "committed" }],
  ["of another origin", { origin: "path" }],
] as const) {
  test(`a stored drill that is ${what} is none: it is not loaded, and ends no process`, () => {
    const node = drill();
    node.run(5_000, true);
    const incidents = node.state.incidents.map((one) => ({ ...one, ...change }));
    assert.is(incidents.length, 1);
    const loaded = loadedNodeState(node.state.record, incidents, null, listeningMs(node.at), false);
    assert.equal(loaded.incidents, []);
    assert.is(loaded.health.state, "awaited");
    const now = { listening: listeningMs(node.at), wall: unixMs(0) };
    const { own, guard } = node;
    const tick = { kind: "tick", lastHeardAt: node.state.lastHeardAt, own, guard } as const;
    step({ ...loaded, incidents }, tick, now, node.config);
  });
}

test("receivers are told that it is a drill, and nothing new where it is none", () => {
  const node = drill();
  node.run(5_000, true);
  const [incident] = node.state.incidents;
  const [transition] = incident?.transitions ?? [];
  assert.ok(incident && transition);
  const parts = {
    transition,
    kind: "fact",
    cluster: "c",
    aggregator: "a",
    node: null,
    httpEndpoint: "http://127.0.0.1",
  } as const;
  const of = (one: typeof incident): { readonly incident: Record<string, unknown> } =>
    JSON.parse(nativeBody({ ...parts, incident: one })) as { incident: Record<string, unknown> };
  assert.equal([of(incident).incident["drill"], of(incident).incident["shadow"]], [true, true]);
  const { drill: _played, ...real } = incident;
  assert.not.ok("drill" in of({ ...real, node: "n" as NodeId }).incident);
});

test.run();
