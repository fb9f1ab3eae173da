/** The read side: what API, dashboard and command line show. Every answer says how fresh it is. */
import type {
  AggregatorId,
  DestinationName,
  IncidentId,
  NodeId,
  ShardId,
} from "@herdbeat/shared/ids";
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";
import type { DrillRecord } from "../core/drill-record.ts";
import type { IncidentAction, IncidentRecord } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { DetectionTimes, QualityFigures, QualityPrediction } from "../core/quality.ts";
import type { Review } from "../core/review.ts";
import type { AggregatorRecord, AuditEntry, StoreHealth } from "./fleet-store.ts";
import type { HistoryEntry, ShardOwner, StoreGeneration } from "./shard-store.ts";

export interface NodeView {
  readonly record: NodeRecord;
  readonly shard: ShardId;
  /** Null when nobody owns the shard now. */
  readonly owner: AggregatorId | null;
  /** True when this process owns the shard: everything below is live. */
  readonly live: boolean;
  /** Since the last heartbeat, on the owner's listening clock; null when another process owns it. */
  readonly lastHeartbeatAge: DurationMs | null;
  readonly connected: boolean | null;
  readonly ownLagMs: number | null;
  readonly kernelProbe: { readonly lastAnswerAge: DurationMs | null; readonly lastOutcome: string };
  /** In the order in which they would be tried; null when another process owns it. */
  readonly fenceDevices: readonly DeviceTestView[] | null;
  readonly openIncidents: readonly IncidentId[];
  /** When the data was true. */
  readonly asOf: UnixMs;
}

/** What is known of one fence device's ability to cut one node's power. */
export interface DeviceTestView {
  readonly device: string;
  readonly state: "tested" | "failed" | "untested";
  /** What it last said. */
  readonly power: "on" | "off" | null;
  readonly detail: string;
  readonly testedAt: UnixMs | null;
}

export interface ShardView {
  readonly shard: ShardId;
  readonly owner: ShardOwner | null;
  readonly generation: StoreGeneration | null;
  readonly status: "owned-here" | "owned-elsewhere" | "unowned" | "held";
  /** Why nothing is judged in it, when held. */
  readonly heldBecause: string;
  readonly nodes: number;
  readonly openIncidents: number;
  readonly outbox: number;
}

export interface AggregatorView {
  readonly record: AggregatorRecord;
  readonly self: boolean;
  /** Time since its counter was last seen to change. */
  readonly lastChangeAge: DurationMs;
  readonly shards: number;
  readonly meshConnected: boolean | null;
}

export interface NoticeView {
  /** store-down, control-plane-down, unseen since store loss ... */
  readonly kind: string;
  readonly since: UnixMs;
  readonly message: string;
  readonly nodes: readonly NodeId[];
}

export interface DeliveryView extends OutboxRow {
  /** When it was delivered or superseded; absent while it is neither, or when history tells no more. */
  readonly settledAt?: UnixMs;
}

export type FleetChange =
  | { readonly kind: "node"; readonly node: NodeId }
  | { readonly kind: "incident"; readonly incident: IncidentId }
  | { readonly kind: "shards" }
  | { readonly kind: "notices" };

export interface FleetView {
  readonly self: AggregatorId;
  readonly clusterId: string;
  nodes(): Promise<readonly NodeView[]>;
  node(id: NodeId): Promise<NodeView | null>;
  /** Open and recently ended incidents of all shards. */
  incidents(): Promise<readonly IncidentRecord[]>;
  incident(id: IncidentId): Promise<IncidentRecord | null>;
  nodeHistory(id: NodeId, limit: number): Promise<readonly HistoryEntry[]>;
  /** Open ones, and settled ones as far as history is kept. */
  deliveries(incident: IncidentId | null): Promise<readonly DeliveryView[]>;
  destinations(): readonly DestinationName[];
  shards(): Promise<readonly ShardView[]>;
  aggregators(): readonly AggregatorView[];
  notices(): readonly NoticeView[];
  store(): StoreHealth;
  /** How well the detector does, as all aggregators counted it. */
  quality(): Promise<QualityView>;
  /** Of one node, as its owner counted it since it looks after it. */
  /** Newest first. */
  drills(): Promise<readonly DrillRecord[]>;
  nodeQuality(id: NodeId): CommandOutcome<QualityFigures>;
  audit(limit: number): Promise<readonly AuditEntry[]>;
  /** Own condition of this process, for /readyz?verbose and /metrics. */
  selfStatus(): {
    readonly startedAt: UnixMs;
    readonly ready: boolean;
    readonly notReadyBecause: readonly string[];
    readonly connections: number;
    readonly loopLagMsMax: number;
    readonly stallDiscountedMs: number;
    readonly ownedShards: number;
  };
  subscribe(listener: (change: FleetChange) => void): () => void;
}

export interface QualityView {
  readonly fleet: QualityFigures;
  readonly shards: readonly { readonly shard: ShardId; readonly figures: QualityFigures }[];
  readonly prediction: QualityPrediction;
  /** From the instant of a played death on, until it was declared and until a receiver knew. */
  readonly drills: { readonly declared: DetectionTimes; readonly delivered: DetectionTimes };
  readonly countedBy: readonly AggregatorId[];
  /** False: the store does not answer, and these are this aggregator's own counts alone. */
  readonly isComplete: boolean;
}

export type CommandOutcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "not-found" }
  /** Another aggregator owns the shard; the HTTP side forwards the request there. */
  | { readonly kind: "elsewhere"; readonly httpEndpoint: string }
  | { readonly kind: "refused"; readonly why: string };

export interface RestorableShard {
  readonly shard: ShardId;
  /** Memory is complete up to the loss, the mirror on disk up to its last write. */
  readonly from: "memory" | "mirror";
  readonly generation: StoreGeneration;
  readonly nodes: number;
}

export interface FleetCommands {
  /** An `id` that the incident already has returns that action unchanged: repeats are safe. */
  addAction(
    incident: IncidentId,
    action: Pick<IncidentAction, "kind" | "state" | "progress" | "message" | "by"> & {
      readonly id?: string;
      /** Ours: there is room kept for it, however much others report. */
      readonly isOwn?: true;
    },
  ): Promise<CommandOutcome<IncidentAction>>;
  updateAction(
    incident: IncidentId,
    actionId: string,
    patch: Partial<Pick<IncidentAction, "state" | "progress" | "message">>,
  ): Promise<CommandOutcome<IncidentAction>>;
  /** An operator's word on a declared incident, audited; the last one counts. */
  reviewHold(
    incident: IncidentId,
    review: Pick<Review, "word" | "by" | "reason">,
  ): Promise<CommandOutcome<IncidentRecord>>;
  /** Lets a living node seem to die and measures it; nothing is done to it, nothing is asked for. */
  startDrill(node: NodeId, by: string): Promise<CommandOutcome<DrillRecord>>;
  /**
   * An operator saw that a committed host has no power: as good as a device's word, and audited.
   * Refused unless the incident waits for exactly that.
   */
  confirmOff(
    incident: IncidentId,
    by: string,
    reason: string,
  ): Promise<CommandOutcome<IncidentAction>>;
  /** An operator ends a committed incident of a host, audited: its node is judged again. */
  closeIncident(
    incident: IncidentId,
    by: string,
    reason: string,
  ): Promise<CommandOutcome<IncidentAction>>;
  /** The switch that stops all requests for recovery; null: armed. */
  disarm(): { readonly by: string; readonly reason: string; readonly since: UnixMs } | null;
  /** Null arms again. Rejects with StoreUnavailableError when it could not be made known to all. */
  setDisarm(by: string, reason: string | null): Promise<void>;
  /** What this aggregator itself could restore of the held shards. */
  restorable(): readonly RestorableShard[];
  /**
   * Restores shards that are held after a store loss from local mirrors, or adopts the store as it is.
   * With `only`, exactly these, because the caller knows that nobody has more of them; without, all
   * that are held, and the hold is over also of what nobody knows.
   */
  adoptStore(
    by: string,
    source: "mirror" | "as-is",
    only: readonly ShardId[] | null,
  ): Promise<
    CommandOutcome<{ readonly shards: number; readonly nodes: number; readonly incidents: number }>
  >;
}
