import { CLEAR_GUARD, type GuardSight } from "@herdbeat/aggregator/core/guard";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { Effect } from "@herdbeat/aggregator/core/node-state";
import type { Review } from "@herdbeat/aggregator/core/review";
import { step } from "@herdbeat/aggregator/core/step";
import { loadedNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { type NodeDriver, witnessedNode } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("host-commit");

const RECOVER = { "host-down": { action: "recover", minGrade: 5 } } as const;
const FENCED: GuardSight = { ...CLEAR_GUARD, fencing: "ready" };
const DISRUPTED = {
  reason: "disruption-guard",
  releasedBy: "less than 55 % of rack:a1 out",
} as const;

/** Silent since 2 s of its time, with so many blind witnesses, policy recover and a fence device. */
function silent(witnesses: number, guard: GuardSight = FENCED): NodeDriver {
  const node = witnessedNode(witnesses, RECOVER);
  node.guard = guard;
  return node;
}

function incident(node: NodeDriver): IncidentRecord {
  const found = node.state.incidents.find((one) => one.origin === "silence");
  if (found === undefined) throw new Error("nothing was declared");
  return found;
}

const committedAt = (node: NodeDriver): readonly string[] =>
  node.lines.filter((line) => line.includes("committed"));

function review(node: NodeDriver, word: Review["word"]): void {
  const said: Review = { word, by: "ann", reason: "test", at: unixMs(0) };
  const incidents = node.state.incidents.map((one) =>
    one.origin === "silence" ? { ...one, review: said } : one,
  );
  node.state = { ...node.state, incidents };
}

test("without any witness silence begins nothing, however long it lasts", () => {
  const node = silent(0);
  node.run(120_000);
  assert.equal(committedAt(node), []);
  assert.is(incident(node).hold?.reason, "grade-too-low");
});

// witnesses, when it is committed
const WHEN: readonly (readonly [number, number])[] = [
  [1, 12_000],
  [2, 7_000],
  [3, 7_000],
];

for (const [witnesses, at] of WHEN) {
  test(`with ${witnesses} blind witnesses it is fenced at ${at} ms`, () => {
    const node = silent(witnesses);
    node.run(60_000);
    assert.equal(committedAt(node), [`${at} declared -> committed`, `${at} host-down committed`]);
    assert.equal([incident(node).phase, incident(node).hold?.reason], ["committed", "fencing"]);
  });
}

test("fencing begins without a request: nothing is proven yet", () => {
  const node = silent(2);
  node.run(4_900);
  const now = { listening: listeningMs(7_000), wall: unixMs(1_800_000_007_000) };
  const sight = { lastHeardAt: node.state.lastHeardAt, own: node.own, guard: FENCED };
  const { id } = incident(node);
  const { effects } = step(
    node.state,
    { kind: "permit", incident: id, outcome: "granted", releasedBy: "", ...sight },
    now,
    node.config,
  );
  const made = effects.find(
    (one): one is Extract<Effect, { kind: "transition" }> => one.kind === "transition",
  );
  assert.equal(
    [made?.expect, made?.request, made?.transition.kind],
    ["declared", false, "committed"],
  );
});

// What holds it, however long it lasts; and that it commits by itself when that is over.
const BRAKES: readonly (readonly [
  string,
  string,
  (node: NodeDriver) => void,
  (node: NodeDriver) => void,
])[] = [
  [
    "no fence device",
    "grade-too-low",
    (node) => {
      node.guard = CLEAR_GUARD;
    },
    (node) => {
      node.guard = FENCED;
    },
  ],
  [
    "a disrupted rack",
    "disruption-guard",
    (node) => {
      node.guard = { ...FENCED, commit: DISRUPTED };
    },
    (node) => {
      node.guard = FENCED;
    },
  ],
  [
    "an incomplete census",
    "census-incomplete",
    (node) => {
      const anyCommit = { reason: "census-incomplete", releasedBy: "the counts" } as const;
      node.guard = { ...FENCED, isCounted: false, anyCommit };
    },
    (node) => {
      node.guard = FENCED;
    },
  ],
  [
    "disarmed",
    "disarmed",
    (node) => {
      node.guard = {
        ...FENCED,
        anyCommit: { reason: "disarmed", releasedBy: "herdctl disarm off" },
      };
    },
    (node) => {
      node.guard = FENCED;
    },
  ],
  [
    "a permit that another incident has",
    "disruption-guard",
    (node) => {
      node.permit = "refused";
    },
    (node) => {
      node.permit = "granted";
    },
  ],
  [
    "a gateway of our own that fell silent",
    "disruption-guard",
    (node) => {
      node.run(2_500);
      node.own = { ...node.own, gateway: "silent" };
    },
    (node) => {
      node.own = { ...node.own, gateway: "answers" };
    },
  ],
  [
    "an operator's no",
    "denied",
    (node) => {
      node.run(2_500);
      review(node, "deny");
    },
    (node) => review(node, "approve"),
  ],
];

for (const [what, reason, begin, end] of BRAKES) {
  test(`nothing is committed while there is ${what}, and then by itself`, () => {
    const node = silent(2);
    begin(node);
    node.run(60_000);
    assert.equal(committedAt(node), []);
    assert.is(incident(node).hold?.reason, reason);
    end(node);
    node.run(2_000);
    assert.is(incident(node).phase, "committed");
  });
}

test("an incomplete census delays no declaration", () => {
  const node = silent(2, { ...FENCED, isCounted: false });
  node.run(2_100);
  assert.is(node.state.health.state, "declared");
});

test("an answer of its kernel after it was declared stops the commit and begins the time anew", () => {
  const node = silent(2);
  node.run(4_000);
  node.kernel = "answers";
  node.run(600);
  node.kernel = "silent";
  node.run(4_000);
  assert.equal(committedAt(node), []);
  assert.is(incident(node).hold?.reason, "sign-of-life");
  node.run(3_000);
  assert.is(incident(node).phase, "committed");
});

test("a witness that gets an answer stops the commit", () => {
  const node = silent(3);
  node.run(4_000);
  for (const one of node.witnesses) one.sees = "answers";
  node.run(60_000);
  assert.equal(committedAt(node), []);
  assert.is(incident(node).hold?.reason, "sign-of-life");
});

test("approval releases the guard, never the proof", () => {
  const node = silent(2, { ...CLEAR_GUARD, commit: DISRUPTED });
  node.run(10_000);
  review(node, "approve");
  node.run(10_000);
  assert.is(incident(node).hold?.reason, "grade-too-low");
  node.guard = { ...FENCED, commit: DISRUPTED };
  node.run(2_000);
  assert.is(incident(node).phase, "committed");
});

test("approval does not arm what was disarmed", () => {
  const anyCommit = { reason: "disarmed", releasedBy: "herdctl disarm off" } as const;
  const node = silent(2, { ...FENCED, anyCommit });
  node.run(10_000);
  review(node, "approve");
  node.run(10_000);
  assert.is(incident(node).hold?.reason, "disarmed");
});

test("a host that is proven off is committed with a request, whatever its rack does", () => {
  const node = silent(0, { ...CLEAR_GUARD, commit: DISRUPTED });
  node.run(5_000);
  const incidents = node.state.incidents.map((one) => ({ ...one, grade: 5 }) as const);
  node.state = { ...node.state, incidents };
  node.run(2_000);
  assert.is(incident(node).phase, "committed");
  assert.is(incident(node).transitions.at(-1)?.rule.name, "policy-recover");
});

for (const [what, policy] of [
  ["notify", { "host-down": { action: "notify", minGrade: 0 } }],
  ["ignore", { "host-down": { action: "ignore", minGrade: 0 } }],
] as const) {
  test(`policy ${what} commits nothing and holds nothing`, () => {
    const node = witnessedNode(2, policy);
    node.guard = FENCED;
    node.run(60_000);
    assert.equal([committedAt(node), node.holds, incident(node).hold], [[], [], null]);
  });
}

test("heard before the permit came: retracted, and the permit changes nothing", () => {
  const node = silent(2);
  node.permit = null;
  node.run(8_000);
  const { id } = incident(node);
  node.heartbeat();
  node.permit = "granted";
  node.answerPermit(id);
  assert.equal(committedAt(node), []);
  assert.is(node.state.health.state, "alive");
});

test("heard after the commit: it stays out, and its return is told", () => {
  const node = silent(2);
  node.run(8_000);
  node.heartbeat();
  node.run(2_000, true);
  assert.is(node.state.health.state, "committed");
  assert.equal(
    incident(node).transitions.map(({ kind }) => kind),
    ["declared", "committed", "node-returned"],
  );
});

test("a return after the commit ends one epoch, however often the node is heard then", () => {
  const node = silent(2);
  node.run(8_000);
  const { sessionEpoch } = node.state.record;
  node.heartbeat();
  const { record } = node.state;
  assert.is(record.sessionEpoch, sessionEpoch + 1);
  node.run(5_000, true);
  assert.equal(node.state.record, { ...record, lastSeenAt: node.state.record.lastSeenAt });
});

test("who is told that a part of an outage is committed is told of its return as well", () => {
  const node = silent(2);
  node.permit = null;
  node.run(8_000);
  const incidents = node.state.incidents.map((one) => ({ ...one, announced: false }));
  node.state = { ...node.state, incidents };
  node.permit = "granted";
  node.answerPermit(incident(node).id);
  node.heartbeat();
  assert.equal(node.lines.slice(-2), [
    "10000 host-down committed",
    "10000 node-returned node-returned",
  ]);
});

test("while two claim to be the node nothing of it is committed", () => {
  const node = silent(2);
  node.permit = null;
  node.run(8_000);
  node.state = { ...node.state, conflictAt: listeningMs(node.at) };
  node.permit = "granted";
  node.answerPermit(incident(node).id);
  node.run(10_000);
  assert.equal(committedAt(node), []);
});

test("an old answer to a question of ours is none now", () => {
  const node = silent(2);
  node.permit = null;
  node.run(2_500);
  node.kernel = "stalls";
  node.run(5_000);
  node.permit = "granted";
  node.run(60_000);
  assert.equal(committedAt(node), []);
  node.kernel = "silent";
  node.run(2_000);
  assert.is(incident(node).phase, "committed");
});

test("a host that an earlier owner declared has as long as any other to come back", () => {
  const node = silent(2);
  node.permit = null;
  node.run(8_000);
  node.permit = "granted";
  const { record, incidents, probe } = node.state;
  const at = listeningMs(node.at);
  node.state = loadedNodeState(record, incidents, probe.provenAt, at, false);
  node.run(32_500);
  assert.equal(committedAt(node), []);
  node.run(2_000);
  assert.is(incident(node).phase, "committed");
});

test("a permit for another incident changes nothing", () => {
  const node = silent(2);
  node.permit = null;
  node.run(8_000);
  node.permit = "granted";
  node.answerPermit("another" as IncidentRecord["id"]);
  assert.equal(committedAt(node), []);
});

test("a brake that comes and goes every turn is written once a second at most", () => {
  const node = silent(2);
  node.permit = "refused";
  for (let turn = 0; turn < 200; turn++) {
    node.guard = turn % 2 === 0 ? FENCED : { ...FENCED, commit: DISRUPTED };
    node.run(100);
  }
  assert.ok(node.holds.length <= 20, `${node.holds.length} changes in 20 s`);
});

test.run();
