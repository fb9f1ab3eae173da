import type { ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { GENERATION, NOW, SHARD } from "../support/store-records.ts";

export interface ShardStoreBackend {
  /** Two stores over one database, as two processes have. */
  readonly first: ShardStore;
  readonly second: ShardStore;
  readonly wipe: () => Promise<void>;
}

export type Given = () => Promise<ShardStoreBackend>;

/** A claim of a shard that nobody has; a test changes what it is about. */
export const claim = (changes: Partial<Parameters<ShardStore["claim"]>[0]> = {}) => ({
  shard: SHARD,
  self: "agg-1" as AggregatorId,
  expected: null,
  tokenSeen: 0 as FencingToken,
  now: NOW,
  create: { generationId: GENERATION },
  ...changes,
});
