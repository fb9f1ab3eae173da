import {
  chooseWitnesses,
  failureDomain,
  type WitnessCandidate,
} from "@herdbeat/aggregator/core/witness-choice";
import { fnv1a32, type NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("witness-choice");

function candidate(name: string, domain = `host:${name}`): WitnessCandidate {
  const id = name as NodeId;
  return { id, hash: fnv1a32(id), domain };
}

function fleet(count: number, racks: number): readonly WitnessCandidate[] {
  return Array.from({ length: count }, (_, i) => candidate(`node-${i}`, `rack:${i % racks}`));
}

function subject(name: string, domain: string): { readonly id: NodeId; readonly domain: string } {
  return { id: name as NodeId, domain };
}

test("the failure domain is the rack, else the availability zone, else the host itself", () => {
  const id = "node-1" as NodeId;
  assert.is(failureDomain(id, { rack: "r1", az: "a" }), "rack:r1");
  assert.is(failureDomain(id, { rack: "", az: "a" }), "az:a");
  assert.is(failureDomain(id, { pdu: "p" }), "host:node-1");
});

test("witnesses are in different racks, none in the subject's", () => {
  const all = fleet(40, 4);
  for (let i = 0; i < 40; i++) {
    const domains = chooseWitnesses(subject(`node-${i}`, `rack:${i % 4}`), all).map(
      (one) => one.domain,
    );
    assert.is(new Set(domains).size, 3);
    assert.not.ok(domains.includes(`rack:${i % 4}`));
  }
});

test("where racks are few the subject's own comes last, and one rack is better than none", () => {
  const two = chooseWitnesses(subject("node-0", "rack:0"), fleet(12, 2)).map((one) => one.domain);
  assert.equal(two, ["rack:1", "rack:0", "rack:1"]);
  const one = chooseWitnesses(subject("node-0", "rack:0"), fleet(12, 1));
  assert.is(one.length, 3);
});

test("a node is never its own witness, and a small fleet has as many as it has", () => {
  const three = [candidate("a"), candidate("b"), candidate("c")];
  assert.equal(
    chooseWitnesses(subject("a", "host:a"), three)
      .map(({ id }) => id)
      .sort(),
    ["b", "c"] as NodeId[],
  );
  assert.equal(chooseWitnesses(subject("a", "host:a"), [candidate("a")]), []);
});

test("the choice does not depend on the order of the candidates", () => {
  const all = fleet(30, 30);
  const chosen = chooseWitnesses(subject("x", "rack:x"), all);
  assert.equal(chooseWitnesses(subject("x", "rack:x"), [...all].reverse()), chosen);
});

test("who leaves is replaced, and the others stay", () => {
  const all = fleet(30, 30);
  const chosen = chooseWitnesses(subject("x", "rack:x"), all);
  const without = all.filter((one) => one !== chosen[0]);
  const after = chooseWitnesses(subject("x", "rack:x"), without);
  assert.equal(after.slice(0, 2), chosen.slice(1));
});

test("the work is spread: nobody is a witness of many times more nodes than the mean", () => {
  const all = fleet(100, 100);
  const counts = new Map<string, number>();
  for (let i = 0; i < 1_000; i++)
    for (const { id } of chooseWitnesses(subject(`subject-${i}`, "rack:x"), all))
      counts.set(id, (counts.get(id) ?? 0) + 1);
  // 30 in the mean.
  assert.ok(Math.max(...counts.values()) <= 60, JSON.stringify([...counts]));
  assert.is(counts.size, 100);
});

test.run();
