/** Why this process can not do its work now; empty when it can. Shown by /readyz. */
import type { StoreHealth } from "../ports/fleet-store.ts";
import type { ShardManager } from "./shard-manager.ts";

export function notReadyBecause(
  store: StoreHealth,
  manager: ShardManager,
  draining: boolean,
): readonly string[] {
  const reasons: string[] = [];
  if (store.state === "down") reasons.push(`the store does not answer: ${store.detail}`);
  if (manager.owners.size === 0) reasons.push("owners of shards were not read yet");
  if (manager.foreign.size > 0) reasons.push(`${manager.foreign.size} shards are on hold`);
  if (draining) reasons.push("stopping");
  return reasons;
}
