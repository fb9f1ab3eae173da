import type { ShardId } from "@herdbeat/shared/ids";
import type { ShardManager } from "./shard-manager.ts";

/** Where the owner of a shard takes commands; null: nobody owns it as far as we know. */
export function httpEndpointOf(
  manager: Pick<ShardManager, "owners" | "members">,
  shard: ShardId,
): string | null {
  const owner = manager.owners.get(shard)?.aggregator;
  return manager.members.find((one) => one.id === owner)?.httpEndpoint ?? null;
}
