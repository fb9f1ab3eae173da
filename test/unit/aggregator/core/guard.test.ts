import { countOwn, type DomainCount, FLEET, merged } from "@herdbeat/aggregator/core/census";
import { ownerCountOf } from "@herdbeat/aggregator/core/census-record";
import {
  GUARD_DEFAULTS,
  type GuardQuestion,
  type GuardSight,
  judgeGuard,
  levelOf,
} from "@herdbeat/aggregator/core/guard";
import type { NodeState } from "@herdbeat/aggregator/core/node-state";
import { newNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { allShards, type NodeId, type ShardId } from "@herdbeat/shared/ids";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("guard");

const ALL: readonly ShardId[] = [...allShards()];

function counted(domain: string, nodes: number, overdue: number, declared = 0): DomainCount {
  const lead = overdue + declared > 0 ? ("node-01" as NodeId) : "";
  return { domain, nodes, overdue, suspect: overdue, declared, lead, told: false };
}

function sight(domains: readonly DomainCount[], change: Partial<GuardQuestion> = {}): GuardSight {
  return judgeGuard({
    domain: "rack:a1",
    names: ["rack:a1", "az:1"],
    census: merged([{ shards: ALL, domains }]),
    limits: GUARD_DEFAULTS,
    interval: durationMs(1_000),
    isCooling: () => false,
    disarmed: null,
    fencing: "none",
    ...change,
  });
}

// nodes, out, level
const LEVELS: readonly (readonly [number, number, string])[] = [
  [1, 1, "normal"],
  [2, 1, "normal"],
  [2, 2, "full"],
  [4, 3, "normal"],
  [4, 4, "full"],
  [5, 2, "normal"],
  [5, 3, "partial"],
  [5, 4, "full"],
  [20, 10, "normal"],
  [20, 11, "partial"],
  [20, 15, "partial"],
  [20, 16, "full"],
  [20, 20, "full"],
  [0, 0, "normal"],
];

for (const [nodes, out, level] of LEVELS) {
  test(`${out} of ${nodes} out is ${level}`, () => {
    assert.is(levelOf({ nodes, overdue: out, declared: 0 }, GUARD_DEFAULTS), level);
    assert.is(levelOf({ nodes, overdue: 0, declared: out }, GUARD_DEFAULTS), level);
  });
}

test("one silent node of a rack waits for nothing and is held by nothing", () => {
  const one = sight([counted(FLEET, 40, 1), counted("rack:a1", 20, 1)]);
  assert.equal([one.patience, one.zones, one.commit, one.anyCommit], [0, [], null, null]);
});

test("two overdue nodes of one rack wait for one heartbeat, two of different racks do not", () => {
  assert.is(sight([counted(FLEET, 40, 2), counted("rack:a1", 20, 2)]).patience, 1_000);
  assert.is(sight([counted(FLEET, 40, 2), counted("rack:a1", 20, 1)]).patience, 0);
});

test("nodes that were declared before make no crowd", () => {
  assert.is(sight([counted(FLEET, 40, 1, 9), counted("rack:a1", 20, 1, 9)]).patience, 0);
});

// fleet [nodes, out], rack [nodes, out], what holds a commit without proof
const BRAKES: readonly (readonly [
  string,
  readonly [number, number],
  readonly [number, number],
  string | null,
])[] = [
  ["nothing is out of the ordinary", [100, 3], [20, 3], null],
  ["the rack is partly out", [100, 11], [20, 11], "less than 55 % of rack:a1 out"],
  ["the rack is out", [100, 20], [20, 20], "less than 55 % of rack:a1 out"],
  ["the fleet is out", [20, 20], [20, 20], "less than 55 % of fleet out"],
  ["half of the fleet is out, in other racks", [100, 50], [20, 1], "51 % of the fleet well"],
  ["a small fleet has no percentages", [4, 2], [4, 2], null],
];

for (const [what, fleet, rack, held] of BRAKES) {
  test(`a commit: ${what}`, () => {
    const { commit } = sight([counted(FLEET, ...fleet), counted("rack:a1", ...rack)]);
    assert.is(commit?.reason ?? null, held === null ? null : "disruption-guard");
    if (held !== null) assert.ok(commit?.releasedBy.startsWith(held), commit?.releasedBy);
  });
}

test("hosts without labels have no rack, but their mass silence holds", () => {
  const alone = sight([counted(FLEET, 20, 3)], { domain: null, names: [] });
  assert.equal([alone.patience, alone.commit], [0, null]);
  const mass = sight([counted(FLEET, 20, 12)], { domain: null, names: [] });
  assert.is(mass.patience, 1_000);
  assert.is(mass.commit?.reason, "disruption-guard");
});

test("a domain that was disrupted stays held for the cooldown", () => {
  const quiet = [counted(FLEET, 100, 1), counted("rack:a1", 20, 1)];
  assert.is(sight(quiet, { isCooling: (name) => name === "rack:b1" }).commit, null);
  const held = sight(quiet, { isCooling: (name) => name === "rack:a1" }).commit;
  assert.ok(held?.releasedBy.includes("stormCooldown"), held?.releasedBy);
});

test("what an operator stops is stopped for everything, proof or not", () => {
  const quiet = [counted(FLEET, 100, 1), counted("rack:a1", 20, 1)];
  const paused = sight(quiet, { limits: { ...GUARD_DEFAULTS, paused: ["az:1"] } });
  assert.ok(paused.anyCommit?.releasedBy.includes("az:1"), paused.anyCommit?.releasedBy);
  const disarmed = { reason: "disarmed", releasedBy: "herdctl disarm off" } as const;
  assert.equal(sight(quiet, { disarmed }).anyCommit, disarmed);
});

test("a shard that nobody counted makes the census incomplete, and that holds everything", () => {
  const census = merged([{ shards: ALL.slice(1), domains: [counted(FLEET, 100, 1)] }]);
  const blind = sight([], { census });
  assert.is(blind.isCounted, false);
  assert.is(blind.anyCommit?.reason, "census-incomplete");
});

test("counts of owners add up; who tells of an outage goes before whoever could", () => {
  const told: DomainCount = {
    ...counted("rack:a1", 8, 0, 2),
    lead: "node-09" as NodeId,
    told: true,
  };
  const { domains, isComplete } = merged([
    { shards: ALL.slice(0, 30), domains: [counted("rack:a1", 12, 3)] },
    { shards: ALL.slice(30), domains: [told] },
  ]);
  assert.is(isComplete, true);
  assert.equal(domains.get("rack:a1"), {
    domain: "rack:a1",
    nodes: 20,
    overdue: 3,
    suspect: 3,
    declared: 2,
    lead: "node-09",
    told: true,
  });
});

function node(
  id: string,
  health: NodeState["health"],
  labels: Record<string, string> = {},
): NodeState {
  const fresh = newNodeState(id as NodeId, listeningMs(0), unixMs(0), false);
  return { ...fresh, health, record: { ...fresh.record, labels } };
}

const SINCE = listeningMs(0);

test("who is awaited, gone in order or retired is no part of any share", () => {
  const states: readonly NodeState[] = [
    node("a", { state: "alive" }),
    node("b", { state: "suspect", since: SINCE, cause: "silence" }),
    node("c", { state: "declared", since: SINCE }),
    node("d", { state: "awaited", since: SINCE, afterStoreLoss: false }),
    node("e", { state: "left", since: SINCE, wholeHost: true, lastAnswerAt: SINCE }),
    node("f", { state: "agent-down", since: SINCE, lastAnswerAt: SINCE }),
    node("g", { state: "unseen", since: SINCE }),
  ];
  const heardAt = [5_000, 1_000, 0, 0, 0, 0, 0];
  const { domains } = countOwn(states, heardAt, listeningMs(3_500), ALL);
  assert.equal(domains, [
    { domain: FLEET, nodes: 4, overdue: 1, suspect: 1, declared: 1, lead: "b", told: false },
  ]);
});

test("domains too many for one answer name no shards: the census stays incomplete", () => {
  const states = Array.from({ length: 1_100 }, (_, at) =>
    node(`n${at}`, { state: "alive" }, { rack: `r${at}` }),
  );
  const heardAt = states.map(() => 9_000);
  assert.equal(countOwn(states, heardAt, listeningMs(0), ALL), { shards: [], domains: [] });
  assert.is(countOwn(states.slice(0, 900), heardAt, listeningMs(0), ALL).domains.length, 901);
});

test("a label that is too long or not plain is a domain all the same", () => {
  const states = ["x".repeat(300), "\u0000\ud83d\udc40"].map((rack, at) =>
    node(`n${at}`, { state: "alive" }, { rack }),
  );
  const { domains } = countOwn(states, [9, 9], listeningMs(0), ALL);
  assert.is(domains.length, 3);
  for (const { domain } of domains.slice(1)) assert.match(domain, /^rack:~[0-9a-f]{8}$/);
});

// Whatever stands beside a counter in a store that others can write to.
const STORED: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["text", "64"],
  ["no lists", { shards: 3, domains: {} }],
  ["a negative count", { shards: [1], domains: [{ ...counted("rack:a1", 1, 0), nodes: -1 }] }],
  ["a count that is text", { shards: [1], domains: [{ ...counted("rack:a1", 1, 0), nodes: "1" }] }],
  [
    "far too many",
    { shards: [1], domains: Array.from({ length: 5_000 }, () => counted("x", 1, 0)) },
  ],
];

for (const [what, value] of STORED) {
  test(`counts in the store that are not ours are no counts: ${what}`, () => {
    assert.is(ownerCountOf(value), null);
  });
}

test("counts in the store are read back as they were written", () => {
  const count = { shards: [1, 2], domains: [counted("rack:a1", 3, 1)] };
  assert.equal(ownerCountOf(JSON.parse(JSON.stringify(count))), count);
});

test.run();
