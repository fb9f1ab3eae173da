import { decodeMessage, encodeMessage } from "@herdbeat/agent/adapters/ws/wire";
import type {
  AgentMessage,
  WireCondition,
  WitnessObservation,
} from "@herdbeat/agent/core/messages";
import {
  type AggregatorFrame,
  decodeAgentFrame,
  encodeAggregatorFrame,
} from "@herdbeat/proto/frame-codec";
import { ECHO_REQUEST_BYTES } from "@herdbeat/proto/witness-echo";
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import { seededRandom } from "@herdbeat/shared/random";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("wire");

const CONDITION: WireCondition = {
  monitor: "network-link",
  subject: "eth0",
  status: "problem",
  failureClass: "nic-down",
  reason: "CarrierLost",
  message: "eth0: no carrier",
  sinceAge: durationMs(12),
  transition: 3,
  attributes: { roles: "tenant" },
};

test("sends an unchanged heartbeat in at most 64 bytes, whatever its numbers", () => {
  const bytes = encodeMessage({
    kind: "heartbeat",
    sequence: 4_294_967_295,
    reportAge: durationMs(4_294_967_295),
    flags: 31,
    lastTransition: Number.MAX_SAFE_INTEGER,
    ownLag: durationMs(1e12),
    conditions: null,
  });
  console.log(`heartbeat with the largest numbers: ${bytes.length} bytes`);
  assert.ok(bytes.length <= 64, `${bytes.length} bytes`);
});

test("keeps every field of a condition", () => {
  const frame = decodeAgentFrame(
    encodeMessage({ kind: "event", transition: 4, condition: CONDITION, age: durationMs(7) }),
  );
  assert.is(frame.kind, "event");
  if (frame.kind !== "event") return;
  const { condition, ageMs, transition } = frame.body;
  assert.equal(
    [Number(transition), ageMs, condition?.status, condition?.subject],
    [4, 7, 2, "eth0"],
  );
  assert.equal(
    condition?.attributes?.map(({ key, value }) => [key, value]),
    [["roles", "tenant"]],
  );
});

test("sends a report of as many probes as a request may hold, each with the longest proof", () => {
  const observations: readonly WitnessObservation[] = Array.from({ length: 16 }, (_, index) => ({
    kind: "udp-echo",
    networkRole: "tenant",
    address: `192.0.2.${index}`,
    outcome: "answered",
    age: durationMs(1e12),
    proof: new Uint8Array(ECHO_REQUEST_BYTES).fill(index),
  }));
  const frame = decodeAgentFrame(
    encodeMessage({ kind: "witness-report", requestId: 9, nodeId: "n2", observations }),
  );
  assert.is(frame.kind, "witnessReport");
  if (frame.kind !== "witnessReport") return;
  assert.equal(
    [Number(frame.body.requestId), frame.body.nodeId, frame.body.observations.length],
    [9, "n2", 16],
  );
  const last = frame.body.observations[15];
  assert.equal(
    [last?.address, last?.outcome, last?.ageMs, last?.proof?.length, last?.proof?.[0]],
    ["192.0.2.15", "answered", 2 ** 32 - 1, ECHO_REQUEST_BYTES, 15],
  );
});

test("sends whatever a host may call itself within the limits of the wire", () => {
  const long = "\u{1F4A9}".repeat(400);
  const hello: AgentMessage = {
    kind: "hello",
    nodeId: "n1" as NodeId,
    hostname: long,
    bootId: long as BootId,
    hardwareId: long,
    processId: "p",
    incarnation: 1 as Incarnation,
    sessionEpoch: 0 as SessionEpoch,
    lastTransition: 0,
    agentVersion: long,
    heartbeatInterval: durationMs(1_000),
    labels: Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`${index}${long}`, long])),
    networks: Array.from({ length: 40 }, () => ({
      role: long,
      interface: long,
      addresses: Array.from({ length: 40 }, () => "192.0.2.1"),
    })),
    uptime: durationMs(-5),
    capabilities: Array.from({ length: 99 }, () => "x"),
    inventoryJson: `"${"x".repeat(20_000)}"`,
  };
  const frame = decodeAgentFrame(encodeMessage(hello));
  assert.is(frame.kind, "hello");
  if (frame.kind !== "hello") return;
  assert.equal(
    [
      frame.body.labels.length,
      frame.body.networks.length,
      frame.body.inventoryJson,
      Number(frame.body.uptimeMs),
    ],
    [32, 16, "", 0],
  );
});

test("refuses to send a whole list that does not fit into a frame", () => {
  const conditions = Array.from({ length: 300 }, () => ({
    ...CONDITION,
    message: "x".repeat(1_000),
  }));
  const heartbeat: AgentMessage = {
    kind: "heartbeat",
    sequence: 1,
    reportAge: durationMs(0),
    flags: 4,
    lastTransition: 0,
    ownLag: durationMs(0),
    conditions,
  };
  try {
    encodeMessage(heartbeat);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, "HB_FRAME_INVALID");
  }
});

const received: readonly (readonly [AggregatorFrame, Readonly<Record<string, unknown>>])[] = [
  [
    { kind: "ack", body: { sequence: 5, storeWriteAgeMs: 80 } },
    { kind: "ack", sequence: 5, storeWriteAge: 80 },
  ],
  [
    { kind: "eventAck", body: { transition: 9 } },
    { kind: "event-ack", transition: 9 },
  ],
  [
    {
      kind: "goodbye",
      body: { reason: 2, message: "m", endpoint: "wss://x:1", reconnectAfterMs: 5 },
    },
    {
      kind: "goodbye",
      reason: "not-owner",
      message: "m",
      endpoint: "wss://x:1",
      reconnectAfter: 5,
    },
  ],
  [
    { kind: "goodbye", body: { reason: 77 as 1, message: "", endpoint: "", reconnectAfterMs: 0 } },
    { kind: "goodbye", reason: "unspecified", message: "", endpoint: "", reconnectAfter: 0 },
  ],
  [
    {
      kind: "witnessRequest",
      body: {
        requestId: 2 ** 53 - 1,
        nodeId: "n",
        probes: [
          {
            kind: "udp-echo",
            networkRole: "tenant",
            address: "192.0.2.1",
            port: 7_342,
            nonce: Uint8Array.of(1, 2),
          },
          { kind: "tcp-rst" },
        ],
        timeoutMs: 400,
      },
    },
    {
      kind: "witness-request",
      requestId: 2 ** 53 - 1,
      nodeId: "n",
      probes: [
        {
          kind: "udp-echo",
          networkRole: "tenant",
          address: "192.0.2.1",
          port: 7_342,
          nonce: Uint8Array.of(1, 2),
        },
        { kind: "tcp-rst", networkRole: "", address: "", port: 0, nonce: new Uint8Array(0) },
      ],
      timeout: durationMs(400),
    },
  ],
  [
    { kind: "peerQuestion", body: { questionId: 1, nodeId: "n" } },
    { kind: "ignored", what: "peerQuestion" },
  ],
];

for (const [frame, message] of received) {
  test(`reads ${JSON.stringify(message)}`, () => {
    assert.equal(decodeMessage(encodeAggregatorFrame(frame)), message);
  });
}

test("ignores a body of a later version and refuses an empty frame", () => {
  assert.equal(decodeMessage(Uint8Array.of(0xa2, 0x06, 0x00)), {
    kind: "ignored",
    what: "field 100",
  });
  assert.throws(
    () => decodeMessage(new Uint8Array(0)),
    (error: { code?: string }) => error.code === "HB_FRAME_INVALID",
  );
});

test("answers garbage with FrameError or a message, never with anything else", () => {
  const random = seededRandom(7);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random.next() * 60) },
      () => random.next() * 256,
    );
    try {
      assert.ok(typeof decodeMessage(bytes).kind === "string");
    } catch (error) {
      assert.is((error as { code?: string }).code, "HB_FRAME_INVALID");
    }
  }
});

test.run();
