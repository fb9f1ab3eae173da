import { decodeAgentFrame, encodeAgentFrame } from "@herdbeat/proto/frame-codec";
import {
  HEARTBEAT_FULL,
  HEARTBEAT_OTHER,
  HEARTBEAT_PLAIN,
  HeartbeatReader,
} from "@herdbeat/proto/heartbeat-reader";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { AGENT_SAMPLES } from "../../support/sample-frames.ts";
import { suite } from "../../support/suite.ts";

const test = suite("heartbeat-reader");
const reader = new HeartbeatReader();

const read = (bytes: Uint8Array): number => reader.read(bytes, 0, bytes.length);

/** What the reader found, in the full decoder's terms. */
const found = (): object => ({
  sequence: reader.sequence,
  reportAgeMs: reader.reportAgeMs,
  flags: reader.flags,
  lastTransition: reader.lastTransition,
  ownLagMs: reader.ownLagMs,
});

function decoded(
  bytes: Uint8Array,
): { readonly fields: object; readonly conditions: number } | null {
  const frame = decodeAgentFrame(bytes);
  if (frame.kind !== "heartbeat") return null;
  const { sequence, reportAgeMs, flags, lastTransition, ownLagMs, conditions } = frame.body;
  return {
    fields: { sequence, reportAgeMs, flags, lastTransition, ownLagMs },
    conditions: conditions.length,
  };
}

const uint32 = fc.nat({ max: 0xffff_ffff });
const heartbeat = fc.record({
  sequence: uint32,
  reportAgeMs: uint32,
  flags: uint32,
  lastTransition: fc.maxSafeNat(),
  ownLagMs: uint32,
});

test("reads what the full decoder reads", () => {
  fc.assert(
    fc.property(heartbeat, fc.boolean(), fc.nat({ max: 9 }), (body, withCondition, shift) => {
      const conditions = withCondition ? [{ monitor: "process", subject: "qemu" }] : [];
      const bytes = encodeAgentFrame({ kind: "heartbeat", body: { ...body, conditions } });
      const moved = new Uint8Array(bytes.length + shift + 3).fill(0x12);
      moved.set(bytes, shift);
      const full = withCondition || (body.flags & 4) !== 0;
      const outcome = reader.read(moved, shift, shift + bytes.length);
      assert.is(outcome, full ? HEARTBEAT_FULL : HEARTBEAT_PLAIN);
      assert.equal(found(), { ...body });
    }),
    { numRuns: 2_000, seed: 3 },
  );
});

test("never reads a plain heartbeat where the full decoder reads something else", () => {
  const hostile = fc.uint8Array({ maxLength: 40 }).map((content) => {
    return Uint8Array.from([0x12, content.length, ...content]);
  });
  const damaged = fc.tuple(heartbeat, fc.nat(), fc.nat({ max: 255 })).map(([body, at, value]) => {
    const bytes = Uint8Array.from(encodeAgentFrame({ kind: "heartbeat", body }));
    bytes[at % bytes.length] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(hostile, damaged), (bytes) => {
      if (read(bytes) !== HEARTBEAT_PLAIN) return;
      assert.equal(decoded(bytes), { fields: found(), conditions: 0 });
    }),
    { numRuns: 20_000, seed: 4 },
  );
});

test("leaves every other message to the full decoder", () => {
  for (const sample of AGENT_SAMPLES) {
    const outcome = read(encodeAgentFrame(sample));
    assert.is(outcome, sample.kind === "heartbeat" ? HEARTBEAT_FULL : HEARTBEAT_OTHER, sample.kind);
  }
});

for (const [what, bytes] of [
  ["an empty frame", []],
  ["a length beyond the frame", [0x12, 4, 8, 1]],
  ["bytes after the heartbeat", [0x12, 2, 8, 1, 0]],
  ["a field twice", [0x12, 4, 8, 1, 8, 2]],
  ["a later version's field", [0x12, 4, 8, 1, 0x38, 1]],
  ["2^53", [0x12, 9, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
  ["conditions that are cut off", [0x12, 2, 0x32, 9]],
] as const) {
  test(`leaves ${what} to the full decoder`, () => {
    assert.is(read(Uint8Array.from(bytes)), HEARTBEAT_OTHER);
  });
}

test.run();
