import {
  bounded,
  DECISIONS_KEPT_MAX,
  decisionsOf,
  refusalOf,
} from "@herdbeat/aggregator/core/decision";
import {
  CORE_VERSION,
  DECISION_CHARS_MAX,
  type Decision,
  readDecision,
  sealed,
} from "@herdbeat/aggregator/core/decision-text";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { Effect, ReportedCondition } from "@herdbeat/aggregator/core/node-state";
import { incidentRecordCheck, parseRecord } from "@herdbeat/aggregator/core/record-shapes";
import { replayIncident, replayText } from "@herdbeat/aggregator/core/replay";
import { step } from "@herdbeat/aggregator/core/step";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, type NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("replay");

const WALL = 1_800_000_000_000;

function declaredHost(): { readonly node: NodeDriver; readonly incident: IncidentRecord } {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(4_000);
  return { node, incident: only(node) };
}

function only(node: NodeDriver): IncidentRecord {
  const [incident] = node.state.incidents;
  if (incident === undefined) throw new Error("no incident");
  return incident;
}

/** What the driver's next event makes of its incidents, also of those that end. */
function stepOf(node: NodeDriver, event: Parameters<typeof step>[1]): readonly Effect[] {
  const now = { listening: listeningMs(node.at), wall: unixMs(WALL + node.at) };
  return step(node.state, event, now, node.config).effects;
}

function ended(effects: readonly Effect[]): IncidentRecord {
  const found = effects.find((one) => one.kind === "transition");
  if (found === undefined) throw new Error("no transition");
  return found.incident;
}

function firstOf(incident: IncidentRecord): { readonly text: string; readonly decision: Decision } {
  const text = decisionsOf(incident)[0] ?? "";
  const read = readDecision(text);
  if (read.kind !== "ok") throw new Error(JSON.stringify(read));
  return { text, decision: read.decision };
}

/** The first decision with a change, sealed again as its writer would. */
function withFirst(incident: IncidentRecord, change: (one: Decision) => unknown): IncidentRecord {
  const { decision } = firstOf(incident);
  return { ...incident, decisions: [sealed("declared", JSON.stringify(change(decision)))] };
}

test("a declaration can be run again from what it recorded, with the same result", () => {
  const { node, incident } = declaredHost();
  const stored = JSON.parse(JSON.stringify(incident)) as IncidentRecord;
  const replayed = replayIncident(stored, node.config.incidentIdOf);
  assert.is(replayed.verdict, "agrees");
  assert.equal(
    replayed.decisions.map(({ what, transitions }) => [what, transitions]),
    [["declared", [1]]],
  );
  assert.equal(replayed.notKept, []);
});

test("a retraction, a change and a clearing have inputs of their own", () => {
  const { node } = declaredHost();
  const heard = ended(stepOf(node, { kind: "heard", at: listeningMs(node.at) }));
  const whatOf = (incident: IncidentRecord): readonly string[] =>
    replayIncident(incident, node.config.incidentIdOf).decisions.map(({ what }) => what);
  assert.equal(whatOf(heard), ["declared", "retracted"]);
  node.report("problem", "nic-down", "eth0", "First");
  node.report("problem", "nic-down", "eth0", "Second");
  const nic = node.state.incidents.find((one) => one.subject === "eth0");
  assert.ok(nic);
  assert.equal(whatOf(nic), ["declared", "changed"]);
  assert.is(replayIncident(nic, node.config.incidentIdOf).verdict, "agrees");
});

test("what is told only because it lasts is a decision as well", () => {
  const node = aliveNode();
  node.close("peer-closed");
  node.run(32_000);
  const replayed = replayIncident(only(node), node.config.incidentIdOf);
  assert.equal(
    replayed.decisions.map(({ what, transitions }) => [what, transitions]),
    [
      ["declared", [1]],
      ["announced", [1]],
    ],
  );
});

test("a commit is recorded together with the declaration that it follows from", () => {
  const node = aliveNode({ "guest-crashed": { action: "recover", minGrade: 0 } });
  node.report("problem", "guest-crashed", "guest-1");
  const incident = only(node);
  assert.is(incident.phase, "committed");
  const replayed = replayIncident(incident, node.config.incidentIdOf);
  assert.equal(
    replayed.decisions.map(({ what, transitions }) => [what, transitions]),
    [["declared+committed", [1, 2]]],
  );
  assert.is(replayed.verdict, "agrees");
  const closed = ended(
    stepOf(node, {
      kind: "conditions",
      conditions: [{ ...guest("guest-1"), monitor: "test", status: "ok" }],
    }),
  );
  assert.is(closed.phase, "closed");
  assert.is(replayIncident(closed, node.config.incidentIdOf).verdict, "agrees");
});

test("a refusal to judge is kept with the node, and begins the story of what follows", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...node.own, gateway: "silent" };
  node.run(20_000);
  const refusal = refusalOf(node.state.record);
  if (refusal === null) throw new Error("no refusal");
  assert.is(replayText(refusal.decision, null, node.config.incidentIdOf).result.agrees, true);
  node.own = { ...node.own, gateway: "answers" };
  node.run(200);
  const replayed = replayIncident(only(node), node.config.incidentIdOf);
  assert.equal(
    replayed.decisions.map(({ what }) => what),
    ["refused", "declared"],
  );
  assert.is(replayed.verdict, "agrees");
});

test("a refusal of an earlier silence has nothing to do with this one", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...node.own, gateway: "silent" };
  node.run(4_000);
  node.own = { ...node.own, gateway: "answers" };
  node.heartbeat();
  node.run(4_000);
  assert.equal(
    replayIncident(only(node), node.config.incidentIdOf).decisions.map(({ what }) => what),
    ["declared"],
  );
  assert.ok(node.state.record.refusal);
});

test("a node that is not declared because the store lost its past keeps why", () => {
  const node = aliveNode();
  node.close("network-error");
  const health = { state: "awaited", since: listeningMs(node.at), afterStoreLoss: true } as const;
  node.state = { ...node.state, health, record: { ...node.state.record, state: "awaited" } };
  node.kernel = "silent";
  node.run(60_000);
  assert.is(node.state.health.state, "unseen");
  const refusal = refusalOf(node.state.record);
  if (refusal === null) throw new Error("no refusal");
  assert.match(refusal.decision, /nothing here knows its past/);
});

test("a silent node that is not judged writes its refusal once", () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...node.own, gateway: "silent" };
  node.run(4_000);
  const { refusal } = node.state.record;
  node.run(20_000);
  assert.is(node.state.record.refusal, refusal);
});

test("inputs that were changed after the decision differ, and say where", () => {
  const { node, incident } = declaredHost();
  const tampered = withFirst(incident, (one) => ({
    ...one,
    config: { ...one.config, limits: { ...one.config.limits, declareAfter: 60_000 } },
  }));
  const replayed = replayIncident(tampered, node.config.incidentIdOf);
  assert.is(replayed.verdict, "differs");
  const [first] = replayed.decisions;
  if (first?.result.agrees !== false) throw new Error("it agrees");
  assert.match(first.result.differences[0] ?? "", /made\.0: recorded .*, now nothing/);
});

test("a timeline that says something else than what was decided differs", () => {
  const { node, incident } = declaredHost();
  const [first] = incident.transitions;
  assert.ok(first);
  const forged = { ...incident, transitions: [{ ...first, message: "no reason" }] };
  const { result } = replayIncident(forged, node.config.incidentIdOf).decisions[0] ?? {};
  if (result?.agrees !== false) throw new Error("it agrees");
  assert.match(result.differences[0] ?? "", /transition 1\.message: recorded "no reason", now/);
});

test("inputs of another core are never said to differ", () => {
  const { node, incident } = declaredHost();
  const older = withFirst(incident, (one) => ({ ...one, core: "0", event: "of another shape" }));
  const replayed = replayIncident(older, node.config.incidentIdOf);
  assert.is(replayed.verdict, "incomplete");
  const [first] = replayed.decisions;
  assert.equal(first?.result, {
    agrees: null,
    why: `it was decided by core 0, this is core ${CORE_VERSION}`,
  });
});

test("whatever the store holds in its place, the answer is a sentence", () => {
  const { node, incident } = declaredHost();
  const { text, decision } = firstOf(incident);
  const hostile: readonly (readonly [string, RegExp])[] = [
    ["", /not the text of a decision/],
    ["garbage", /not the text of a decision/],
    [text.slice(0, -5), /not the text of a decision|checksum/],
    [text.replace("boot-1", "boot-2"), /checksum/],
    [sealed("declared", "{nonsense}"), /not JSON/],
    [sealed("declared", "{}"), /version of the core/],
    [sealed("declared", JSON.stringify({ core: CORE_VERSION })), /key is not an object/],
    [sealed("declared", JSON.stringify({ ...decision, state: null })), /state is not an object/],
    [
      sealed("declared", JSON.stringify({ ...decision, state: {} })),
      /state.record is not an object/,
    ],
    [
      sealed(
        "declared",
        JSON.stringify({ ...decision, state: { ...decision.state, lastHeardAt: "" } }),
      ),
      /lastHeardAt is not a number/,
    ],
    [sealed("declared", JSON.stringify({ ...decision, event: { kind: "x" } })), /cannot run/],
    [sealed("declared", JSON.stringify({ ...decision, outcome: {} })), /outcome.kind/],
    ["x".repeat(DECISION_CHARS_MAX * 3), /longer than any/],
    [sealed("declared", `{"core":"${"[".repeat(60_000)}"}`), /another|core/],
    [
      sealed("declared", JSON.stringify({ core: CORE_VERSION, omitted: 99_999 })),
      /too many to keep/,
    ],
  ];
  for (const [one, why] of hostile) {
    const replayed = replayIncident({ ...incident, decisions: [one] }, node.config.incidentIdOf);
    assert.is(replayed.verdict, "incomplete", one.slice(0, 80));
    const result = replayed.decisions[0]?.result;
    if (result?.agrees !== null) throw new Error(`not refused: ${one.slice(0, 80)}`);
    assert.match(result.why, why);
  }
});

test("what is not even a list of texts is damaged and takes nothing else with it", () => {
  const { node, incident } = declaredHost();
  for (const decisions of [7, "text", null, { a: 1 }, [7, null], Array(10_000).fill({})]) {
    const stored = JSON.stringify({ ...incident, decisions });
    const parsed = parseRecord(stored, incidentRecordCheck);
    if (parsed.kind !== "ok") throw new Error(parsed.why);
    const replayed = replayIncident(parsed.value, node.config.incidentIdOf);
    assert.is(replayed.verdict, "incomplete");
    assert.ok(replayed.decisions.length <= DECISIONS_KEPT_MAX);
    assert.match(JSON.stringify(replayed), /damaged/);
  }
});

test("an incident without any recorded inputs is incomplete, not agreed", () => {
  const { node, incident } = declaredHost();
  const { decisions: _none, ...old } = incident;
  const replayed = replayIncident(old, node.config.incidentIdOf);
  assert.is(replayed.verdict, "incomplete");
  assert.equal(replayed.notKept, [1]);
});

test("of a long life the beginning, the commit and the last decisions are kept", () => {
  const what = ["refused", "declared", "changed-1", "committed", "changed-2", "changed-3"];
  const texts = [...what, "changed-4", "changed-5", "changed-6"].map((one) => `${one} 0 {}`);
  assert.equal(
    bounded(texts).map((text) => text.split(" ")[0]),
    ["refused", "declared", "committed", "changed-4", "changed-5", "changed-6"],
  );
});

test("an incident that changes for hours stays within its bounds and replays", () => {
  const node = aliveNode();
  for (let i = 0; i < 100; i++) node.report("problem", "nic-degraded", "eth0", `Reason${i}`);
  const incident = only(node);
  assert.is(decisionsOf(incident).length, DECISIONS_KEPT_MAX);
  assert.is(replayIncident(incident, node.config.incidentIdOf).verdict, "agrees");
  assert.ok(JSON.stringify(incident.decisions).length < 32_000);
});

test("a host with four hundred guests in trouble records each guest's own inputs", () => {
  const node = aliveNode();
  const conditions = Array.from({ length: 400 }, (_, index) => guest(`guest-${index}`));
  const effects = stepOf(node, { kind: "conditions", conditions });
  const incidents = effects.flatMap((one) => (one.kind === "transition" ? [one.incident] : []));
  assert.is(incidents.length, 400);
  for (const incident of incidents) {
    assert.ok((decisionsOf(incident)[0]?.length ?? 0) < 4_000);
    assert.is(replayIncident(incident, node.config.incidentIdOf).verdict, "agrees");
  }
});

test("inputs beyond their bound are left out, and that is said", () => {
  const node = aliveNode();
  const message = "x".repeat(DECISION_CHARS_MAX);
  const effects = stepOf(node, {
    kind: "conditions",
    conditions: [{ ...guest("guest-1"), message }],
  });
  const incident = ended(effects);
  assert.ok((decisionsOf(incident)[0]?.length ?? 0) < 200);
  const replayed = replayIncident(incident, node.config.incidentIdOf);
  assert.is(replayed.verdict, "incomplete");
  assert.match(JSON.stringify(replayed), /too many to keep/);
});

function guest(subject: string): ReportedCondition {
  return {
    monitor: "guests",
    subject,
    status: "problem",
    failureClass: "guest-crashed",
    reason: "Crashed",
    message: "gone",
    since: unixMs(WALL),
    transition: 7,
    attributes: {},
  };
}

test.run();
