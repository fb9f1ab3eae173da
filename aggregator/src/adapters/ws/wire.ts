/** The only place where wire types and the aggregator's own meet. Input passed the codec's limits. */
import type { AggregatorFrame, DecodedAgentFrame } from "@herdbeat/proto/frame-codec";
import { wire } from "@herdbeat/proto/protobuf-runtime";
import { limitText } from "@herdbeat/proto/text-limit";
import {
  type BootId,
  type Incarnation,
  type NodeId,
  parseNodeId,
  type SessionEpoch,
} from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type {
  AgentCondition,
  AgentHello,
  AgentSession,
  WitnessReport,
  WitnessRequest,
} from "../../ports/agent-listener.ts";
import type { PeerIdentity } from "./peer-identity.ts";

type Body<Kind extends DecodedAgentFrame["kind"]> = Extract<
  DecodedAgentFrame,
  { readonly kind: Kind; readonly body: unknown }
>["body"];

export type WireHello = Body<"hello">;
export type WireCondition = Body<"event">["condition"] & object;

/** Null when neither the certificate nor the Hello names a node properly. */
export function helloNodeId(hello: WireHello, identity: PeerIdentity | null): NodeId | null {
  const text = identity === null ? hello.nodeId : identity.kind === "node" ? identity.id : "";
  return parseNodeId(text) ?? null;
}

export function agentHello(
  hello: WireHello,
  peer: {
    readonly nodeId: NodeId;
    readonly authenticated: boolean;
    readonly publicKey: Uint8Array | null;
    readonly address: string;
    readonly version: number;
  },
): AgentHello {
  return {
    nodeId: peer.nodeId,
    authenticated: peer.authenticated,
    publicKey: peer.publicKey,
    version: peer.version,
    hostname: hello.hostname,
    address: peer.address,
    bootId: hello.bootId as BootId,
    hardwareId: hello.hardwareId,
    processId: hello.processId,
    incarnation: hello.incarnation as Incarnation,
    sessionEpoch: hello.sessionEpoch as SessionEpoch,
    lastTransition: hello.lastTransition,
    agentVersion: hello.agentVersion,
    heartbeatInterval: durationMs(hello.heartbeatIntervalMs),
    labels: record(hello.labels),
    networks: hello.networks.map((network) => ({
      role: network.role ?? "",
      interface: network.interface ?? "",
      addresses: network.addresses ?? [],
    })),
    uptime: durationMs(hello.uptimeMs),
    capabilities: hello.capabilities,
    inventoryJson: hello.inventoryJson,
  };
}

export function agentConditions(conditions: readonly WireCondition[]): readonly AgentCondition[] {
  return conditions.map(agentCondition);
}

export function agentCondition(condition: WireCondition): AgentCondition {
  return {
    monitor: condition.monitor ?? "",
    subject: condition.subject ?? "",
    status: statusOf(condition.status ?? 0),
    failureClass: condition.failureClass ?? "",
    reason: condition.reason ?? "",
    message: condition.message ?? "",
    sinceAge: durationMs(condition.sinceAgeMs ?? 0),
    transition: condition.transition ?? 0,
    attributes: record(condition.attributes ?? []),
  };
}

/** A status of a later version is not health. */
function statusOf(status: number): AgentCondition["status"] {
  if (status === wire.ConditionStatus.CONDITION_STATUS_OK) return "ok";
  return status === wire.ConditionStatus.CONDITION_STATUS_PROBLEM ? "problem" : "unknown";
}

function record(
  attributes: readonly { readonly key?: string | null; readonly value?: string | null }[],
): Readonly<Record<string, string>> {
  // fromEntries defines own properties: a key "__proto__" is an ordinary one.
  return Object.fromEntries(attributes.map(({ key, value }) => [key ?? "", value ?? ""]));
}

export function witnessRequestFrame(
  request: WitnessRequest,
): AggregatorFrame & { readonly kind: "witnessRequest" } {
  const { requestId, nodeId, probes, timeout } = request;
  return {
    kind: "witnessRequest",
    body: { requestId, nodeId, probes: [...probes], timeoutMs: timeout },
  };
}

export function witnessReport(report: Body<"witnessReport">): WitnessReport {
  return {
    requestId: report.requestId,
    nodeId: report.nodeId,
    observations: report.observations.map((one) => ({
      kind: one.kind ?? "",
      networkRole: one.networkRole ?? "",
      address: one.address ?? "",
      outcome: one.outcome ?? "",
      proof: one.proof ?? NO_BYTES,
    })),
  };
}

const NO_BYTES = new Uint8Array(0);

export type OurGoodbyeReason = Parameters<AgentSession["goodbye"]>[0];

const GOODBYE_REASON_NUMBER: Readonly<Record<OurGoodbyeReason, number>> = {
  shutdown: 1,
  "not-owner": 2,
  "version-unsupported": 3,
  "identity-refused": 4,
  "protocol-error": 5,
  "rate-exceeded": 6,
  replaced: 7,
  busy: 9,
};

const GOODBYE_MESSAGE_BYTES_MAX = 256;

export function goodbyeFrame(goodbye: {
  readonly reason: OurGoodbyeReason;
  readonly message: string;
  readonly endpoint: string;
  readonly reconnectAfter: number;
}): AggregatorFrame & { readonly kind: "goodbye" } {
  return {
    kind: "goodbye",
    body: {
      reason: GOODBYE_REASON_NUMBER[goodbye.reason],
      message: limitText(goodbye.message, GOODBYE_MESSAGE_BYTES_MAX),
      endpoint: goodbye.endpoint,
      reconnectAfterMs: goodbye.reconnectAfter,
    },
  };
}

const AGENT_GOODBYE: Readonly<Record<number, string>> = { 1: "shutdown", 8: "host-shutdown" };

/** What the agent gave as its reason; one of a later version is `unspecified`. */
export function agentGoodbyeReason(reason: number): string {
  return AGENT_GOODBYE[reason] ?? "unspecified";
}
