import {
  decodeAgentFrame,
  decodeAggregatorFrame,
  decodeMeshFrame,
  encodeAgentFrame,
  encodeAggregatorFrame,
} from "@herdbeat/proto/frame-codec";
import { FrameError } from "@herdbeat/proto/frame-error";
import { FRAME_BYTES_MAX } from "@herdbeat/proto/frame-limits";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { AGENT_SAMPLES, AGGREGATOR_SAMPLES } from "../../support/sample-frames.ts";
import { suite } from "../../support/suite.ts";

const test = suite("frame-codec");

const detailOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.instance(error, FrameError);
    assert.is((error as FrameError).code, "HB_FRAME_INVALID");
    return (error as FrameError).detail;
  }
  return "no error";
};

const frame = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
/** A message field: tag, length, content. Content below 128 bytes. */
const field = (number: number, ...content: readonly number[]): readonly number[] => [
  number * 8 + 2,
  content.length,
  ...content,
];

for (const [what, bytes, detail] of [
  ["an empty frame", frame(), "AgentFrame: no body"],
  ["garbage", frame(0xff, 0xff, 0xff), "number cut off"],
  ["a number without end", frame(...Array<number>(11).fill(0xff)), "number too long"],
  ["a cut frame", frame(0x12, 5, 8, 1), "AgentFrame: cut off"],
  ["a group", frame(0x0b, 0x0c), "AgentFrame.1: wrong wire type"],
  ["an unknown group", frame(0xfb, 0x01), "AgentFrame: wire type 3"],
  ["two bodies", frame(...field(2, 8, 1), ...field(4, 8, 1)), "AgentFrame: more than one body"],
  ["one body twice", frame(...field(2, 8, 1), ...field(2, 8, 2)), "AgentFrame: more than one body"],
  ["field number 0", frame(...field(0)), "AgentFrame: field number 0"],
  ["a scalar as text", frame(...field(2, 10, 1, 1)), "Heartbeat.1: wrong wire type"],
  ["a field given twice", frame(...field(2, 8, 1, 8, 2)), "Heartbeat.1: too many"],
  [
    "a 32-bit number of 33 bits",
    frame(...field(2, 8, 0xff, 0xff, 0xff, 0xff, 0x1f)),
    "Heartbeat.1: above 2^32 - 1",
  ],
  [
    "2^53",
    frame(...field(2, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10)),
    "Heartbeat.4: above 2^53 - 1",
  ],
  ["text that is not UTF-8", frame(...field(1, 0x1a, 1, 0xff)), "AgentFrame can not be decoded"],
  [
    "a list with too many entries",
    frame(...field(3, ...field(2, ...Array<readonly number[]>(17).fill(field(9)).flat()))),
    "Condition.9: too many",
  ],
  [
    "a text beyond its limit",
    frame(...field(3, ...field(2, ...field(1, ...Array<number>(65).fill(0x61))))),
    "Condition.1: too long",
  ],
] as const) {
  test(`refuses ${what}`, () => {
    assert.is(
      detailOf(() => decodeAgentFrame(bytes)),
      detail,
    );
  });
}

test("refuses a frame above the size limit before looking into it", () => {
  assert.match(
    detailOf(() => decodeAgentFrame(new Uint8Array(FRAME_BYTES_MAX + 1))),
    /at most 65536/,
  );
  const frames = Array.from({ length: 100 }, () => ({ message: "x".repeat(1_000) }));
  assert.match(
    detailOf(() => encodeAgentFrame({ kind: "heartbeat", body: { conditions: frames } })),
    /at most 65536/,
  );
});

test("takes a body of a later version as unknown", () => {
  assert.equal(decodeAgentFrame(frame(...field(15, 1, 2, 3))), { kind: "unknown", field: 15 });
});

test("ignores a field of a later version", () => {
  const decoded = decodeAgentFrame(frame(...field(2, 8, 7, 0x78, 1)));
  assert.is(decoded.kind, "heartbeat");
  assert.is(decoded.kind === "heartbeat" ? decoded.body.sequence : 0, 7);
});

test("gives 64-bit fields as numbers up to 2^53 - 1", () => {
  const bytes = encodeAggregatorFrame({
    kind: "eventAck",
    body: { transition: Number.MAX_SAFE_INTEGER },
  });
  const decoded = decodeAggregatorFrame(bytes);
  assert.is(decoded.kind === "eventAck" && decoded.body.transition, Number.MAX_SAFE_INTEGER);
});

for (const transition of [2 ** 53, -1]) {
  test(`does not send ${transition} as a 64-bit field`, () => {
    const detail = detailOf(() =>
      encodeAggregatorFrame({ kind: "eventAck", body: { transition } }),
    );
    assert.is(detail, "EventAck.1: above 2^53 - 1");
  });
}

test("a plain heartbeat takes at most 40 bytes", () => {
  const body = {
    sequence: 4_000_000_000,
    reportAgeMs: 999,
    lastTransition: 2 ** 53 - 1,
    ownLagMs: 99,
  };
  assert.ok(encodeAgentFrame({ kind: "heartbeat", body }).length <= 40);
});

test("survives any bytes with a frame or a FrameError", () => {
  const prefix = fc.constantFrom(...Array.from({ length: 12 }, (_, index) => index * 8 + 2));
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(prefix, fc.uint8Array({ maxLength: 120 }))
      .map(([tag, content]) => Uint8Array.from([tag, content.length, ...content])),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      for (const decode of [decodeAgentFrame, decodeAggregatorFrame, decodeMeshFrame])
        detailOf(() => decode(bytes));
    }),
    { numRuns: 5_000, seed: 1 },
  );
});

test("survives any damage to a good frame", () => {
  const good = [
    ...AGENT_SAMPLES.map((sample) => encodeAgentFrame(sample)),
    ...AGGREGATOR_SAMPLES.map((sample) => encodeAggregatorFrame(sample)),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (original, changes, cut) => {
        const bytes = Uint8Array.from(original);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        detailOf(() => decodeAgentFrame(bytes));
        detailOf(() => decodeAggregatorFrame(bytes.subarray(0, cut % bytes.length)));
      },
    ),
    { numRuns: 5_000, seed: 2 },
  );
});

test("what decodes can be sent again as the same message", () => {
  for (const sample of AGENT_SAMPLES) {
    const bytes = encodeAgentFrame(sample);
    const decoded = decodeAgentFrame(bytes);
    assert.is.not(decoded.kind, "unknown");
    if (decoded.kind !== "unknown") assert.equal([...encodeAgentFrame(decoded)], [...bytes]);
  }
});

test.run();
