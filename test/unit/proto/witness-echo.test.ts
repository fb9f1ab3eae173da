import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  ECHO_BOOT_ID_BYTES_MAX,
  ECHO_NONCE_BYTES_MAX,
  ECHO_REQUEST_BYTES,
  ECHO_SIGNATURE_BYTES_MAX,
  echoDigest,
  echoSignedBytes,
  encodeEchoReply,
  encodeEchoRequest,
  isEchoReplyTo,
  parseEchoReply,
  parseEchoRequest,
  verifyEchoReply,
} from "@herdbeat/proto/witness-echo";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";

const test = suite("witness-echo");

const BOOT = "0b1c2d3e-0000-4000-8000-000000000001";
const NONCE = Uint8Array.from({ length: 16 }, (_, index) => index);
const OTHER_NONCE = Uint8Array.from({ length: 16 }, () => 7);
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });

function signed(
  key: KeyObject,
  parts: { nodeId?: string; bootId?: string; nonce?: Uint8Array } = {},
): Uint8Array {
  const { nodeId = "n1", bootId = BOOT, nonce = NONCE } = parts;
  const signature = sign(echoDigest(key), echoSignedBytes({ nodeId, bootId, nonce }), key);
  return encodeEchoReply({ nonce, bootId, signature });
}

const judge = (
  reply: Uint8Array,
  more: { nodeId?: string; bootId?: string; publicKey?: KeyObject | null } = {},
) => verifyEchoReply({ reply, nonce: NONCE, nodeId: "n1", publicKey: p256.publicKey, ...more });

test("lays the datagrams out as the document says", () => {
  const request = encodeEchoRequest(NONCE);
  assert.is(Buffer.from(request.subarray(0, 6)).toString("latin1"), "HBWQ\x01\x10");
  assert.equal(request.subarray(6, 22), NONCE);
  assert.is(request.length, 640);
  assert.equal([...new Set(request.subarray(22))], [0]);
  const reply = encodeEchoReply({ nonce: NONCE, bootId: "b", signature: Uint8Array.of(9, 8) });
  assert.is(
    Buffer.from(reply).toString("hex"),
    `48425741${"01"}${"10"}${Buffer.from(NONCE).toString("hex")}${"01"}${"62"}${"0002"}${"0908"}`,
  );
});

test("never answers with more bytes than were sent", () => {
  const largest = encodeEchoReply({
    nonce: new Uint8Array(ECHO_NONCE_BYTES_MAX),
    bootId: "b".repeat(ECHO_BOOT_ID_BYTES_MAX),
    signature: new Uint8Array(ECHO_SIGNATURE_BYTES_MAX),
  });
  assert.ok(largest.length <= ECHO_REQUEST_BYTES, `${largest.length} bytes`);
  for (const length of [0, 22, ECHO_REQUEST_BYTES - 1, ECHO_REQUEST_BYTES + 1]) {
    const other = new Uint8Array(length);
    other.set(encodeEchoRequest(NONCE).subarray(0, length));
    assert.is(parseEchoRequest(other), null, `a request of ${length} bytes`);
  }
});

test("takes no reply for a request, so that two nodes can never answer each other for ever", () => {
  const padded = new Uint8Array(ECHO_REQUEST_BYTES);
  padded.set(signed(p256.privateKey));
  assert.is(parseEchoRequest(padded), null);
  assert.is(parseEchoReply(encodeEchoRequest(NONCE)), null);
});

for (const [name, pair] of [
  ["P-256", p256],
  ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ["Ed25519", generateKeyPairSync("ed25519")],
  ["RSA", generateKeyPairSync("rsa", { modulusLength: 2_048 })],
] as const) {
  test(`authenticates an answer by a key of ${name}`, () => {
    assert.equal(judge(signed(pair.privateKey), { publicKey: pair.publicKey, bootId: BOOT }), {
      kind: "authenticated",
      bootId: BOOT,
    });
  });
}

test("authenticates nothing that another key, node, boot or question is behind", () => {
  const invalid = (why: string) => ({ kind: "invalid", why });
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assert.equal(judge(signed(stranger.privateKey)), invalid("bad-signature"));
  assert.equal(judge(signed(generateKeyPairSync("ed25519").privateKey)), invalid("bad-signature"));
  assert.equal(judge(signed(p256.privateKey, { nodeId: "n2" })), invalid("bad-signature"));
  assert.equal(judge(signed(p256.privateKey, { nonce: OTHER_NONCE })), invalid("other-nonce"));
  assert.equal(judge(signed(p256.privateKey), { bootId: "other" }), invalid("other-boot"));
  // The signature of one answer under another boot, or under another nonce.
  const { signature } = parseEchoReply(signed(p256.privateKey, { nonce: OTHER_NONCE })) ?? {
    signature: new Uint8Array(1),
  };
  assert.equal(
    judge(encodeEchoReply({ nonce: NONCE, bootId: BOOT, signature })),
    invalid("bad-signature"),
  );
  const own = parseEchoReply(signed(p256.privateKey))?.signature ?? new Uint8Array(1);
  assert.equal(
    judge(encodeEchoReply({ nonce: NONCE, bootId: "b", signature: own })),
    invalid("bad-signature"),
  );
});

test("says that nobody vouched for an unsigned answer, or for one of an unknown key", () => {
  const unsigned = encodeEchoReply({ nonce: NONCE, bootId: BOOT, signature: new Uint8Array(0) });
  assert.equal(judge(unsigned), { kind: "unauthenticated", bootId: BOOT });
  assert.equal(judge(signed(p256.privateKey), { publicKey: null }), {
    kind: "unauthenticated",
    bootId: BOOT,
  });
});

test("keeps the fields of what is signed apart", () => {
  const of = (nodeId: string, bootId: string) =>
    Buffer.from(echoSignedBytes({ nodeId, bootId, nonce: NONCE })).toString("hex");
  assert.is.not(of("ab", "c"), of("a", "bc"));
});

test("gives back every reply that it can encode", () => {
  const reply = fc.record({
    nonce: fc.uint8Array({ minLength: 16, maxLength: 32 }),
    bootId: fc.stringMatching(/^[!-~]{1,64}$/),
    signature: fc.uint8Array({ maxLength: ECHO_SIGNATURE_BYTES_MAX }),
  });
  fc.assert(
    fc.property(reply, (parts) => {
      assert.equal(parseEchoReply(encodeEchoReply(parts)), { ...parts });
    }),
  );
});

test("takes any bytes at all for invalid, without an exception", () => {
  const header = fc.constantFrom(
    "HBWA\x01\x10",
    "HBWA\x01\x20",
    "HBWQ\x01\x10",
    "HBWA\x02\x10",
    "",
  );
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 700 }), (start, rest) => {
      const bytes = Buffer.concat([Buffer.from(start, "latin1"), rest]);
      parseEchoRequest(bytes);
      assert.is(judge(bytes).kind, "invalid");
      assert.is(isEchoReplyTo(bytes, NONCE), false);
    }),
    { numRuns: 2_000 },
  );
});

test("takes no changed byte of an authentic answer", () => {
  const good = signed(p256.privateKey);
  for (let at = 0; at < good.length; at++) {
    const bad = Uint8Array.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.is(judge(bad).kind, "invalid", `byte ${at}`);
  }
  for (let length = 0; length < good.length; length++)
    assert.is(judge(good.subarray(0, length)).kind, "invalid");
});

test.run();
