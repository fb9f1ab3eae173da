import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";

export interface StoreGeneration {
  /** Random, made when the shard's data was created; another one means another database. */
  readonly id: string;
  /** Raised by every applied transition; a lower one than known means that writes were lost. */
  readonly version: number;
}

export interface ShardOwner {
  readonly aggregator: AggregatorId;
  readonly token: FencingToken;
}
