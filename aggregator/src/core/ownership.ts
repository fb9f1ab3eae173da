/** What to do about each shard now: claim it, give it away, leave it. Pure. */
import { type AggregatorId, allShards, type ShardId } from "@herdbeat/shared/ids";
import type { ShardOwner } from "./shard-facts.ts";
import { type Candidate, ShardMap } from "./shard-map.ts";

export interface OwnershipView {
  readonly self: AggregatorId;
  /** Aggregators that are at work and not draining, self included (unless it drains). */
  readonly candidates: readonly Candidate[];
  /** At work, draining or not. An owner that is in here may not be robbed. */
  readonly living: ReadonlySet<AggregatorId>;
  readonly owners: ReadonlyMap<ShardId, ShardOwner | null>;
  /** Shards this process holds with a token. */
  readonly held: ReadonlySet<ShardId>;
  /** True when membership has been stable long enough to move shards between living owners. */
  readonly settled: boolean;
}

export type OwnershipMove =
  | { readonly kind: "claim"; readonly shard: ShardId; readonly expected: ShardOwner | null }
  | { readonly kind: "give"; readonly shard: ShardId; readonly to: AggregatorId };

export function planOwnership(
  view: OwnershipView,
  map: ShardMap = new ShardMap(),
): readonly OwnershipMove[] {
  const moves: OwnershipMove[] = [];
  for (const shard of allShards()) {
    const owner = view.owners.get(shard) ?? null;
    const wanted = map.preferred(shard, view.candidates);
    if (view.held.has(shard)) {
      if (wanted !== null && wanted !== view.self && view.settled) {
        moves.push({ kind: "give", shard, to: wanted });
      }
      continue;
    }
    // Our own name without a token: an earlier life of this process, or a release that failed. While
    // we live nobody else may take it, so we do, and give it to whoever should have it.
    const isOurs = owner?.aggregator === view.self;
    if (!isOurs && wanted !== view.self) continue;
    const free = owner === null || isOurs || !view.living.has(owner.aggregator);
    if (free) moves.push({ kind: "claim", shard, expected: owner });
  }
  return moves;
}

/** Plans again and again for candidates that rarely change. */
export class OwnershipPlanner {
  readonly #map = new ShardMap();

  plan(view: OwnershipView): readonly OwnershipMove[] {
    return planOwnership(view, this.#map);
  }
}
