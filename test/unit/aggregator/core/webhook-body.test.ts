import { readFileSync } from "node:fs";
import type { IncidentRecord, IncidentTransition } from "@herdbeat/aggregator/core/incident";
import {
  canonicalJson,
  EVIDENCE_SENT_MAX,
  NATIVE_BODY_BYTES_MAX,
  type NativeBodyParts,
  nativeBody,
  withNotAfter,
} from "@herdbeat/aggregator/core/webhook-body";
import { FAILURE_CLASSES, GRADES, type Grade } from "@herdbeat/shared/classes";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import { Ajv } from "ajv";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { incidentOf, START, transitionOf } from "../../../support/delivery-builders.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("webhook-body");

const schema = JSON.parse(
  readFileSync(new URL("../../../../docs/schema/webhook-native-v1.json", import.meta.url), "utf8"),
) as Record<string, unknown>;

/** As receivers use it, and with every member that is not described refused. */
const validate = compile(schema);
const validateStrictly = compile(closed(schema) as Record<string, unknown>);

function compile(document: Record<string, unknown>): (body: string) => unknown {
  const ajv = new Ajv({ strict: true, allErrors: true });
  // The pattern beside each "date-time" is stricter than the format.
  ajv.addFormat("date-time", true);
  const check = ajv.compile(document);
  return (body) => (check(JSON.parse(body)) ? null : check.errors);
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, closed(member)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  const isClosable = copy["properties"] !== undefined && copy["additionalProperties"] === undefined;
  return isClosable ? { ...copy, additionalProperties: false } : copy;
}

function partsOf(
  incident: Partial<IncidentRecord> = {},
  transition: Partial<IncidentTransition> = {},
  over: Partial<NativeBodyParts> = {},
): NativeBodyParts {
  return {
    incident: incidentOf(incident),
    transition: transitionOf(transition),
    kind: "fact",
    cluster: "example",
    aggregator: "aggregator-1",
    node: { address: "192.0.2.42" },
    httpEndpoint: "http://192.0.2.1:7340/",
    ...over,
  };
}

test("writes the documented body, byte for byte", () => {
  const wanted = readFileSync(
    new URL("../../../../docs/schema/webhook-native-v1.example.json", import.meta.url),
    "utf8",
  );
  const body = nativeBody(partsOf());
  assert.equal(JSON.parse(body), JSON.parse(wanted));
  assert.is(body, canonicalJson(JSON.parse(wanted)));
});

test("validates a fact and a request", () => {
  assert.is(validateStrictly(nativeBody(partsOf())), null);
  const request = nativeBody(partsOf({ phase: "committed", grade: 5 }, {}, { kind: "request" }));
  assert.is(validateStrictly(withNotAfter(request, START, durationMs(60_000))), null);
  assert.equal((JSON.parse(request) as { requestedAction: unknown }).requestedAction, {
    kind: "fence-and-resurrect",
  });
});

test("asks for nothing in a fact", () => {
  const body = JSON.parse(nativeBody(partsOf())) as { requestedAction: unknown };
  assert.equal(body.requestedAction, { kind: "none" });
});

for (const failureClass of FAILURE_CLASSES) {
  test(`validates ${failureClass} in every grade and phase`, () => {
    for (const [grade] of GRADES.entries()) {
      for (const phase of ["declared", "committed", "retracted", "cleared", "closed"] as const) {
        const parts = partsOf({ phase }, { failureClass, grade: grade as Grade });
        assert.is(validateStrictly(nativeBody(parts)), null);
      }
    }
  });
}

test("carries the class and grade of the transition, not of a later incident", () => {
  const body = JSON.parse(
    nativeBody(
      partsOf({ failureClass: "host-rebooted", grade: 4 }, { failureClass: "host-down", grade: 1 }),
    ),
  ) as { incident: Record<string, unknown> };
  assert.equal([body.incident["class"], body.incident["grade"]], ["host-down", 1]);
});

test("gives the same bytes whatever the order of keys it was given", () => {
  const one = nativeBody(partsOf({ labels: { az: "1", rack: "2" } }));
  const two = nativeBody(partsOf({ labels: { rack: "2", az: "1" } }));
  assert.is(one, two);
});

test("changes nothing but notAfter between two attempts of a request", () => {
  const body = nativeBody(partsOf({}, {}, { kind: "request" }));
  const sent = withNotAfter(body, unixMs(START + 7), durationMs(30_000));
  assert.is(
    sent.replace(',"notAfter":"2026-11-20T10:00:30.007Z"', ""),
    body,
    "notAfter is the only difference",
  );
  assert.is(withNotAfter(sent, unixMs(START + 7), durationMs(30_000)), sent);
});

test("stays valid and bounded whatever agents and guests say", () => {
  const hostile = fc.string({ unit: "binary", maxLength: 700 });
  const words = fc.dictionary(hostile, hostile, { maxKeys: 80 });
  fc.assert(
    fc.property(hostile, words, fc.integer({ min: 0, max: 100 }), (text, attributes, count) => {
      const evidence = Array.from({ length: count }, () => ({
        kind: "condition" as const,
        source: text,
        outcome: text,
        age: durationMs(-3),
        at: START,
        detail: text,
      }));
      const body = nativeBody(
        partsOf(
          { hostname: text, subject: text, attributes, labels: attributes },
          { message: text, evidence },
        ),
      );
      assert.is(validateStrictly(body), null);
      assert.ok(Buffer.byteLength(body) <= NATIVE_BODY_BYTES_MAX);
      assert.is(Buffer.from(body, "utf8").toString("utf8"), body);
    }),
    { numRuns: 60 },
  );
});

test("bounds the worst body below its limit", () => {
  const worst = "\u0001".repeat(2_000);
  const attributes = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`${index}${worst}`, worst]),
  );
  const piece = {
    kind: "condition" as const,
    source: worst,
    outcome: worst,
    age: durationMs(1),
    at: START,
    detail: worst,
  };
  const body = nativeBody(
    partsOf(
      { hostname: worst, subject: worst, attributes, labels: attributes },
      { message: worst, evidence: Array.from({ length: 500 }, () => piece) },
    ),
  );
  const { evidence } = JSON.parse(body) as { evidence: unknown[] };
  assert.is(evidence.length, EVIDENCE_SENT_MAX);
  assert.ok(Buffer.byteLength(body) <= NATIVE_BODY_BYTES_MAX, `${Buffer.byteLength(body)} bytes`);
});

test("lets receivers meet members that a later release adds", () => {
  const body = JSON.parse(nativeBody(partsOf())) as Record<string, unknown>;
  assert.is(validate(JSON.stringify({ ...body, later: 1 })), null);
});

test.run();
