/** One full example of every message of the wire, every field set. Golden bytes are made of these. */
import type { AgentFrame, AggregatorFrame, MeshFrame } from "@herdbeat/proto/frame-codec";

const BOOT_ID = "6f3c9d52-1f0e-4a6b-9a3e-0d6a1a2b3c4d";
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

const condition = {
  monitor: "network-link",
  subject: "eth0",
  status: 2,
  failureClass: "nic-down",
  reason: "CarrierLost",
  message: "eth0: no carrier für 3 s",
  sinceAgeMs: 3_000,
  transition: 1_763_635_201_007,
  attributes: [
    { key: "driver", value: "virtio_net" },
    { key: "speed", value: "25000" },
  ],
};

export const AGENT_SAMPLES: readonly AgentFrame[] = [
  {
    kind: "hello",
    body: {
      versionMin: 1,
      versionMax: 3,
      nodeId: "hv-0001",
      hostname: "hv-0001.rack1.example",
      bootId: BOOT_ID,
      hardwareId: "4c4c4544-0042-3510-8052-b4c04f4d3233",
      processId: "9f86d081884c7d65",
      incarnation: 1_763_635_200,
      sessionEpoch: 7,
      lastTransition: 1_763_635_201_007,
      agentVersion: "0.1.0",
      heartbeatIntervalMs: 1_000,
      labels: [
        { key: "az", value: "az1" },
        { key: "rack", value: "r17" },
      ],
      networks: [
        { role: "admin", interface: "eth0", addresses: ["192.0.2.17", "2001:db8::17"] },
        { role: "storage", interface: "bond1", addresses: ["198.51.100.17"] },
      ],
      uptimeMs: 86_400_123,
      capabilities: ["witness", "relay"],
      inventoryJson: '{"cpus":128}',
    },
  },
  {
    kind: "heartbeat",
    body: {
      sequence: 300,
      reportAgeMs: 12,
      flags: 7,
      lastTransition: 1_763_635_201_007,
      ownLagMs: 3,
      conditions: [condition, { monitor: "clock-sync", status: 3, reason: "NoServer" }],
    },
  },
  { kind: "event", body: { transition: 1_763_635_201_007, condition, ageMs: 250 } },
  {
    kind: "goodbye",
    body: { reason: 8, message: "reboot requested", endpoint: "", reconnectAfterMs: 0 },
  },
  {
    kind: "witnessReport",
    body: {
      requestId: 99,
      nodeId: "hv-0002",
      observations: [
        {
          kind: "udp-echo",
          networkRole: "admin",
          address: "192.0.2.18",
          outcome: "answered",
          ageMs: 40,
          proof: bytes(1, 2, 3, 255),
        },
      ],
    },
  },
  { kind: "relay", body: { nodeId: "hv-0003", ageMs: 5, frame: bytes(0x12, 2, 8, 1) } },
  { kind: "peerQuestion", body: { questionId: 5, nodeId: "hv-0001" } },
  {
    kind: "peerAnswer",
    body: { questionId: 5, nodeId: "hv-0001", leaseAgeMs: 31_000, leaseLapsed: true },
  },
  { kind: "configRevision", body: { revision: 12, documentJson: '{"heartbeat":{}}' } },
  {
    kind: "certRenew",
    body: { certificateRequest: bytes(0x30, 0x82), certificates: [] },
  },
];

export const AGGREGATOR_SAMPLES: readonly AggregatorFrame[] = [
  {
    kind: "welcome",
    body: {
      version: 1,
      aggregatorId: "agg-1",
      nodeId: "hv-0001",
      incarnation: 1_763_635_201,
      sessionEpoch: 8,
      heartbeatIntervalMs: 1_000,
      frameBytesMax: 65_536,
      framesPerSecondMax: 20,
      acknowledgedTransition: 1_763_635_201_006,
      clusterId: "c-2f7d",
      aggregatorVersion: "0.1.0",
    },
  },
  { kind: "ack", body: { sequence: 299, storeWriteAgeMs: 340 } },
  { kind: "eventAck", body: { transition: 1_763_635_201_007 } },
  {
    kind: "goodbye",
    body: {
      reason: 2,
      message: "shard 17 is owned by agg-2",
      endpoint: "wss://192.0.2.2:7341",
      reconnectAfterMs: 500,
    },
  },
  {
    kind: "witnessRequest",
    body: {
      requestId: 99,
      nodeId: "hv-0002",
      probes: [
        {
          kind: "udp-echo",
          networkRole: "admin",
          address: "192.0.2.18",
          port: 7_342,
          nonce: bytes(9, 8, 7),
        },
      ],
      timeoutMs: 400,
    },
  },
  { kind: "relay", body: { nodeId: "hv-0003", ageMs: 5, frame: bytes(0x12, 2, 8, 1) } },
  { kind: "peerQuestion", body: { questionId: 6, nodeId: "hv-0004" } },
  {
    kind: "peerAnswer",
    body: { questionId: 6, nodeId: "hv-0004", leaseAgeMs: 100, leaseLapsed: false },
  },
  { kind: "configRevision", body: { revision: 13, documentJson: "{}" } },
  {
    kind: "certRenew",
    body: { certificates: [bytes(0x30, 0x82, 1), bytes(0x30, 0x82, 2)] },
  },
];

export const MESH_SAMPLES: readonly MeshFrame[] = [
  {
    kind: "hello",
    body: { versionMin: 1, versionMax: 1, aggregatorId: "agg-1", clusterId: "c-2f7d" },
  },
  {
    kind: "pulse",
    body: {
      shards: [
        { shard: 17, token: 1_763_635_200_123, generationId: "a1b2c3", generationVersion: 44 },
        { shard: 63, token: 1_763_635_200_124, generationId: "d4e5f6", generationVersion: 1 },
      ],
      storeWriteAgeMs: 333,
      lostTimePermille: 2,
    },
  },
  { kind: "goodbye", body: { reason: 1, message: "stopping" } },
  {
    kind: "generation",
    body: {
      shard: 17,
      generationId: "a1b2c3",
      generationVersion: 45,
      incidentId: "0123456789abcdef0123456789abcdef",
    },
  },
  { kind: "disarm", body: { disarmed: true, by: "operator", reason: "network maintenance" } },
  { kind: "censusQuestion", body: { questionId: 77 } },
  {
    kind: "censusAnswer",
    body: {
      questionId: 77,
      domains: [
        {
          domain: "rack:r1",
          nodes: 20,
          overdue: 3,
          suspect: 2,
          declared: 1,
          lead: "node-07",
          told: true,
        },
      ],
      shards: [17, 63],
    },
  },
];
