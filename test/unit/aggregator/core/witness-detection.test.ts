import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import { replayIncident } from "@herdbeat/aggregator/core/replay";
import { WITNESS_PATHS_MAX } from "@herdbeat/aggregator/core/witness-memory";
import type { NodeId } from "@herdbeat/shared/ids";
import { listeningMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import {
  CLEAR_SIGHT,
  type DrivenWitness,
  NodeDriver,
  witnessedNode,
} from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("witness-detection");

/** All of these nodes were last heard at 2000, so that silence of 2 s ends at 4000. */
const DECLARED_EARLY = [
  "3500 alive -> suspect",
  "4000 suspect -> declared",
  "4000 host-down declared",
];
const DECLARED_LATE = [
  "3500 alive -> suspect",
  "5000 suspect -> declared",
  "5000 host-down declared",
];

function incidentOf(node: NodeDriver): IncidentRecord {
  const incident = node.state.incidents[0];
  assert.ok(incident);
  return incident;
}

function verdictOf(node: NodeDriver): readonly [number, string | undefined] {
  const { grade, transitions } = incidentOf(node);
  return [grade, transitions.at(-1)?.rule.name];
}

function first(node: NodeDriver): DrivenWitness {
  const witness = node.witnesses[0];
  assert.ok(witness);
  return witness;
}

test("two proven witnesses in different racks that see nothing declare at two seconds, with grade 1", () => {
  const node = witnessedNode(2);
  node.run(10_000);
  assert.equal(node.lines, DECLARED_EARLY);
  assert.equal(verdictOf(node), [1, "silence-and-witnesses"]);
  assert.is(incidentOf(node).reason, "SilentAndUnreachable");
});

test("the evidence names each witness, how it looked, over which network and how long ago", () => {
  const node = witnessedNode(2);
  node.run(3_000);
  const evidence = incidentOf(node).transitions[0]?.evidence.filter(
    ({ kind }) => kind === "witness",
  );
  assert.equal(
    evidence?.map((one) => [one.source, one.outcome, one.age, one.detail]),
    ["1", "2"].map((i) => [
      `witness-${i}`,
      "no-answer",
      500,
      `tcp-rst over the network of its stream from rack:${i}: no answer; last answered 2s ago`,
    ]),
  );
});

test("one witness does not hurry anybody, and its word is in the evidence", () => {
  const node = witnessedNode(1);
  node.run(10_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.equal(verdictOf(node), [0, "silence-and-kernel-silent"]);
  assert.ok(incidentOf(node).transitions[0]?.evidence.some(({ kind }) => kind === "witness"));
});

test("witnesses that share a failure domain count as one", () => {
  const node = witnessedNode(0);
  node.kernel = "answers";
  for (const id of ["w-1", "w-2", "w-3"])
    node.witnesses.push({ id, domain: "rack:1", sees: "answers" });
  node.askWitnesses();
  for (const one of node.witnesses) one.sees = "silent";
  node.kernel = "silent";
  node.run(10_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.equal(verdictOf(node), [0, "silence-and-kernel-silent"]);
});

test("witnesses that never reached the node prove nothing by not reaching it", () => {
  const node = witnessedNode(0);
  node.witnesses.push({ id: "w-1", domain: "rack:1", sees: "silent" });
  node.witnesses.push({ id: "w-2", domain: "rack:2", sees: "silent" });
  node.askWitnesses();
  node.run(10_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.is(verdictOf(node)[0], 0);
  const outcomes = incidentOf(node).transitions[0]?.evidence.map(({ outcome }) => outcome);
  assert.equal(outcomes, ["silent", "no-answer", "never-proven", "never-proven", "answers"]);
});

test("proofs older than provenWithin at the last sign of life do not count", () => {
  const node = witnessedNode(2);
  node.kernel = "answers";
  node.run(601_000, true);
  node.lines.length = 0;
  node.kernel = "silent";
  node.run(10_000);
  assert.is(verdictOf(node)[0], 0);
});

test("without our own proven probe witnesses hurry nobody and raise no grade", () => {
  const node = new NodeDriver();
  node.kernel = "silent";
  node.hello();
  node.run(2_000, true);
  for (const id of ["1", "2"]) node.witnesses.push({ id, domain: `rack:${id}`, sees: "answers" });
  node.askWitnesses();
  for (const one of node.witnesses) one.sees = "silent";
  node.lines.length = 0;
  node.run(10_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.equal(verdictOf(node), [0, "silence-only"]);
});

test("a witness that stalls counts neither way", () => {
  const node = witnessedNode(2);
  first(node).sees = "stalls";
  node.run(10_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.is(verdictOf(node)[0], 0);
});

test("a witness whose word is void, because we stalled ourselves, counts neither way", () => {
  const node = witnessedNode(2);
  first(node).sees = "cannot-ask";
  node.run(2_900);
  assert.is(node.state.health.state, "suspect");
  first(node).sees = "silent";
  node.run(600);
  assert.equal(verdictOf(node), [0, "silence-and-kernel-silent"]);
});

test("what witnesses saw before the doubt began says nothing of it", () => {
  const node = witnessedNode(2);
  node.run(1_000);
  // Asked while the node was still alive for us.
  node.askWitnesses();
  for (const one of node.witnesses) one.sees = "stalls";
  node.run(9_000);
  assert.equal(node.lines, DECLARED_LATE);
  assert.is(verdictOf(node)[0], 0);
});

test("our own question counts only when it was asked in this doubt, whatever witnesses saw", () => {
  const node = witnessedNode(3);
  node.kernel = "stalls";
  node.run(1_400);
  const askedAt = listeningMs(node.at);
  node.send({ kind: "probed", askedAt, outcome: "no-answer", detail: "asked in peacetime" });
  node.run(10_000);
  assert.equal(node.lines, ["3500 alive -> suspect"]);
});

test("a kernel that closed the stream has the whole timeout, and can be unreachable after it", () => {
  const node = witnessedNode(2);
  node.run(500);
  node.close("peer-closed");
  node.run(10_000);
  assert.equal(node.lines, [
    "2500 alive -> suspect",
    "5500 suspect -> declared",
    "5500 host-down declared",
  ]);
  assert.equal(verdictOf(node), [1, "silence-and-witnesses"]);
});

test("nothing is declared early while we may be cut off ourselves", () => {
  const node = witnessedNode(3);
  node.own = { ...CLEAR_SIGHT, gateway: "silent" };
  node.run(60_000);
  assert.equal(node.lines, ["3500 alive -> suspect"]);
});

test("a host that a witness reaches is isolated, not down, as long as it is reached", () => {
  const node = witnessedNode(3);
  first(node).sees = "answers";
  (node.witnesses[1] as DrivenWitness).sees = "answers";
  node.run(300_000);
  assert.equal(node.lines, [
    "3500 alive -> suspect",
    "4000 suspect -> agent-stalled",
    "4000 host-isolated declared (quiet)",
    "34000 host-isolated declared",
  ]);
  assert.match(node.state.record.stateReason, /answers witness-1 and witness-2, and no longer us/);
  node.heartbeat();
  assert.equal(node.lines.slice(-1), ["302000 host-isolated cleared"]);
});

test("one witness is enough to know that a host lives, when no two others deny it", () => {
  const node = witnessedNode(2);
  first(node).sees = "answers";
  node.run(60_000);
  assert.ok(node.lines.includes("4000 host-isolated declared (quiet)"));
  assert.not.ok(node.lines.some((line) => line.includes("host-down")));
});

test("an isolated host is declared when nobody has reached it for the full timeout", () => {
  const node = witnessedNode(2);
  for (const one of node.witnesses) one.sees = "answers";
  node.run(20_000);
  for (const one of node.witnesses) one.sees = "silent";
  node.lines.length = 0;
  node.run(10_000);
  // Asked in vain from 22500 on.
  assert.equal(node.lines, [
    "25500 agent-stalled -> declared",
    "25500 host-isolated cleared (quiet)",
    "25500 host-down declared",
  ]);
  assert.equal(verdictOf(node), [1, "silence-and-witnesses"]);
});

test("when those who reached an isolated host can not be asked, their answer holds for the reconnect time", () => {
  const node = witnessedNode(1);
  first(node).sees = "answers";
  node.run(20_000);
  first(node).sees = "stalls";
  node.run(29_000);
  assert.is(node.state.health.state, "agent-stalled");
  node.run(3_000);
  assert.is(node.state.health.state, "declared");
});

test("one sick witness holds a declaration up for twice the timeout and no longer", () => {
  const node = witnessedNode(3);
  first(node).sees = "answers";
  node.run(5_900);
  assert.equal(node.lines, ["3500 alive -> suspect"]);
  assert.match(node.state.record.stateReason, /witness-1 alone gets an answer/);
  node.run(100);
  assert.equal(node.lines.slice(1), ["8000 suspect -> declared", "8000 host-down declared"]);
  assert.equal(verdictOf(node), [0, "silence-against-one-witness"]);
  assert.match(
    incidentOf(node).message,
    /witness-1 alone gets an answer, which anybody could give/,
  );
  const outcomes = incidentOf(node).transitions[0]?.evidence.map(({ outcome }) => outcome);
  assert.ok(outcomes?.includes("answered"));
});

test("an answer that only the node can give is not outvoted", () => {
  const node = witnessedNode(3);
  first(node).sees = "answers-itself";
  node.run(60_000);
  assert.ok(node.lines.includes("4000 host-isolated declared (quiet)"));
  assert.not.ok(node.lines.some((line) => line.includes("host-down")));
});

test("witnesses say nothing about a node that nobody doubts", () => {
  const node = witnessedNode(3);
  node.kernel = "answers";
  for (let second = 0; second < 20; second++) {
    node.askWitnesses();
    node.run(1_000, true);
  }
  assert.equal(node.lines, []);
  assert.is(node.state.health.state, "alive");
});

test("a host whose agent was stalled and that falls silent is not declared while a witness reaches it", () => {
  const node = witnessedNode(2);
  node.kernel = "answers";
  node.run(70_000);
  node.kernel = "silent";
  first(node).sees = "answers";
  node.lines.length = 0;
  node.run(60_000);
  assert.equal(node.lines[0]?.replace(/^\d+ /, ""), "host-isolated changed");
  assert.not.ok(node.lines.some((line) => line.includes("host-down")));
});

test("after a takeover a witness can refute an absence and never confirm one", () => {
  for (const sees of ["answers", "silent"] as const) {
    const before = witnessedNode(0);
    const heir = new NodeDriver();
    heir.state = { ...heir.state, record: before.state.record };
    heir.state = {
      ...heir.state,
      probe: { ...heir.state.probe, provenAt: before.state.probe.provenAt },
    };
    heir.kernel = "silent";
    for (const id of ["1", "2"]) heir.witnesses.push({ id, domain: `rack:${id}`, sees });
    heir.run(40_000);
    const isDeclared = heir.lines.some((line) => line.includes("host-down declared"));
    assert.is(isDeclared, sees === "silent");
    if (isDeclared) assert.is(verdictOf(heir)[0], 0);
    else assert.is(heir.lines[0], "30000 awaited -> agent-stalled");
  }
});

test("policy can not make an isolated host be recovered on anybody's word", () => {
  const node = witnessedNode(2, { "host-isolated": { action: "recover", minGrade: 0 } });
  node.kernel = "answers";
  node.run(3_000);
  node.kernel = "silent";
  for (const one of node.witnesses) one.sees = "answers";
  node.run(20_000);
  assert.is(incidentOf(node).failureClass, "host-isolated");
  assert.is(incidentOf(node).phase, "declared");
});

test("what is remembered of witnesses is bounded, and the newest is kept", () => {
  const node = witnessedNode(0);
  const networks = Array.from({ length: 16 }, (_, i) => `net-${i}`);
  for (let i = 0; i < 10; i++) {
    node.witnesses.splice(0, 1, { id: `w-${i}`, domain: `rack:${i}`, sees: "answers", networks });
    node.run(100);
    node.askWitnesses();
  }
  assert.is(node.state.witnesses.length, WITNESS_PATHS_MAX);
  assert.is(node.state.witnesses.at(-1)?.witness, "w-9" as NodeId);
});

test("all that a node in doubt hears of witnesses lets the decision be run again", () => {
  const node = witnessedNode(3);
  node.run(3_000);
  const replayed = replayIncident(incidentOf(node), node.config.incidentIdOf);
  assert.is(replayed.verdict, "agrees", JSON.stringify(replayed));
});

test.run();
