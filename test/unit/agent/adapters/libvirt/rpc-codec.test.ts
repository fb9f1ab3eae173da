import {
  acceptsWithoutAuthentication,
  authListCall,
  connectOpenCall,
  FRAME_BYTES_MAX,
  KEEPALIVE,
  keepaliveFrame,
  readLifecycleEvent,
  registerLifecycleCall,
  takeFrame,
} from "@herdbeat/agent/adapters/libvirt/rpc-codec";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("rpc-codec");

/** Bytes from words of eight hex digits. */
function words(...hex: readonly string[]): Buffer {
  return Buffer.from(hex.join(""), "hex");
}

test("encodes a keepalive ping", () => {
  const expected = words(
    "0000001c",
    "6b656570",
    "00000001",
    "00000001",
    "00000002",
    "00000000",
    "00000000",
  );
  assert.is(keepaliveFrame(KEEPALIVE.ping).toString("hex"), expected.toString("hex"));
});

test("encodes the question how to authenticate", () => {
  const expected = words(
    "0000001c",
    "20008086",
    "00000001",
    "00000042",
    "00000000",
    "00000005",
    "00000000",
  );
  assert.is(authListCall(5).toString("hex"), expected.toString("hex"));
});

test("encodes a read-only open with the name padded to four bytes", () => {
  const expected = words(
    ...["00000038", "20008086", "00000001", "00000001", "00000000", "00000006", "00000000"],
    ...["00000001", "0000000e", "71656d75", "3a2f2f2f", "73797374", "656d0000", "00000001"],
  );
  assert.is(connectOpenCall(6, "qemu:///system").toString("hex"), expected.toString("hex"));
});

test("subscribes to the lifecycle of every domain", () => {
  const expected = words(
    ...["00000024", "20008086", "00000001", "0000013c", "00000000", "00000007", "00000000"],
    ...["00000000", "00000000"],
  );
  assert.is(registerLifecycleCall(7).toString("hex"), expected.toString("hex"));
});

test("cuts frames out of a stream at any place", () => {
  const stream = Buffer.concat([keepaliveFrame(KEEPALIVE.pong), authListCall(1)]);
  for (let cut = 0; cut < stream.length; cut++) {
    const first = takeFrame(stream.subarray(0, cut));
    if (cut < 28) assert.is(first, null);
    else assert.ok(first !== null && first !== "malformed" && first.frame.procedure === 2);
  }
  const first = takeFrame(stream);
  assert.ok(first !== null && first !== "malformed");
  const second = takeFrame(first.rest);
  assert.ok(second !== null && second !== "malformed" && second.frame.procedure === 66);
  assert.is(second.rest.length, 0);
});

for (const length of [0, 27, FRAME_BYTES_MAX + 1, 0xffffffff]) {
  test(`refuses a frame of ${length} bytes`, () => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32BE(length, 0);
    assert.is(takeFrame(bytes), "malformed");
  });
}

for (const [what, body, expected] of [
  ["none", words("00000001", "00000000"), true],
  ["nothing at all", words("00000000"), true],
  ["SASL", words("00000001", "00000001"), false],
  ["polkit or none", words("00000002", "00000002", "00000000"), true],
  ["a list that is cut off", words("00000002", "00000002"), false],
  ["a list without end", words("ffffffff"), false],
  ["an empty body", Buffer.alloc(0), false],
] as const) {
  test(`${expected ? "may" : "may not"} go in where ${what} is asked for`, () => {
    assert.is(acceptsWithoutAuthentication(body), expected);
  });
}

test("reads a lifecycle event", () => {
  const body = words(
    ...["00000000", "00000003", "77656200"],
    ...["4fce0cae", "5a394d6e", "95b64cc5", "56f23571"],
    ...["ffffffff", "00000005", "00000005"],
  );
  const expected = {
    kind: "stopped",
    uuid: "4fce0cae-5a39-4d6e-95b6-4cc556f23571",
    detail: "failed",
  };
  assert.equal(readLifecycleEvent(body), expected);
  for (let cut = 0; cut < body.length; cut++) {
    assert.is(readLifecycleEvent(body.subarray(0, cut)), null);
  }
});

test("does not read beyond a body whose name claims to be huge", () => {
  assert.is(readLifecycleEvent(words("00000000", "fffffff0", "77656200")), null);
});

test.run();
