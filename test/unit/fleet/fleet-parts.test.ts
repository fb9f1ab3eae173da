import { FrameReader } from "@herdbeat/aggregator/adapters/ws/frame-reader";
import { decodeAgentFrame } from "@herdbeat/proto/frame-codec";
import * as assert from "uvu/assert";
import { addressAt, parseAddressBlock } from "../../fleet/addresses.ts";
import { maskedFrame, ServerStream } from "../../fleet/client-frames.ts";
import { HeartbeatFrame } from "../../fleet/heartbeat-frame.ts";
import { suite } from "../../support/suite.ts";

const test = suite("fleet-parts");
const MASK = Uint8Array.of(0xa1, 0x02, 0xf3, 0x44);

/** What a server's frame reader makes of bytes from a client. */
function payloads(...frames: readonly Buffer[]): readonly Buffer[] {
  const seen: Buffer[] = [];
  const reader = new FrameReader(
    {
      onMessage: (bytes, start, end) => seen.push(Buffer.from(bytes.subarray(start, end))),
      onPing: () => {},
      onCloseFrame: () => {},
      onViolation: (_code, what) => assert.unreachable(what),
    },
    65_536,
  );
  for (const frame of frames) reader.push(Buffer.from(frame));
  return seen;
}

test("a heartbeat that is patched in place decodes to its sequence", () => {
  const frame = new HeartbeatFrame(MASK, 1_763_635_201_007);
  const sequences = [1, 2, 127, 128, 129, 16_383, 16_384, 2_097_152, 3, 4_294_967_295];
  const seen = payloads(...sequences.map((sequence) => Buffer.from(frame.at(sequence))));
  const bodies = seen.map((payload) => {
    const decoded = decodeAgentFrame(payload);
    return decoded.kind === "heartbeat"
      ? [decoded.body.sequence, decoded.body.lastTransition, decoded.body.ownLagMs]
      : [];
  });
  assert.equal(
    bodies,
    sequences.map((sequence) => [sequence, 1_763_635_201_007, 1]),
  );
});

test("a later transition number is sent from then on", () => {
  const frame = new HeartbeatFrame(MASK, 5);
  frame.at(1);
  frame.lastTransition = 6;
  const [payload = Buffer.alloc(0)] = payloads(Buffer.from(frame.at(2)));
  const decoded = decodeAgentFrame(payload);
  assert.is(decoded.kind === "heartbeat" && decoded.body.lastTransition, 6);
});

test("long payloads are masked and framed", () => {
  const long = new Uint8Array(70_000 % 60_000).map((_, index) => index % 251);
  assert.equal(payloads(maskedFrame(long, MASK)), [Buffer.from(long)]);
});

test("reads a server's frames in any chunks, behind the upgrade response", () => {
  const stream = Buffer.concat([
    Buffer.from("HTTP/1.1 101 Switching Protocols\r\nX: y\r\n\r\n"),
    Buffer.from([0x82, 3, 1, 2, 3, 0x8a, 0, 0x82, 126, 0, 130]),
    Buffer.alloc(130, 7),
    Buffer.from([0x82, 1, 9]),
  ]);
  for (const size of [1, 3, 50, stream.length]) {
    const seen: number[] = [];
    const reader = new ServerStream();
    for (let at = 0; at < stream.length; at += size)
      assert.ok(reader.push(stream.subarray(at, at + size), ({ length }) => seen.push(length)));
    assert.equal(seen, [3, 130, 1]);
  }
});

test("a stream is over when the upgrade is refused or the server closes", () => {
  assert.not(new ServerStream().push(Buffer.from("HTTP/1.1 503 Busy\r\n\r\n"), () => {}));
  const stream = new ServerStream();
  stream.push(Buffer.from("HTTP/1.1 101 Ok\r\n\r\n"), () => {});
  assert.not(stream.push(Buffer.from([0x88, 2, 3, 0xe8]), () => {}));
});

for (const [block, index, address] of [
  ["127.64.0.0/10", 0, "127.64.0.1"],
  ["127.64.0.0/10", 65_535, "127.65.0.0"],
  ["10.1.2.3/16", 255, "10.1.1.0"],
] as const) {
  test(`node ${index} of ${block} has the address ${address}`, () => {
    assert.is(addressAt(parseAddressBlock(block), index), address);
  });
}

test("a block that is too small or malformed is refused", () => {
  assert.throws(() => addressAt(parseAddressBlock("10.0.0.0/30"), 3), /too small/);
  assert.throws(() => parseAddressBlock("10.0.0.0"), /is not an IPv4 block/);
});

test.run();
