import {
  type AttemptOutcome,
  boundedRetryAfter,
  DELIVERY_DEFAULTS,
  describe,
  judge,
  postponed,
  released,
  rowAfter,
  superseded,
  type Verdict,
} from "@herdbeat/aggregator/core/delivery";
import type { DeliveryKind } from "@herdbeat/aggregator/core/outbox";
import { type Random, seededRandom } from "@herdbeat/shared/random";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { rowOf, START } from "../../../support/delivery-builders.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("delivery");
const random = seededRandom(1);
const always = (value: number): Random => ({ next: () => value, hex: () => "" });

function answered(status: number, retryAfterMs: number | null = null): AttemptOutcome {
  const retryAfter = retryAfterMs === null ? null : durationMs(retryAfterMs);
  return { kind: "answered", status, retryAfter, bodyExcerpt: "" };
}

const accepted: Verdict = { kind: "accepted", known: false };
const known: Verdict = { kind: "accepted", known: true };
const retry: Verdict = { kind: "retry", retryAfter: null };
const parked: Verdict = { kind: "parked" };
const refused: Verdict = { kind: "refused", gone: false };

const ANSWERS: readonly (readonly [number, DeliveryKind, Verdict])[] = [
  [200, "fact", accepted],
  [202, "request", accepted],
  [204, "fact", accepted],
  [299, "fact", accepted],
  [208, "fact", known],
  [409, "request", known],
  [301, "fact", parked],
  [302, "request", parked],
  [307, "fact", parked],
  [308, "fact", parked],
  [400, "fact", parked],
  [405, "fact", parked],
  [412, "fact", parked],
  [412, "request", { kind: "expired" }],
  [413, "fact", parked],
  [422, "request", parked],
  [401, "fact", refused],
  [403, "request", refused],
  [404, "fact", refused],
  [410, "fact", { kind: "refused", gone: true }],
  [408, "fact", retry],
  [425, "fact", retry],
  [429, "fact", retry],
  [500, "fact", retry],
  [501, "request", retry],
  [502, "fact", retry],
  [503, "fact", retry],
  [504, "fact", retry],
  [599, "fact", retry],
];

for (const [status, kind, verdict] of ANSWERS) {
  test(`judges ${status} to a ${kind} as ${verdict.kind}`, () => {
    assert.equal(judge({ kind }, answered(status)), verdict);
  });
}

for (const status of [429, 503]) {
  test(`honours Retry-After of a ${status}`, () => {
    assert.equal(judge({ kind: "fact" }, answered(status, 7_000)), {
      kind: "retry",
      retryAfter: 7_000,
    });
  });
}

for (const status of [500, 200, 408]) {
  test(`ignores Retry-After of a ${status}`, () => {
    const verdict = judge({ kind: "fact" }, answered(status, 7_000));
    assert.is("retryAfter" in verdict ? verdict.retryAfter : null, null);
  });
}

for (const kind of ["timed-out", "not-sent"] as const) {
  test(`retries what was ${kind}`, () => {
    assert.equal(judge({ kind: "fact" }, { kind, detail: "x" }), retry);
  });
}

test("ends an accepted row and forgets its last error", () => {
  const row = rowOf({ state: "sending", attempts: 3, claimedBy: "a:1", lastError: "answered 500" });
  assert.equal(rowAfter(row, answered(204), accepted, START, random, DELIVERY_DEFAULTS), {
    ...row,
    state: "delivered",
    claimedBy: "",
    lastAttemptAt: START,
    nextAttemptAt: START,
    lastStatus: 204,
    lastError: "",
  });
});

test("parks a refused row with what the receiver said", () => {
  const row = rowOf({ state: "sending", attempts: 1 });
  const outcome: AttemptOutcome = {
    kind: "answered",
    status: 422,
    retryAfter: null,
    bodyExcerpt: "no such\u001b[31m node\n",
  };
  const next = rowAfter(row, outcome, parked, START, random, DELIVERY_DEFAULTS);
  assert.is(next.state, "parked");
  assert.is(next.lastError, "answered 422: no such [31m node");
});

test("leaves a row of a refusing destination ready for the end of the pause", () => {
  const row = rowOf({ state: "sending", attempts: 1 });
  const next = rowAfter(row, answered(401), refused, START, random, DELIVERY_DEFAULTS);
  assert.equal([next.state, next.nextAttemptAt], ["waiting", START]);
});

test("asks an expired request again within a second", () => {
  const row = rowOf({ kind: "request", state: "sending", attempts: 9 });
  const next = rowAfter(
    row,
    answered(412),
    { kind: "expired" },
    START,
    always(0.999),
    DELIVERY_DEFAULTS,
  );
  assert.equal([next.state, next.nextAttemptAt], ["waiting", START + 1_000]);
});

for (const [attempts, ceilingMs] of [
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [9, 256_000],
  [10, 300_000],
  [10_000, 300_000],
] as const) {
  test(`spreads retry ${attempts} below ${ceilingMs} ms`, () => {
    const row = rowOf({ state: "sending", attempts });
    const delays = [always(0), always(0.999_999)].map(
      (chance) =>
        rowAfter(row, answered(500), retry, START, chance, DELIVERY_DEFAULTS).nextAttemptAt - START,
    );
    assert.equal(delays, [ceilingMs / 10, ceilingMs]);
  });
}

test("uses the receiver's Retry-After in place of the backoff", () => {
  const row = rowOf({ state: "sending", attempts: 8 });
  const verdict: Verdict = { kind: "retry", retryAfter: durationMs(2_000) };
  const next = rowAfter(row, answered(503), verdict, START, random, DELIVERY_DEFAULTS);
  assert.is(next.nextAttemptAt, START + 2_000);
});

for (const [wanted, bounded] of [
  [0, 100],
  [60_000, 60_000],
  [86_400_000, 300_000],
] as const) {
  test(`bounds a Retry-After of ${wanted} ms to ${bounded} ms`, () => {
    assert.is(boundedRetryAfter(durationMs(wanted), DELIVERY_DEFAULTS), bounded);
  });
}

test("says why a request ended or waits, and releases a parked row", () => {
  const row = rowOf({ kind: "request", state: "sending", claimedBy: "a:1" });
  const later = unixMs(START + 5);
  assert.is(superseded(row, "the node is back", later).state, "superseded");
  assert.equal(postponed(row, "disarmed", later, durationMs(1_000)).nextAttemptAt, START + 1_005);
  assert.equal(
    { ...released({ ...row, state: "parked" }, later) },
    { ...row, state: "waiting", claimedBy: "", nextAttemptAt: later },
  );
});

test("keeps at most 300 characters of a receiver's words", () => {
  const excerpt = "x".repeat(10_000);
  const text = describe({ kind: "answered", status: 500, retryAfter: null, bodyExcerpt: excerpt });
  assert.is(text.length, 300);
});

test.run();
