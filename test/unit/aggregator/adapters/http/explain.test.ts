import { explainIncident } from "@herdbeat/aggregator/adapters/http/explain";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { fixtureDeliveries, fixtureIncidents } from "../../../../support/fixture-incidents.ts";
import { FIXTURE_START } from "../../../../support/fixture-nodes.ts";
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
  return explainIncident({ incident, deliveries, now: FIXTURE_START }).join("\n");
}

test("tells the whole story of a declared host that waits for better proof", () => {
  assert.is(
    storyOf("hv-07"),
    `host-down on compute-07.example.test: declared, proof grade 1, unreachable, open for 12s.
NoAnswer: no heartbeat and no answer on any network
Incident efa88e8aefa88e8aefa88e8aefa88e8a, node hv-07, boot 00000007-aaaa-4bbb-8ccc-000000000007, shard 43.

What was seen:
  2026-01-15T09:59:45.600Z  agg-1: heartbeat-silence silent, 2.4s old when judged. last heartbeat 2.4 s before
  2026-01-15T09:59:47.100Z  agg-1: kernel-probe no-answer, 900ms old when judged. TCP connect to the admin address timed out
  2026-01-15T09:59:47.300Z  agg-1: gateway-probe answered, 700ms old when judged. our own gateway answers

Which rule decided:
  silence-two-witnesses: two healthy witnesses with proven probes got no answer
  limits: suspectAfter 1.5s, declareAfter 2s, fenceAfter 5s

What happened when:
  2026-01-15T09:59:48.000Z  1. declared: host-down, grade 1 unreachable. no heartbeat and no answer on any network

Why nothing irreversible happens yet:
  on hold since 2026-01-15T09:59:48.500Z (11.5s), grade-too-low: the proof is not good enough for what recovery would do
  released by: better proof, or an operator

What would end it:
  It was made from silence: a live session of the same boot retracts it,
  a session with a new boot id turns it into host-rebooted.

Who was told:
  transition 1 as fact to controller: delivered at 2026-01-15T09:59:48.180Z after 1 attempt, last status 202
  transition 1 as fact to pager: waiting, 4 attempts, last status 503, last error: HTTP 503; next at 2026-01-15T10:00:18.000Z

What was done:
  No action was reported.`,
  );
});

test("says that a committed incident can not be retracted, and what was done", () => {
  const story = storyOf("hv-08");
  assert.match(story, /Committed: it can no longer be retracted/);
  assert.match(story, /evacuate by recovery: running 60 %/);
  assert.match(story, /transition 3 as request to controller/);
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
  assert.match(story, /\.\.\. 28 earlier steps/);
});

test("names shadow mode and silence about an incident", () => {
  assert.match(storyOf("hv-07", { shadow: true }), /Shadow mode/);
  assert.match(storyOf("hv-07", { announced: false }), /Not announced/);
});

test.run();
