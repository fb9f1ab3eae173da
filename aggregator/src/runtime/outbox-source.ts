/** Where hand-off finds its rows. Implemented by whoever keeps the owned shards' state in memory. */
import type { ShardId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { OutboxRow } from "../core/outbox.ts";
import type { Ownership } from "../ports/shard-store.ts";

export interface OutboxSource {
  /** The shards that this process owns now. One that is missing here is not written again. */
  owned(): readonly Ownership[];

  /** The rows of an owned shard that are durable and not over, in any order. */
  rows(shard: ShardId): Iterable<OutboxRow>;

  /** The store holds `row` now, null: it is gone. Called after every claim and settle that succeeded. */
  rowChanged(ownership: Ownership, rowId: string, row: OutboxRow | null): void;

  /** The store's row cannot be read (`found` says what it is): it must not be sent, and stays there for a person. */
  rowLost(ownership: Ownership, rowId: string, found: string | null): void;

  /** The store refused this owner. Its shard is no longer ours, or is on hold. */
  refused(ownership: Ownership, why: "stale-token" | "generation-mismatch"): void;

  /** Asked before every attempt of a request, after its claim: is it still true, and for how long? */
  recheck(row: OutboxRow): RequestCheck | Promise<RequestCheck>;
}

export type RequestCheck =
  | { readonly kind: "send"; readonly validFor: DurationMs }
  /** Not now: disarmed, a permit is missing ... Asked again later. */
  | { readonly kind: "wait"; readonly because: string }
  /** No longer true. `page`: the node is still out, so a person has to know. */
  | { readonly kind: "supersede"; readonly because: string; readonly page: boolean };
