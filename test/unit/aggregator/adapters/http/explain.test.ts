import type { Explanation } from "@herdbeat/aggregator/adapters/http/dto";
import { explainIncident } from "@herdbeat/aggregator/adapters/http/explain";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { fixtureDeliveries, fixtureIncidents } from "../../../../support/fixture-incidents.ts";
import { FIXTURE_START } from "../../../../support/fixture-nodes.ts";
import { aliveNode, testConfig } from "../../../../support/node-driver.ts";
import { readableIncidentId } from "../../../../support/replay-check.ts";
import { suite } from "../../../../support/suite.ts";

const test = suite("explain");

function storyOf(
  node: string,
  change: Partial<ReturnType<typeof fixtureIncidents>[number]> = {},
): string {
  const found = fixtureIncidents().find((each) => each.node === node);
  if (found === undefined) throw new Error(`no incident on ${node}`);
  const incident = { ...found, ...change };
  const deliveries = fixtureDeliveries(incident);
  return explainIncident({
    incident,
    deliveries,
    now: FIXTURE_START,
    incidentIdOf: readableIncidentId,
  }).lines.join("\n");
}

test("tells the whole story of a declared host that waits for better proof", () => {
  assert.is(
    storyOf("hv-07"),
    `host-down on compute-07.example.test: declared, proof grade 1, unreachable, open for 12s.
NoAnswer: no heartbeat and no answer on any network
Incident efa88e8aefa88e8aefa88e8aefa88e8a, node hv-07, boot 00000007-aaaa-4bbb-8ccc-000000000007, shard 43.

What happened:
  2026-01-15T09:59:45.600Z  heard      the last heartbeat that agg-1 heard
  2026-01-15T09:59:47.100Z  asked      agg-1 asked its kernel: no-answer. TCP connect to the admin address timed out
  2026-01-15T09:59:47.300Z  asked      agg-1 asked its own gateway: answered. our own gateway answers
  2026-01-15T09:59:48.000Z  decided    1. declared: host-down, proof grade 1 (unreachable), by rule silence-two-witnesses. no heartbeat and no answer on any network
  2026-01-15T09:59:48.180Z  told       told controller of transition 1 (fact): accepted after 1 attempt, last status 202
  2026-01-15T09:59:48.180Z  not-told   has not told pager of transition 1 (fact) yet: 4 attempts, last status 503, last error: HTTP 503; next at 2026-01-15T10:00:18.000Z

Which rule decided:
  silence-two-witnesses: two healthy witnesses with proven probes got no answer
  limits: suspectAfter 1.5s, declareAfter 2s, fenceAfter 5s

Why nothing irreversible happens yet:
  on hold since 2026-01-15T09:59:48.500Z (11.5s), grade-too-low: the proof is not good enough for what recovery would do
  released by: better proof, or an operator

What would end it:
  It was made from silence: a live session of the same boot retracts it,
  a session with a new boot id turns it into host-rebooted.

What was done:
  Nothing was reported.

Can it be run again:
  not wholly: herdctl incident replay tells why.`,
  );
});

test("says that a committed incident can not be retracted, and what was done", () => {
  const story = storyOf("hv-08");
  assert.match(story, /Committed: it can no longer be retracted/);
  assert.match(story, /recovery reports evacuate running 60 %/);
  assert.match(story, /controller of transition 3 \(request\)/);
});

test("says that a reported condition ends by its own report", () => {
  assert.match(
    storyOf("hv-02"),
    /monitor libvirt-daemon reported it: it clears when that monitor reports ok/,
  );
});

test("says that an ended incident waits for nothing", () => {
  const story = storyOf("hv-01");
  assert.match(story, /nothing: it is retracted/);
  assert.not.match(story, /Why nothing irreversible/);
});

test("sums up the early steps of an incident that flapped for long", () => {
  const [first] = fixtureIncidents().flatMap((each) => each.transitions);
  if (first === undefined) throw new Error("no transition");
  const transitions = Array.from({ length: 40 }, (_, index) => ({
    ...first,
    number: index + 1,
    at: unixMs(FIXTURE_START - (40 - index) * 1_000),
  }));
  const story = storyOf("hv-07", { transitions });
  assert.match(story, /\.\.\. \d+ earlier lines/);
});

/** What the core itself decided about a node that was silent behind a silent gateway at first. */
function decidedIncident(): IncidentRecord {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...node.own, gateway: "silent" };
  node.run(6_000);
  node.own = { ...node.own, gateway: "answers" };
  node.run(200);
  const [incident] = node.state.incidents;
  if (incident === undefined) throw new Error("not declared");
  return incident;
}

function explained(incident: IncidentRecord): Explanation {
  const now = unixMs(incident.openedAt + 60_000);
  const incidentIdOf = testConfig().incidentIdOf;
  return explainIncident({ incident, deliveries: [], now, incidentIdOf });
}

test("tells why a silent node was not judged at first, and what would have changed the verdict", () => {
  const explanation = explained(decidedIncident());
  assert.equal(
    explanation.story.map(({ kind }) => kind),
    ["heard", "held-back", "asked", "asked", "decided"],
  );
  assert.match(explanation.story[1]?.text ?? "", /not judged: our own gateway does not answer/);
  assert.equal(explanation.wouldHaveChanged, [
    "While it was not judged: if our own gateway had answered: host-down is declared.",
    "If a heartbeat had arrived just before: nothing is declared.",
    "If its kernel had answered the last question: nothing is declared.",
    "If our own gateway had not answered: nothing is declared.",
  ]);
  assert.is(explanation.replay, "agrees");
  assert.ok(explanation.lines.some((line) => line.includes("with the same result")));
});

test("damaged inputs cost the replay and nothing else of the story", () => {
  const incident = decidedIncident();
  for (const decisions of [["garbage"], 7, [null, "x".repeat(100_000)], ["declared 00000000 {}"]]) {
    const explanation = explained({ ...incident, decisions });
    assert.is(explanation.replay, "incomplete");
    assert.equal(explanation.wouldHaveChanged, []);
    assert.is(explanation.rule?.name, "silence-and-kernel-silent");
  }
});

test("says for each origin what ends it", () => {
  const incident = decidedIncident();
  for (const [origin, words] of [
    ["silence:agent", /when the agent is heard again/],
    ["identity", /only one of them says hello/],
    ["session", /a person must look/],
  ] as const) {
    assert.match(explained({ ...incident, origin }).wouldEnd.join(" "), words);
  }
});

test("names shadow mode and silence about an incident", () => {
  assert.match(storyOf("hv-07", { shadow: true }), /Shadow mode/);
  assert.match(storyOf("hv-07", { announced: false }), /Not announced/);
});

test.run();
