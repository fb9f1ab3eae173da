/**
 * The durable truth of one shard.
 *
 * Guarantee: `apply` is atomic (all writes or none), is refused unless the caller's fencing token
 * *and* store generation equal the stored ones, and raises the generation's version. A rejection
 * with StoreUnavailableError means "may have been applied": the caller discards its memory of the
 * shard and loads it again; all writes are idempotent by id.
 */
import type { AggregatorId, FencingToken, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { IncidentPhase, IncidentRecord } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { ShardOwner, StoreGeneration } from "../core/shard-facts.ts";

export type { ShardOwner, StoreGeneration } from "../core/shard-facts.ts";

export interface Ownership extends ShardOwner {
  readonly shard: ShardId;
  /** The generation's id only; the version moves with every write. */
  readonly generationId: string;
}

export interface ShardSnapshot {
  readonly owner: ShardOwner | null;
  /** Null when this shard was never created in this database (or it was wiped). */
  readonly generation: StoreGeneration | null;
  readonly nodes: readonly NodeRecord[];
  /** Open incidents and those ended within the retention of the hot set. */
  readonly incidents: readonly IncidentRecord[];
  readonly outbox: readonly OutboxRow[];
  /** When each node last answered the kernel-alive probe. */
  readonly proofs: ReadonlyMap<NodeId, UnixMs>;
  /** Entries that could not be read, each with the reason; they are kept, never deleted. */
  readonly damaged: readonly string[];
}

/** A line of the shard's history stream, newest last, bounded. */
export interface HistoryEntry {
  readonly at: UnixMs;
  readonly node: NodeId;
  readonly kind: "state" | "incident" | "delivery" | "action";
  /** Bounded JSON object. */
  readonly json: string;
}

export type ShardWrite =
  | { readonly kind: "put-node"; readonly record: NodeRecord }
  | { readonly kind: "remove-node"; readonly node: NodeId }
  | {
      readonly kind: "put-incident";
      readonly record: IncidentRecord;
      /**
       * The phase the stored incident must be in; null = whatever is behind the record's own phase:
       * absent, declared, or committed for what is committed or closed (declared again, or restored
       * over an older copy). A stored record that equals this one passes in any case: the batch
       * is a repetition whose first reply was lost.
       */
      readonly expect: IncidentPhase | null;
    }
  /** Leaves a row that exists as it is: it is under way, and must not be armed again. */
  | { readonly kind: "put-outbox"; readonly row: OutboxRow }
  | { readonly kind: "history"; readonly entry: HistoryEntry };

export type ApplyOutcome =
  | { readonly kind: "applied"; readonly generation: StoreGeneration }
  | {
      readonly kind: "stale-token";
      readonly owner: ShardOwner | null;
      /** Where nobody owns it: the token of whoever released it last; null when the record is gone. */
      readonly released: FencingToken | null;
    }
  | { readonly kind: "generation-mismatch"; readonly found: StoreGeneration | null }
  /** The incident is in another phase, null: absent; nothing of the batch was written. */
  | { readonly kind: "conflict"; readonly incident: string; readonly phase: IncidentPhase | null };

export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly owner: ShardOwner; readonly generation: StoreGeneration }
  | { readonly kind: "taken"; readonly owner: ShardOwner }
  /** The shard has no generation and `create` was false: a wiped or foreign database. */
  | { readonly kind: "not-created" };

export type RowOutcome =
  | { readonly kind: "done" }
  /** The row is gone or not in the expected state: somebody else dealt with it. */
  | { readonly kind: "lost"; readonly found: string | null }
  | { readonly kind: "refused"; readonly why: "stale-token" | "generation-mismatch" };

export interface ShardStore {
  load(shard: ShardId): Promise<ShardSnapshot>;

  /**
   * Takes the shard if its owner is still `expected` (null = nobody). New token =
   * max(stored, `tokenSeen`, unix ms) + 1. With `create`, a shard without a generation gets one.
   */
  claim(request: {
    readonly shard: ShardId;
    readonly self: AggregatorId;
    readonly expected: ShardOwner | null;
    readonly tokenSeen: FencingToken;
    readonly now: UnixMs;
    readonly create: { readonly generationId: string } | null;
  }): Promise<ClaimOutcome>;

  /** Gives the shard up in an orderly stop; a no-op when the caller no longer owns it. */
  release(ownership: Ownership): Promise<void>;

  /**
   * At most APPLY_WRITES_MAX writes. Of several writes to one node the last one counts; incidents
   * see the earlier changes of their batch. History is at least once: a repeated batch repeats it.
   */
  apply(ownership: Ownership, writes: readonly ShardWrite[]): Promise<ApplyOutcome>;

  /**
   * Moves a row from `waiting` to `sending` for this owner and raises `attempts`; then waits for the
   * configured number of replicas on the same connection (facts go on when unmet, `replicas` tells).
   * A row left in `sending` by another owner or token may be claimed again; so may one that this very
   * owner and token hold (the reply to the first claim was lost): `done`, with `attempts` raised once more.
   */
  claimRow(
    ownership: Ownership,
    rowId: string,
    now: UnixMs,
  ): Promise<RowOutcome & { readonly replicasMet?: boolean }>;

  /**
   * Ends or re-arms an attempt: the stored row must be `sending` for this owner and token, and is
   * replaced by `row` in what an attempt may change: state, attempts, claimedBy and the last* and
   * next* fields. `delivered` and `superseded` remove the row and add history.
   */
  settleRow(
    ownership: Ownership,
    row: OutboxRow,
    history: HistoryEntry | null,
  ): Promise<RowOutcome>;

  /** Merges the times at which nodes last answered a probe. Coalesced by the caller to one a minute. */
  putProofs(ownership: Ownership, proofs: ReadonlyMap<NodeId, UnixMs>): Promise<RowOutcome>;

  /** Newest first. `before` is the cursor of the last entry seen. */
  history(
    shard: ShardId,
    limit: number,
    before: string | null,
  ): Promise<{ readonly entries: readonly (HistoryEntry & { readonly cursor: string })[] }>;
}

/** 500 nodes with an incident, an outbox row and a history line each: 20 ms in which the server does nothing else. */
export const APPLY_WRITES_MAX = 2_000;
