import {
  incidentRecordCheck,
  nodeRecordCheck,
  parseRecord,
} from "@herdbeat/aggregator/core/record-shapes";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { incidentRecord, nodeRecord } from "../../../support/store-records.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("record-shapes");

test("gives a sound record back as it is", () => {
  for (const phase of ["declared", "closed"] as const) {
    const record = incidentRecord(phase, { hold: null, decisions: [] });
    assert.equal(parseRecord(JSON.stringify(record), incidentRecordCheck), {
      kind: "ok",
      value: record,
    });
  }
});

test("keeps fields it does not know", () => {
  const record = { ...nodeRecord(), later: { deep: [1] } };
  const parsed = parseRecord(JSON.stringify(record), nodeRecordCheck);
  assert.equal(parsed, { kind: "ok", value: record });
});

for (const [what, changes, why] of [
  ["a missing field", { hostname: undefined }, "hostname is not a string"],
  ["a number for a text", { address: 7 }, "address is not a string"],
  ["a text for a number", { incarnation: "7" }, "incarnation is not a number"],
  ["a text for a flag", { retired: "no" }, "retired is not true or false"],
  ["a word that is not on the list", { state: "zombie" }, "state is not one of awaited"],
  ["a word every object has", { state: "constructor" }, "state is not one of awaited"],
  ["a list for an object", { labels: [] }, "labels is not an object"],
  ["a number in an object of texts", { labels: { az: 1 } }, "labels.az is not a string"],
  ["an object for a list", { networks: {} }, "networks is not a list"],
  ["a broken item", { networks: [{ role: "admin" }] }, "networks[0].interface is not a string"],
] as const) {
  test(`names ${what}`, () => {
    const parsed = parseRecord(JSON.stringify({ ...nodeRecord(), ...changes }), nodeRecordCheck);
    assert.is(parsed.kind, "damaged");
    assert.ok(parsed.kind === "damaged" && parsed.why.startsWith(why), JSON.stringify(parsed));
  });
}

test("never throws and never takes what lacks a field", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), fc.constant("[".repeat(100_000))), (json) => {
      assert.is(parseRecord(json, nodeRecordCheck).kind, "damaged");
    }),
  );
  for (const name of Object.keys(incidentRecord())) {
    if (name === "decisions") continue;
    const { [name as keyof ReturnType<typeof incidentRecord>]: _gone, ...rest } = incidentRecord();
    assert.is(parseRecord(JSON.stringify(rest), incidentRecordCheck).kind, "damaged", name);
  }
});

test.run();
