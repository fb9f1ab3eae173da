import { headlineOf } from "@herdbeat/aggregator/web/fleet/headline";
import { countOf } from "@herdbeat/aggregator/web/words/count";
import { formatCoarse, formatDuration } from "@herdbeat/aggregator/web/words/duration";
import { thresholdWords } from "@herdbeat/aggregator/web/words/incident-words";
import { formatInstant } from "@herdbeat/aggregator/web/words/instant";
import { shownState } from "@herdbeat/aggregator/web/words/node-states";
import { commonDomain, withoutDomain } from "@herdbeat/aggregator/web/words/short-name";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("dashboard words");

for (const [ms, text] of [
  [0, "0.0 s"],
  [2_449, "2.4 s"],
  [31_900, "31 s"],
  [252_000, "4 min 12 s"],
  [240_000, "4 min"],
  [11_040_000, "3 h 4 min"],
  [1_047_600_000, "12 d 3 h"],
  [-5, "0.0 s"],
] as const)
  test(`says ${text} for ${ms} ms`, () => {
    assert.is(formatDuration(ms), text);
  });

test("does not let a column of ages flicker", () => {
  assert.is(formatCoarse(2_449), "2 s");
});

test("always counts something", () => {
  assert.equal(
    [countOf(1, "node"), countOf(10_000, "node"), countOf(2, "node has", "nodes have")],
    ["1 node", "10,000 nodes", "2 nodes have"],
  );
});

test("adds the date to an instant of another day only", () => {
  const at = Date.UTC(2026, 10, 20, 3, 12, 44);
  assert.is(formatInstant(at, "utc", at + 60_000), "03:12:44");
  assert.is(formatInstant(at, "utc", at + 86_400_000), "2026-11-20 03:12:44");
});

test("spells the names of thresholds out", () => {
  assert.is(thresholdWords("declareAfterMs"), "declare after");
});

test("never shows an alive node with a problem, or one that nobody sees, as OK", () => {
  const states = ["alive", "awaited", "unseen", "left", "agent-stalled"] as const;
  const facts = { troubled: true, maintenance: false };
  assert.equal(
    states.map((state) => shownState({ state, ...facts })),
    ["problem", "unknown", "unknown", "unknown", "agent"],
  );
});

test("shows a state that it does not know as unknown", () => {
  // A newer aggregator may send one.
  const state = "hibernating" as "alive";
  assert.is(shownState({ state, troubled: false, maintenance: false }), "unknown");
});

test("drops only what all host names share", () => {
  const names = ["a1.x.example.net", "a2.x.example.net", "a3.y.example.net"];
  const domain = commonDomain(names);
  assert.is(domain, ".example.net");
  assert.equal(
    names.map((name) => withoutDomain(name, domain)),
    ["a1.x", "a2.x", "a3.y"],
  );
  assert.is(commonDomain(["one.example.net"]), "");
  assert.is(commonDomain(["a.example.net", "b"]), "");
});

const NONE = {
  committed: 0,
  declared: 0,
  suspect: 0,
  problem: 0,
  agent: 0,
  unknown: 0,
  maintenance: 0,
  ok: 20,
};
for (const [counts, text] of [
  [{}, "All nodes are well."],
  [{ maintenance: 1 }, "No node is down."],
  [{ committed: 1, declared: 1, suspect: 1, unknown: 3 }, "2 nodes down, 1 suspect, 3 unknown."],
  [{ suspect: 1, agent: 4 }, "1 node suspect."],
  [{ unknown: 2, problem: 5 }, "2 nodes are unknown."],
  [{ problem: 1, agent: 2 }, "No node is down. 1 node has a problem."],
  [{ agent: 1 }, "No node is down. 1 agent does not report."],
] as const)
  test(`begins with what matters most: ${text}`, () => {
    assert.is(headlineOf({ ...NONE, ...counts }), text);
  });

test.run();
