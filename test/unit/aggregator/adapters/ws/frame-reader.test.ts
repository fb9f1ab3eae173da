import { FrameReader, type FrameSink } from "@herdbeat/aggregator/adapters/ws/frame-reader";
import fc from "fast-check";
import * as assert from "uvu/assert";
import * as ws from "ws";
import { suite } from "../../../../support/suite.ts";

const test = suite("frame-reader");
const MESSAGE_BYTES_MAX = 200;

/** Exported by the package, but not by its types. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => import("node:stream").Writable;
};

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly masked: boolean;
  readonly reserved: number;
  /** 0 = the shortest form of the length. */
  readonly lengthForm: 0 | 126 | 127;
}

function bytesOf(frame: Frame): Buffer {
  const { length } = frame.payload;
  const form = length > 125 && frame.lengthForm === 0 ? 126 : frame.lengthForm || length;
  const head = [(frame.final ? 0x80 : 0) | frame.reserved | frame.opcode];
  head.push((frame.masked ? 0x80 : 0) | form);
  if (form === 126) head.push(length >> 8, length & 0xff);
  if (form === 127) head.push(0, 0, 0, 0, 0, 0, length >> 8, length & 0xff);
  if (!frame.masked) return Buffer.from([...head, ...frame.payload]);
  const mask = [0x11, 0x22, 0xa3, 0xf4];
  const payload = [...frame.payload].map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.from([...head, ...mask, ...payload]);
}

type Seen = readonly [string, string | number];

function ours(chunks: readonly Buffer[]): readonly Seen[] {
  const seen: Seen[] = [];
  const sink: FrameSink = {
    onMessage: (bytes, start, end) =>
      seen.push(["message", bytes.subarray(start, end).toString("hex")]),
    onPing: (payload) => seen.push(["ping", payload.toString("hex")]),
    onCloseFrame: (code) => seen.push(["close", code]),
    onViolation: (code) => seen.push(["violation", code]),
  };
  const reader = new FrameReader(sink, MESSAGE_BYTES_MAX);
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return seen;
}

/** What the `ws` package makes of the same bytes. */
async function theirs(chunks: readonly Buffer[]): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  const receiver = new Receiver({ isServer: true, maxPayload: MESSAGE_BYTES_MAX });
  receiver.on("message", (payload: Buffer) => seen.push(["message", payload.toString("hex")]));
  receiver.on("ping", (payload: Buffer) => seen.push(["ping", payload.toString("hex")]));
  receiver.on("conclude", (code: number) => seen.push(["close", code]));
  receiver.on("error", (error: object) => {
    const [status] = Object.getOwnPropertySymbols(error);
    seen.push(["violation", (error as Record<symbol, number>)[status ?? Symbol.iterator] ?? 0]);
  });
  for (const chunk of chunks) if (receiver.writable) receiver.write(Buffer.from(chunk));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return seen;
}

const frames = fc.array(
  fc.record<Frame>({
    final: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    opcode: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(2, 2, 2, 0, 9, 10) },
      // 1 (text) is refused here and accepted there; it has its own test.
      fc.constantFrom(0, 2, 3, 7, 8, 9, 10, 11, 15),
    ),
    payload: fc.oneof(
      { weight: 5, arbitrary: fc.uint8Array({ maxLength: 30 }) },
      fc.uint8Array({ minLength: 100, maxLength: 230 }),
      fc.constantFrom(Uint8Array.of(3, 0xe8), Uint8Array.of(3, 0xe8, 0xff), Uint8Array.of(3, 0xec)),
    ),
    masked: fc.oneof({ weight: 20, arbitrary: fc.constant(true) }, fc.constant(false)),
    reserved: fc.oneof(
      { weight: 20, arbitrary: fc.constant(0) },
      fc.constantFrom(0x40, 0x20, 0x10),
    ),
    lengthForm: fc.oneof(
      { weight: 10, arbitrary: fc.constant(0 as const) },
      fc.constantFrom(126, 127),
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

function chunked(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const ends = [...places, bytes.length];
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}

test("reads any stream, in any chunks, as the ws package does", async () => {
  await fc.assert(
    fc.asyncProperty(
      frames,
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.boolean(),
      async (stream, cuts, byteByByte) => {
        const bytes = Buffer.concat(stream.map(bytesOf));
        const chunks = byteByByte
          ? [...bytes].map((byte) => Buffer.of(byte))
          : chunked(bytes, cuts);
        assert.equal(ours(chunks), await theirs(chunks));
      },
    ),
    { numRuns: 4_000, seed: 5 },
  );
});

test("reads random bytes as the ws package does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (random) => {
      const bytes = Buffer.from(random);
      if ((bytes[0] ?? 0) % 16 === 1) return;
      const [first] = ours([bytes]);
      const [expected] = await theirs([bytes]);
      assert.equal(first, expected);
    }),
    { numRuns: 2_000, seed: 6 },
  );
});

const plain = (payload: Uint8Array, change: Partial<Frame> = {}): Buffer =>
  bytesOf({ final: true, opcode: 2, payload, masked: true, reserved: 0, lengthForm: 0, ...change });

test("refuses text", () => {
  assert.equal(ours([plain(Uint8Array.of(65), { opcode: 1 })]), [["violation", 1_003]]);
});

test("refuses a message by its announced length, before its bytes", () => {
  assert.equal(ours([Buffer.of(0x82, 0xfe, 0xff, 0xff)]), [["violation", 1_009]]);
  const huge = Buffer.of(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  assert.equal(ours([huge]), [["violation", 1_009]]);
});

test("says nothing after it was stopped from inside a message", () => {
  const seen: number[] = [];
  const sink: FrameSink = {
    onMessage: (_bytes, start, end) => {
      seen.push(end - start);
      reader.stop();
    },
    onPing: () => seen.push(-1),
    onCloseFrame: () => seen.push(-2),
    onViolation: () => seen.push(-3),
  };
  const reader = new FrameReader(sink, MESSAGE_BYTES_MAX);
  reader.push(
    Buffer.concat([plain(Uint8Array.of(1)), plain(Uint8Array.of(1, 2)), Buffer.of(0xff)]),
  );
  reader.push(plain(Uint8Array.of(1, 2, 3)));
  assert.equal(seen, [1]);
});

test.run();
