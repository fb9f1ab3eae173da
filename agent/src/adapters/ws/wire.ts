/** The only place where wire types and the agent's own meet. */

import {
  type AgentFrame,
  type DecodedAggregatorFrame,
  decodeAggregatorFrame,
  encodeAgentFrame,
} from "@herdbeat/proto/frame-codec";
import {
  ATTRIBUTES_MAX,
  INVENTORY_BYTES_MAX,
  LABELS_MAX,
  NETWORKS_MAX,
} from "@herdbeat/proto/frame-limits";
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@herdbeat/proto/protocol-version";
import { limitText } from "@herdbeat/proto/text-limit";
import { assertNever } from "@herdbeat/shared/assert";
import type { Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { ConditionStatus } from "../../core/condition.ts";
import type {
  AgentMessage,
  AggregatorMessage,
  GoodbyeMessage,
  GoodbyeReason,
  HelloMessage,
  WireCondition,
  WitnessReportMessage,
  WitnessRequestMessage,
} from "../../core/messages.ts";

const UINT32_MAX = 0xffff_ffff;
const ID_BYTES_MAX = 128;
const WORD_BYTES_MAX = 64;
const TEXT_BYTES_MAX = 256;
const MESSAGE_BYTES_MAX = 1_024;
const ADDRESSES_MAX = 8;
const CAPABILITIES_MAX = 32;

/** Throws FrameError when the message does not fit into a frame. */
export function encodeMessage(message: AgentMessage): Uint8Array {
  return encodeAgentFrame(toFrame(message));
}

/** Throws FrameError for anything that is not a frame of an aggregator. */
export function decodeMessage(bytes: Uint8Array): AggregatorMessage {
  return fromFrame(decodeAggregatorFrame(bytes));
}

function toFrame(message: AgentMessage): AgentFrame {
  switch (message.kind) {
    case "hello":
      return { kind: "hello", body: helloBody(message) };
    case "heartbeat":
      return {
        kind: "heartbeat",
        body: {
          sequence: message.sequence,
          reportAgeMs: uint32(message.reportAge),
          flags: message.flags,
          lastTransition: message.lastTransition,
          ownLagMs: uint32(message.ownLag),
          conditions: message.conditions?.map(conditionBody) ?? [],
        },
      };
    case "event":
      return {
        kind: "event",
        body: {
          transition: message.transition,
          condition: conditionBody(message.condition),
          ageMs: uint32(message.age),
        },
      };
    case "goodbye":
      return {
        kind: "goodbye",
        body: {
          reason: REASON_NUMBERS[message.reason],
          message: limitText(message.message, TEXT_BYTES_MAX),
          endpoint: "",
          reconnectAfterMs: uint32(message.reconnectAfter),
        },
      };
    case "witness-report":
      return { kind: "witnessReport", body: reportBody(message) };
    default:
      return assertNever(message, "agent message");
  }
}

function helloBody(hello: HelloMessage): Extract<AgentFrame, { kind: "hello" }>["body"] {
  const inventory = new TextEncoder().encode(hello.inventoryJson).length;
  return {
    versionMin: PROTOCOL_VERSION_MIN,
    versionMax: PROTOCOL_VERSION,
    nodeId: hello.nodeId,
    hostname: limitText(hello.hostname, TEXT_BYTES_MAX),
    bootId: limitText(hello.bootId, ID_BYTES_MAX),
    hardwareId: limitText(hello.hardwareId, ID_BYTES_MAX),
    processId: hello.processId,
    incarnation: hello.incarnation,
    sessionEpoch: hello.sessionEpoch,
    lastTransition: hello.lastTransition,
    agentVersion: limitText(hello.agentVersion, WORD_BYTES_MAX),
    heartbeatIntervalMs: uint32(hello.heartbeatInterval),
    labels: Object.entries(hello.labels)
      .slice(0, LABELS_MAX)
      .map(([key, value]) => ({
        key: limitText(key, WORD_BYTES_MAX),
        value: limitText(value, TEXT_BYTES_MAX),
      })),
    networks: hello.networks.slice(0, NETWORKS_MAX).map((network) => ({
      role: limitText(network.role, WORD_BYTES_MAX),
      interface: limitText(network.interface, WORD_BYTES_MAX),
      addresses: network.addresses.slice(0, ADDRESSES_MAX),
    })),
    uptimeMs: Math.max(0, Math.round(hello.uptime)),
    capabilities: hello.capabilities.slice(0, CAPABILITIES_MAX),
    // Half a JSON document is none.
    inventoryJson: inventory <= INVENTORY_BYTES_MAX ? hello.inventoryJson : "",
  };
}

function reportBody(
  report: WitnessReportMessage,
): Extract<AgentFrame, { kind: "witnessReport" }>["body"] {
  return {
    requestId: report.requestId,
    nodeId: report.nodeId,
    observations: report.observations.map(
      ({ kind, networkRole, address, outcome, age, proof }) => ({
        kind,
        networkRole,
        address,
        outcome,
        ageMs: uint32(age),
        proof,
      }),
    ),
  };
}

function conditionBody(condition: WireCondition): {
  monitor: string;
  subject: string;
  status: number;
  failureClass: string;
  reason: string;
  message: string;
  sinceAgeMs: number;
  transition: number;
  attributes: { key: string; value: string }[];
} {
  return {
    monitor: limitText(condition.monitor, WORD_BYTES_MAX),
    subject: limitText(condition.subject, TEXT_BYTES_MAX),
    status: STATUS_NUMBERS[condition.status],
    failureClass: condition.failureClass,
    reason: limitText(condition.reason, WORD_BYTES_MAX),
    message: limitText(condition.message, MESSAGE_BYTES_MAX),
    sinceAgeMs: uint32(condition.sinceAge),
    transition: condition.transition,
    attributes: Object.entries(condition.attributes ?? {})
      .slice(0, ATTRIBUTES_MAX)
      .map(([key, value]) => ({
        key: limitText(key, WORD_BYTES_MAX),
        value: limitText(value, TEXT_BYTES_MAX),
      })),
  };
}

function fromFrame(frame: DecodedAggregatorFrame): AggregatorMessage {
  switch (frame.kind) {
    case "welcome":
      return {
        kind: "welcome",
        version: frame.body.version,
        aggregatorId: frame.body.aggregatorId,
        aggregatorVersion: frame.body.aggregatorVersion,
        clusterId: frame.body.clusterId,
        nodeId: frame.body.nodeId as NodeId,
        incarnation: Number(frame.body.incarnation) as Incarnation,
        sessionEpoch: Number(frame.body.sessionEpoch) as SessionEpoch,
        heartbeatInterval: durationMs(frame.body.heartbeatIntervalMs),
        frameBytesMax: frame.body.frameBytesMax,
        framesPerSecondMax: frame.body.framesPerSecondMax,
        acknowledgedTransition: Number(frame.body.acknowledgedTransition),
      };
    case "ack":
      return {
        kind: "ack",
        sequence: frame.body.sequence,
        storeWriteAge: durationMs(frame.body.storeWriteAgeMs),
      };
    case "eventAck":
      return { kind: "event-ack", transition: Number(frame.body.transition) };
    case "goodbye":
      return goodbyeMessage(frame.body);
    case "unknown":
      return { kind: "ignored", what: `field ${frame.field}` };
    case "witnessRequest":
      return witnessRequest(frame.body);
    case "relay":
    case "peerQuestion":
    case "peerAnswer":
    case "configRevision":
    case "certRenew":
      return { kind: "ignored", what: frame.kind };
    default:
      return assertNever(frame, "aggregator frame");
  }
}

function witnessRequest(
  body: Extract<DecodedAggregatorFrame, { kind: "witnessRequest" }>["body"],
): WitnessRequestMessage {
  return {
    kind: "witness-request",
    requestId: Number(body.requestId),
    nodeId: body.nodeId,
    probes: body.probes.map((probe) => ({
      kind: probe.kind ?? "",
      networkRole: probe.networkRole ?? "",
      address: probe.address ?? "",
      port: probe.port ?? 0,
      // What was decoded aliases the frame, and a probe outlives it.
      nonce: Uint8Array.from(probe.nonce ?? []),
    })),
    timeout: durationMs(body.timeoutMs),
  };
}

function goodbyeMessage(body: {
  readonly reason: number;
  readonly message: string;
  readonly endpoint: string;
  readonly reconnectAfterMs: number;
}): GoodbyeMessage {
  return {
    kind: "goodbye",
    // A reason of a later version: the session is over, whatever it says.
    reason: REASONS[body.reason] ?? "unspecified",
    message: body.message,
    endpoint: body.endpoint,
    reconnectAfter: durationMs(body.reconnectAfterMs),
  };
}

const STATUS_NUMBERS: Readonly<Record<ConditionStatus, number>> = { ok: 1, problem: 2, unknown: 3 };

const REASON_NUMBERS: Readonly<Record<GoodbyeReason, number>> = {
  unspecified: 0,
  shutdown: 1,
  "not-owner": 2,
  "version-unsupported": 3,
  "identity-refused": 4,
  "protocol-error": 5,
  "rate-exceeded": 6,
  replaced: 7,
  "host-shutdown": 8,
  busy: 9,
};

const REASONS: Readonly<Record<number, GoodbyeReason>> = Object.fromEntries(
  Object.entries(REASON_NUMBERS).map(([reason, number]) => [number, reason as GoodbyeReason]),
);

function uint32(value: DurationMs): number {
  return Math.min(UINT32_MAX, Math.max(0, Math.round(value)));
}
