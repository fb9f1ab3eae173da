/** What crosses the stream, in the agent's terms. adapters/ws converts to and from the wire. */
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { ConditionStatus, Finding } from "./condition.ts";

export interface WireCondition extends Finding {
  readonly monitor: string;
  readonly sinceAge: DurationMs;
  readonly transition: number;
  readonly status: ConditionStatus;
}

export interface NodeNetwork {
  readonly role: string;
  readonly interface: string;
  readonly addresses: readonly string[];
}

export interface HelloMessage {
  readonly kind: "hello";
  readonly nodeId: NodeId;
  readonly hostname: string;
  readonly bootId: BootId;
  readonly hardwareId: string;
  readonly processId: string;
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  readonly lastTransition: number;
  readonly agentVersion: string;
  readonly heartbeatInterval: DurationMs;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: readonly NodeNetwork[];
  readonly uptime: DurationMs;
  readonly capabilities: readonly string[];
  readonly inventoryJson: string;
}

export interface HeartbeatMessage {
  readonly kind: "heartbeat";
  readonly sequence: number;
  readonly reportAge: DurationMs;
  readonly flags: number;
  readonly lastTransition: number;
  readonly ownLag: DurationMs;
  /** All conditions, or null when this heartbeat does not carry them. */
  readonly conditions: readonly WireCondition[] | null;
}

export interface EventMessage {
  readonly kind: "event";
  readonly transition: number;
  readonly condition: WireCondition;
  readonly age: DurationMs;
}

export interface GoodbyeMessage {
  readonly kind: "goodbye";
  readonly reason: GoodbyeReason;
  readonly message: string;
  readonly endpoint: string;
  readonly reconnectAfter: DurationMs;
}

export type GoodbyeReason =
  | "unspecified"
  | "shutdown"
  | "not-owner"
  | "version-unsupported"
  | "identity-refused"
  | "protocol-error"
  | "rate-exceeded"
  | "replaced"
  | "host-shutdown"
  | "busy";

export interface WelcomeMessage {
  readonly kind: "welcome";
  readonly version: number;
  readonly aggregatorId: string;
  readonly aggregatorVersion: string;
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  readonly heartbeatInterval: DurationMs;
  readonly frameBytesMax: number;
  readonly framesPerSecondMax: number;
  readonly acknowledgedTransition: number;
}

export interface AckMessage {
  readonly kind: "ack";
  readonly sequence: number;
  readonly storeWriteAge: DurationMs;
}

export interface EventAckMessage {
  readonly kind: "event-ack";
  readonly transition: number;
}

/** One look at a node. What it says is the aggregator's; whoever looks checks it. */
export interface WitnessProbe {
  readonly kind: string;
  /** Empty: the kernel chooses the way. */
  readonly networkRole: string;
  readonly address: string;
  readonly port: number;
  readonly nonce: Uint8Array;
}

export interface WitnessRequestMessage {
  readonly kind: "witness-request";
  readonly requestId: number;
  readonly nodeId: string;
  readonly probes: readonly WitnessProbe[];
  /** For each probe; 0 to 2^32 - 1 as it comes. */
  readonly timeout: DurationMs;
}

/** `error`: nothing was learned, so it never counts as silence. */
export type WitnessOutcome = "answered" | "refused" | "timeout" | "unreachable" | "error";

export interface WitnessObservation {
  readonly kind: string;
  readonly networkRole: string;
  readonly address: string;
  readonly outcome: WitnessOutcome;
  /** Since the answer, or since the probe ended without one. */
  readonly age: DurationMs;
  /** The reply as it came, or empty. */
  readonly proof: Uint8Array;
}

export interface WitnessReportMessage {
  readonly kind: "witness-report";
  readonly requestId: number;
  readonly nodeId: string;
  /** One per probe, in the order of the request. */
  readonly observations: readonly WitnessObservation[];
}

export type AgentMessage =
  | HelloMessage
  | HeartbeatMessage
  | EventMessage
  | GoodbyeMessage
  | WitnessReportMessage;
export type AggregatorMessage =
  | WelcomeMessage
  | AckMessage
  | EventAckMessage
  | GoodbyeMessage
  | WitnessRequestMessage
  /** A case this version does not act on; counted, otherwise ignored. */
  | { readonly kind: "ignored"; readonly what: string };

export const HEARTBEAT_FLAG = {
  problem: 1,
  unknown: 2,
  full: 4,
  draining: 8,
  spooled: 16,
} as const;
