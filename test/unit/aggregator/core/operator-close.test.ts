// A committed host incident ends by an operator's word, and its node is judged again.
import { fencingHold } from "@herdbeat/aggregator/core/fencing";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { NodeState } from "@herdbeat/aggregator/core/node-state";
import { replayIncident } from "@herdbeat/aggregator/core/replay";
import { step } from "@herdbeat/aggregator/core/step";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, NodeDriver } from "../../../support/node-driver.ts";
import { readableIncidentId } from "../../../support/replay-check.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("operator-close");
const POLICY = { "host-down": { action: "recover", minGrade: 5 } } as const;
const NOW = { listening: listeningMs(60_000), wall: unixMs(1_800_000_060_000) };

function committed(change: Partial<IncidentRecord> = {}): NodeState {
  const node = aliveNode(POLICY);
  node.kernel = "silent";
  node.run(10_000);
  const [declared] = node.state.incidents;
  assert.ok(declared);
  const phase = "committed" as const;
  return {
    ...node.state,
    health: { state: phase, since: listeningMs(20_000) },
    incidents: [{ ...declared, phase, hold: fencingHold(NOW), ...change }],
  };
}

function close(state: NodeState, heardAt = 0) {
  const incident = state.incidents[0]?.id;
  assert.ok(incident);
  return step(
    state,
    { kind: "close", incident, by: "olga", reason: "repaired", lastHeardAt: listeningMs(heardAt) },
    NOW,
    new NodeDriver(POLICY).config,
  );
}

test("a closed host is judged again: alive when it is heard, awaited when it is not", () => {
  for (const [heardAt, state] of [
    [59_000, "alive"],
    [0, "awaited"],
  ] as const) {
    const done = close(committed(), heardAt);
    assert.equal([done.state.health.state, done.state.record.state], [state, state]);
    assert.equal(done.state.incidents, []);
    const told = done.effects.flatMap((effect) => (effect.kind === "transition" ? [effect] : []));
    assert.equal(
      told.map(({ expect, deliver, request }) => [expect, deliver, request]),
      [["committed", true, false]],
    );
    const ended = told[0]?.incident;
    assert.ok(ended);
    assert.equal([ended.phase, ended.endedAt, ended.hold], ["closed", NOW.wall, null]);
    assert.is(told[0]?.transition.message, "closed by olga: repaired");
    assert.equal(replayIncident(ended, readableIncidentId).decisions.at(-1)?.result, {
      agrees: true,
    });
    assert.equal(close({ ...done.state, incidents: [ended] }, heardAt).effects, [], "once");
  }
});

test("the next death of a closed host is declared", () => {
  const again = new NodeDriver(POLICY);
  again.state = close(committed(), 59_000).state;
  again.at = 60_000;
  again.kernel = "silent";
  again.run(10_000);
  assert.is(again.state.health.state, "declared");
  assert.is(again.state.incidents[0]?.phase, "declared");
});

test("nothing is closed that is not a host's and committed", () => {
  for (const change of [{ phase: "declared" }, { origin: "condition:test" }] as const) {
    const state = committed(change);
    const done = close(state);
    assert.equal(done.effects, []);
    assert.equal(done.state.incidents, state.incidents);
  }
});

test.run();
