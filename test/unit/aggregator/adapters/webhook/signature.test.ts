import { createHmac, randomBytes } from "node:crypto";
import {
  parseSecret,
  signatureHeader,
  verifyMessage,
} from "@herdbeat/aggregator/adapters/webhook/signature";
import { unixMs } from "@herdbeat/shared/time";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("webhook-signature");

/** The example that the Standard Webhooks specification and its libraries share. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const key = parseSecret(VECTOR.secret);
const sentAt = unixMs(VECTOR.timestamp * 1_000);
const headers = {
  "webhook-id": VECTOR.id,
  "webhook-timestamp": String(VECTOR.timestamp),
  "webhook-signature": VECTOR.signature,
};

test("signs the specification's example as the specification does", () => {
  assert.is(signatureHeader([key], VECTOR), VECTOR.signature);
});

test("accepts the specification's example", () => {
  assert.equal(verifyMessage([key], headers, VECTOR.body, sentAt), { kind: "valid" });
});

const newer = parseSecret(`whsec_${Buffer.alloc(32, 7).toString("base64")}`);

test("signs with every secret while one is being rotated", () => {
  const both = signatureHeader([newer, key], VECTOR);
  assert.is(both.split(" ").length, 2);
  for (const held of [newer, key]) {
    const verdict = verifyMessage(
      [held],
      { ...headers, "webhook-signature": both },
      VECTOR.body,
      sentAt,
    );
    assert.equal(verdict, { kind: "valid" });
  }
});

const REFUSED = [
  ["another body", headers, `${VECTOR.body} `, 0, "signature"],
  ["another id", { ...headers, "webhook-id": "msg_2" }, VECTOR.body, 0, "signature"],
  [
    "another timestamp",
    { ...headers, "webhook-timestamp": "1614265331" },
    VECTOR.body,
    0,
    "signature",
  ],
  [
    "another version",
    { ...headers, "webhook-signature": VECTOR.signature.replace("v1", "v2") },
    VECTOR.body,
    0,
    "signature",
  ],
  [
    "a shortened signature",
    { ...headers, "webhook-signature": "v1,g0hM" },
    VECTOR.body,
    0,
    "signature",
  ],
  ["an empty signature", { ...headers, "webhook-signature": "v1," }, VECTOR.body, 0, "signature"],
  ["a message of 301 s ago", headers, VECTOR.body, 301_000, "timestamp"],
  ["a message from 301 s ahead", headers, VECTOR.body, -301_000, "timestamp"],
  ["no signature", { ...headers, "webhook-signature": undefined }, VECTOR.body, 0, "headers"],
  ["no id", { ...headers, "webhook-id": "" }, VECTOR.body, 0, "headers"],
  [
    "a timestamp in words",
    { ...headers, "webhook-timestamp": "yesterday" },
    VECTOR.body,
    0,
    "headers",
  ],
  ["a header given twice", { ...headers, "webhook-id": ["a", "b"] }, VECTOR.body, 0, "headers"],
] as const;

for (const [what, given, body, laterMs, because] of REFUSED) {
  test(`refuses ${what}`, () => {
    const now = unixMs(sentAt + laterMs);
    assert.equal(verifyMessage([key], given, body, now), { kind: "invalid", because });
  });
}

test("accepts a message at the edge of the tolerance", () => {
  for (const off of [-300_000, 300_000]) {
    const verdict = verifyMessage([key], headers, VECTOR.body, unixMs(sentAt + off));
    assert.equal(verdict, { kind: "valid" });
  }
});

for (const [what, secret] of [
  ["no prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  ["no base64", "whsec_not base64 at all, not even nearly"],
  ["23 bytes", `whsec_${randomBytes(23).toString("base64")}`],
  ["65 bytes", `whsec_${randomBytes(65).toString("base64")}`],
  ["nothing", ""],
] as const) {
  test(`refuses a secret of ${what} without repeating it`, () => {
    try {
      parseSecret(secret);
    } catch (error) {
      assert.is((error as { code?: string }).code, "HB_CONFIG_INVALID");
      assert.ok(secret.length < 10 || !(error as Error).message.includes(secret.slice(6)));
      return;
    }
    assert.unreachable();
  });
}

test("agrees with the algorithm as the specification words it", () => {
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
  fc.assert(
    fc.property(
      bytes,
      fc.string(),
      fc.nat(),
      fc.string({ unit: "binary" }),
      (raw, id, timestamp, body) => {
        const secret = `whsec_${Buffer.from(raw).toString("base64")}`;
        const wanted = createHmac("sha256", raw)
          .update(`${id}.${timestamp}.${body}`)
          .digest("base64");
        assert.is(signatureHeader([parseSecret(secret)], { id, timestamp, body }), `v1,${wanted}`);
      },
    ),
  );
});

test.run();
