/** What the store keeps of one node. Written at transitions only, never per heartbeat. */
import type { FailureClass } from "@herdbeat/shared/classes";
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";

/** The state shown to people. `docs/failure-detection.md` has the diagram. */
export type NodeStateName =
  | "awaited"
  | "alive"
  | "suspect"
  | "agent-down"
  | "agent-stalled"
  | "left"
  | "declared"
  | "committed"
  | "unseen";

export interface ConditionRecord {
  readonly monitor: string;
  readonly subject: string;
  readonly status: "ok" | "problem" | "unknown";
  /** As the agent sent it; may be a class this version does not know. */
  readonly failureClass: FailureClass | string;
  readonly reason: string;
  readonly message: string;
  readonly since: UnixMs;
  readonly transition: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NetworkRecord {
  readonly role: string;
  readonly interface: string;
  readonly addresses: readonly string[];
}

export interface NodeRecord {
  readonly id: NodeId;
  readonly hostname: string;
  /** Peer address of the last stream; target of the kernel-alive probe. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: readonly NetworkRecord[];
  readonly bootId: BootId;
  readonly hardwareId: string;
  readonly processId: string;
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  /** Highest transition whose event is durable here. */
  readonly acknowledgedTransition: number;
  readonly agentVersion: string;
  readonly heartbeatIntervalMs: number;
  readonly state: NodeStateName;
  readonly stateSince: UnixMs;
  /** Why the state is what it is, one sentence. */
  readonly stateReason: string;
  /** When the last sign of life was seen, as of the last write. */
  readonly lastSeenAt: UnixMs;
  readonly registeredAt: UnixMs;
  readonly retired: boolean;
  readonly shadow: boolean;
  /** All that are not ok, and those ok whose incident was open within this session. At most 512. */
  readonly conditions: readonly ConditionRecord[];
  readonly inventoryJson: string;
  /** The last time that it was silent and not judged, for `refusalOf` in decision.ts; unchecked. */
  readonly refusal?: unknown;
}
