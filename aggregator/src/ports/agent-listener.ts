/**
 * The agents' streams, as the runtime sees them. The adapter owns sockets, TLS, the codec, limits
 * and back-pressure; the runtime owns meaning. Callbacks are synchronous and must not throw.
 */
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { NetworkRecord } from "../core/node-record.ts";

export interface AgentHello {
  readonly nodeId: NodeId;
  /** True when the client certificate named the node; false in insecure mode. */
  readonly authenticated: boolean;
  /** Of that certificate (DER, SubjectPublicKeyInfo); null in insecure mode. */
  readonly publicKey: Uint8Array | null;
  /** Negotiated protocol version. */
  readonly version: number;
  readonly hostname: string;
  readonly address: string;
  readonly bootId: BootId;
  readonly hardwareId: string;
  readonly processId: string;
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  readonly lastTransition: number;
  readonly agentVersion: string;
  readonly heartbeatInterval: DurationMs;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: readonly NetworkRecord[];
  readonly uptime: DurationMs;
  readonly capabilities: readonly string[];
  readonly inventoryJson: string;
}

export interface AgentCondition {
  readonly monitor: string;
  readonly subject: string;
  readonly status: "ok" | "problem" | "unknown";
  readonly failureClass: string;
  readonly reason: string;
  readonly message: string;
  readonly sinceAge: DurationMs;
  readonly transition: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** How a witness is to look at another node. */
export interface WitnessProbe {
  readonly kind: "tcp-rst" | "udp-echo";
  /** Role of the network, the same on both nodes; empty = the one the stream came over. */
  readonly networkRole: string;
  readonly address: string;
  readonly port: number;
  /** Fresh for each udp-echo, otherwise empty. */
  readonly nonce: Uint8Array;
}

export interface WitnessRequest {
  readonly requestId: number;
  readonly nodeId: NodeId;
  /** At most WITNESS_PROBES_MAX. */
  readonly probes: readonly WitnessProbe[];
  readonly timeout: DurationMs;
}

export const WITNESS_PROBES_MAX = 16;

/** What a witness says it saw; nothing of it is checked yet but its size. */
export interface WitnessReport {
  readonly requestId: number;
  readonly nodeId: string;
  readonly observations: readonly {
    readonly kind: string;
    readonly networkRole: string;
    readonly address: string;
    /** answered, refused, timeout, unreachable, error. */
    readonly outcome: string;
    readonly proof: Uint8Array;
  }[];
}

/** Of a hello, when the agent can look at other nodes. */
export const CAPABILITY_WITNESS = "witness";
/** The same, followed by the port, when it answers echo questions. */
export const CAPABILITY_ECHO = "udp-echo:";

/** How a stream ended, as the socket told. */
export type CloseCause =
  /** FIN or RST from the peer's kernel: its process is gone, its kernel was there to say so. */
  | "peer-closed"
  /** We closed it (protocol error, replaced, limits, shutdown). */
  | "local"
  /** The kernel gave up retransmitting or reported an unreachable peer: proves nothing about the process. */
  | "network-error";

/** One agent's stream. `node` is a dense index chosen by the runtime at acceptance; -1 before. */
export interface AgentSession {
  node: number;
  readonly remoteAddress: string;
  welcome(welcome: {
    readonly incarnation: Incarnation;
    readonly sessionEpoch: SessionEpoch;
    readonly heartbeatInterval: DurationMs;
    readonly acknowledgedTransition: number;
    readonly nodeId: NodeId;
  }): void;
  ackHeartbeat(sequence: number, storeWriteAge: DurationMs): void;
  ackEvent(transition: number): void;
  /** Asks the agent to look at another node; only one that can (CAPABILITY_WITNESS). */
  witness(request: WitnessRequest): void;
  /** Sends Goodbye and closes. */
  goodbye(
    reason:
      | "shutdown"
      | "not-owner"
      | "version-unsupported"
      | "identity-refused"
      | "protocol-error"
      | "rate-exceeded"
      | "replaced"
      | "busy",
    message: string,
    endpoint?: string,
    reconnectAfter?: DurationMs,
  ): void;
}

export interface AgentObserver {
  /** The runtime answers later with `welcome` or `goodbye`. */
  onHello(session: AgentSession, hello: AgentHello): void;
  /** Hot path: no allocation. Called only for sessions that were welcomed. */
  onHeartbeat(
    session: AgentSession,
    sequence: number,
    flags: number,
    lastTransition: number,
    ownLagMs: number,
  ): void;
  /** Every condition the agent has (flag "full"). Always preceded by onHeartbeat of the same frame. */
  onConditions(session: AgentSession, conditions: readonly AgentCondition[]): void;
  onEvent(
    session: AgentSession,
    transition: number,
    condition: AgentCondition,
    age: DurationMs,
  ): void;
  /** Hostile input: it may answer nothing that was asked. `proof` is valid during the call only. */
  onWitnessReport(session: AgentSession, report: WitnessReport): void;
  onGoodbye(session: AgentSession, reason: string, message: string): void;
  onClosed(session: AgentSession, cause: CloseCause): void;
}

export interface AgentListener {
  start(observer: AgentObserver): Promise<void>;
  /** Stops accepting; existing sessions get a goodbye towards `endpoint` when given. */
  stop(endpoint: string | null): Promise<void>;
  /** Actual address, e.g. `wss://127.0.0.1:40123`. */
  endpoint(): string;
}

export const HEARTBEAT_FLAG = {
  problem: 1,
  unknown: 2,
  full: 4,
  draining: 8,
  spooled: 16,
} as const;
