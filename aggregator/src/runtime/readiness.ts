/** Why this process can not do its work now, and of which shards it can not; both empty when it can. */
import type { ShardId } from "@herdbeat/shared/ids";
import type { StoreHealth } from "../ports/fleet-store.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** Shown by /readyz. */
export function notReadyBecause(
  store: StoreHealth,
  manager: Pick<ShardManager, "owners" | "foreign">,
  runners: ReadonlyMap<ShardId, Pick<ShardRunner, "heldBecause">>,
  draining: boolean,
): readonly string[] {
  const reasons: string[] = [];
  const held = shardsOnHold(manager, runners);
  if (store.state === "down") reasons.push(`the store does not answer: ${store.detail}`);
  if (manager.owners.size === 0) reasons.push("owners of shards were not read yet");
  if (held.size > 0) reasons.push(`${held.size} shards are on hold`);
  if (draining) reasons.push("stopping");
  return reasons;
}

/** By what looks of the store say, and by what our own writes met: that is no less a person's business. */
export function shardsOnHold(
  { foreign }: Pick<ShardManager, "foreign">,
  runners: ReadonlyMap<ShardId, Pick<ShardRunner, "heldBecause">>,
): ReadonlyMap<ShardId, string> {
  const held = new Map(foreign);
  for (const [shard, { heldBecause }] of runners)
    if (heldBecause !== "" && !held.has(shard)) held.set(shard, heldBecause);
  return held;
}
