import { decisionsOf } from "@herdbeat/aggregator/core/decision";
import {
  awaitsFencing,
  fencingHold,
  isDeviceConfirmed,
  isHeardSinceOff,
} from "@herdbeat/aggregator/core/fencing";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { Effect, NodeEvent, NodeState } from "@herdbeat/aggregator/core/node-state";
import { replayIncident } from "@herdbeat/aggregator/core/replay";
import { step } from "@herdbeat/aggregator/core/step";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, NodeDriver } from "../../../support/node-driver.ts";
import { readableIncidentId } from "../../../support/replay-check.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("core-fencing");
const POLICY = { "host-down": { action: "recover", minGrade: 5 } } as const;
const NOW = { listening: listeningMs(60_000), wall: unixMs(1_800_000_060_000) };

/** A host that was committed from silence, and waits for its fencing. */
function committed(change: Partial<IncidentRecord> = {}): NodeState {
  const node = aliveNode(POLICY);
  node.kernel = "silent";
  node.run(10_000);
  const [incident] = node.state.incidents;
  assert.ok(incident);
  const state: NodeState = {
    ...node.state,
    health: { state: "committed", since: listeningMs(20_000) },
    incidents: [
      {
        ...incident,
        phase: "committed",
        requestedAction: "fence-and-resurrect",
        hold: fencingHold(NOW),
        ...change,
      },
    ],
  };
  return state;
}

function fenced(
  state: NodeState,
  outcome: "off" | "unanswered",
  by: Extract<NodeEvent, { kind: "fenced" }>["by"] = { kind: "device", name: "bmc" },
  heardAt = 0,
) {
  const incident = state.incidents[0]?.id;
  assert.ok(incident);
  return step(
    state,
    {
      kind: "fenced",
      incident,
      outcome,
      by,
      detail: "bmc says off, twice",
      lastHeardAt: listeningMs(heardAt),
    },
    NOW,
    new NodeDriver(POLICY).config,
  );
}

const told = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.kind === "transition"
      ? [[effect.transition.kind, effect.transition.grade, effect.expect, effect.request]]
      : [],
  );

test("confirmed off is grade 5, and recovery is asked for in the same write, once", () => {
  const first = fenced(committed(), "off");
  assert.equal(told(first.effects), [["changed", 5, "committed", true]]);
  const [incident] = first.state.incidents;
  assert.ok(incident);
  assert.equal([incident.grade, incident.hold, incident.phase], [5, null, "committed"]);
  assert.ok(isDeviceConfirmed(incident));
  assert.equal(incident.transitions.at(-1)?.evidence[0]?.kind, "fence-device");
  for (const outcome of ["off", "unanswered"] as const)
    assert.equal(fenced(first.state, outcome).effects, [], "a repeat changes nothing");
});

test("no answer of any device raises no grade, asks for nothing, and is told once", () => {
  const first = fenced(committed(), "unanswered");
  assert.equal(told(first.effects), [["changed", 0, "committed", false]]);
  const [incident] = first.state.incidents;
  assert.is(incident?.hold?.reason, "fencing-unanswered");
  assert.match(incident?.hold?.releasedBy ?? "", /confirm-off/);
  assert.equal(fenced(first.state, "unanswered").effects, []);
  assert.equal(told(fenced(first.state, "off").effects), [["changed", 5, "committed", true]]);
});

test("an operator's word counts like a device's, under his name", () => {
  const { state } = fenced(committed(), "off", { kind: "operator", name: "olga" });
  const [incident] = state.incidents;
  assert.ok(incident);
  const [evidence] = incident.transitions.at(-1)?.evidence ?? [];
  assert.equal([evidence?.kind, evidence?.source], ["operator", "olga"]);
  assert.not(isDeviceConfirmed(incident), "there is no device to read it again from");
});

test("of a node that is heard nobody's word confirms that it is off", () => {
  for (const kind of ["device", "operator"] as const) {
    const { effects, state } = fenced(committed(), "off", { kind, name: "x" }, 59_500);
    assert.equal(told(effects), [["changed", 0, "committed", false]]);
    assert.is(state.incidents[0]?.hold?.reason, "fencing-unanswered");
    assert.match(state.incidents[0]?.transitions.at(-1)?.message ?? "", /still heard/);
  }
});

test("who is heard after it was confirmed off is not off any more", () => {
  const off = fenced(committed(), "off").state;
  const [confirmed] = off.incidents;
  assert.ok(confirmed);
  assert.not(isHeardSinceOff(off, confirmed));
  const back = step(
    off,
    { kind: "heard", at: listeningMs(61_000) },
    { listening: listeningMs(61_000), wall: unixMs(1_800_000_061_000) },
    new NodeDriver(POLICY).config,
  ).state;
  const [returned] = back.incidents;
  assert.ok(returned);
  assert.ok(isHeardSinceOff(back, returned));
  const stepped = { ...back, record: { ...back.record, lastSeenAt: unixMs(0) } };
  assert.ok(isHeardSinceOff(stepped, returned), "whatever the clocks say");
});

test("what is not committed, or does not wait for it, is never fenced", () => {
  for (const change of [
    { phase: "declared" },
    { phase: "retracted" },
    { phase: "closed" },
    { hold: null },
    { hold: { ...fencingHold(NOW), reason: "disarmed" } },
  ] as const) {
    const state = committed(change);
    assert.not(state.incidents.some(awaitsFencing));
    assert.equal(fenced(state, "off").effects, []);
  }
});

test("a node that returns before its fencing waits for it all the same", () => {
  const state = committed();
  const heard = step(
    state,
    { kind: "heard", at: listeningMs(61_000) },
    { listening: listeningMs(61_000), wall: unixMs(1_800_000_061_000) },
    new NodeDriver(POLICY).config,
  );
  assert.equal(told(heard.effects), [["node-returned", 0, "committed", false]]);
  assert.ok(heard.state.incidents.some(awaitsFencing));
});

test("the decision is recorded and comes out the same when it is run again", () => {
  for (const outcome of ["off", "unanswered"] as const) {
    const [incident] = fenced(committed(), outcome).state.incidents;
    assert.ok(incident);
    assert.match(decisionsOf(incident).at(-1) ?? "", /"kind":"fenced"/);
    assert.is.not(replayIncident(incident, readableIncidentId).verdict, "differs");
    const { result } = replayIncident(incident, readableIncidentId).decisions.at(-1) ?? {};
    assert.equal(result, { agrees: true });
  }
});

test.run();
