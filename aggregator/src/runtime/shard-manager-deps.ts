/** What looking after ownership needs of the rest of the process. */
import type { AggregatorId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import type { Clock, Timers } from "@herdbeat/shared/time";
import type { OwnerCount } from "../core/census.ts";
import type { StoreGeneration } from "../core/shard-facts.ts";
import type { AggregatorRecord, FleetStore } from "../ports/fleet-store.ts";
import type { Ownership, ShardSnapshot, ShardStore } from "../ports/shard-store.ts";

/** Of a look: what is raised while it is under way does not count against what it shows. */
export type Seen = StoreGeneration | null;

export interface ShardManagerDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly fleet: FleetStore;
  readonly shards: ShardStore;
  /** This process's record; `counter` and `census` are filled in here. */
  readonly self: () => Omit<AggregatorRecord, "counter" | "census">;
  /** What it counts, written beside its counter; null: nobody needs it there. */
  readonly census: () => OwnerCount | null;
  /** The highest generation that this process or its mirror knows, per shard. */
  readonly seen: (shard: ShardId) => StoreGeneration | null;
  /** The store has the cluster's record; without it, others may know what we never saw. */
  readonly hasRecord: () => Promise<boolean>;
  /** More than 20 % of the last minute lost: too sick to look after anybody. */
  readonly tooSick: () => boolean;
  readonly onClaimed: (
    ownership: Ownership,
    snapshot: ShardSnapshot,
    generation: StoreGeneration,
  ) => void;
  /** Must write out what is staged and let go of the nodes; resolves when done. */
  readonly onGive: (shard: ShardId, to: AggregatorId | null) => Promise<Ownership | null>;
  readonly onLost: (shard: ShardId, why: string) => void;
  /** The shard may not be touched: its stored data is not what is known of it. */
  readonly onForeign: (shard: ShardId, why: string) => void;
  /** The store's data fits again what is known. */
  readonly onViewChanged: () => void;
}
