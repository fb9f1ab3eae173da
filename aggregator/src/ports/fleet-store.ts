/** What all aggregators share: who lives, who owns what, and the cluster's constants. */
import type { AggregatorId, FencingToken, IncidentId, ShardId } from "@herdbeat/shared/ids";
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";
import type { OwnerCount } from "../core/census.ts";
import type { DrillRecord } from "../core/drill-record.ts";
import type { StoredQuality } from "../core/quality.ts";
import type { ShardOwner, StoreGeneration } from "./shard-store.ts";

export interface AggregatorRecord {
  readonly id: AggregatorId;
  /** Raised by its owner at most 3 times a second; liveness is "it changed while I watched". */
  readonly counter: number;
  /** Where agents and peers connect (`wss://host:port`). */
  readonly streamEndpoint: string;
  /** Where people and peers' read sides connect (`http://host:port`). */
  readonly httpEndpoint: string;
  readonly startedAt: UnixMs;
  readonly version: string;
  readonly weight: number;
  readonly draining: boolean;
  /** What it counts, for peers that cannot ask it; null: all can, or it does not count. */
  readonly census: OwnerCount | null;
}

export interface ClusterMeta {
  readonly clusterId: string;
  readonly schemaVersion: number;
  readonly shardCount: number;
  readonly createdAt: UnixMs;
}

export interface AuditEntry {
  readonly at: UnixMs;
  readonly who: string;
  readonly what: string;
  readonly json: string;
}

export interface PermitHolder {
  readonly incident: IncidentId;
  readonly shard: ShardId;
  readonly token: FencingToken;
}

export interface PermitRequest extends PermitHolder {
  readonly rate: { readonly max: number; readonly within: DurationMs };
}

export type PermitOutcome =
  | { readonly kind: "granted" }
  /** Another incident has it, or a later owner of this one's shard. */
  | { readonly kind: "taken"; readonly by: PermitHolder }
  | { readonly kind: "too-many"; readonly wait: DurationMs }
  | { readonly kind: "disarmed" };

export interface FleetStore {
  /** Reads, or with `create` makes, the cluster's constants. Null when absent and not created. */
  meta(create: ClusterMeta | null): Promise<ClusterMeta | null>;

  /**
   * One command: raises the caller's counter (above the stored one and `self.counter`) and returns
   * every aggregator's record, the caller's with its new counter.
   */
  pulse(self: AggregatorRecord): Promise<readonly AggregatorRecord[]>;

  /** Forgets an aggregator that stopped in order or has been gone long enough. */
  forget(id: AggregatorId): Promise<void>;

  /** How many commands `shards()` costs; it is called less often where that is more than one. */
  readonly commandsPerLook: number;

  /** All shards' owners and generations, in as few commands as the deployment allows. */
  shards(): Promise<
    ReadonlyMap<
      ShardId,
      { readonly owner: ShardOwner | null; readonly generation: StoreGeneration | null }
    >
  >;

  /** Raised by every change of the disarm switch, maintenance or policy; small. */
  disarmed(): Promise<{
    readonly by: string;
    readonly reason: string;
    readonly since: UnixMs;
  } | null>;
  setDisarmed(
    value: { readonly by: string; readonly reason: string; readonly since: UnixMs } | null,
  ): Promise<void>;

  /** What each aggregator counted of the detector's quality; damaged fields are passed over. */
  qualities(): Promise<ReadonlyMap<AggregatorId, StoredQuality>>;
  /** Only its own aggregator writes a field; a repeat replaces. */
  putQuality(id: AggregatorId, value: StoredQuality): Promise<void>;
  dropQuality(id: AggregatorId): Promise<void>;

  /**
   * Takes the one permit to commit. Re-taking it for the same incident is granted again, also by the
   * shard's next owner, whose token is higher; never while disarmed, nor more than `rate` allows.
   * A rejection means "may have been granted": ask again, or free it.
   */
  takePermit(request: PermitRequest): Promise<PermitOutcome>;
  /** Who has the permit; null: nobody. */
  permit(): Promise<PermitHolder | null>;
  /** Gives it back; a no-op when another incident, a later owner of the shard, or nobody has it. */
  freePermit(taken: Pick<PermitHolder, "incident" | "token">): Promise<void>;

  /**
   * Records a drill, and says whether it may begin: not within `pause` of the beginning of another.
   * A rejection may have begun it; then nothing is played, and the pause passes.
   */
  beginDrill(drill: DrillRecord, pause: DurationMs): Promise<boolean>;
  putDrill(drill: DrillRecord): Promise<void>;
  /** The newest DRILLS_KEPT_MAX, newest first; damaged ones are passed over. */
  drills(): Promise<readonly DrillRecord[]>;

  appendAudit(entry: AuditEntry): Promise<void>;
  audit(limit: number): Promise<readonly AuditEntry[]>;

  /** Tells when the store's connection is usable; runtime counts only answered time. */
  health(): StoreHealth;
}

export interface StoreHealth {
  readonly state: "up" | "down";
  readonly since: UnixMs;
  /** What is wrong, for people; empty when up. */
  readonly detail: string;
  /** redis 7.0.15 standalone, sentinel, cluster, ...; shown in /readyz?verbose. */
  readonly description: string;
}

/** Layout of keys and values; docs/store.md describes it. A store of another version is refused. */
export const STORE_SCHEMA_VERSION = 1;
