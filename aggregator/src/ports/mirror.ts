/** Copies on this machine's disk, so that a wiped store can be recognised and restored. */
import type { ShardId } from "@herdbeat/shared/ids";
import type { IncidentRecord } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { StoreGeneration } from "./shard-store.ts";

export interface ShardMirror {
  readonly shard: ShardId;
  readonly clusterId: string;
  /** Highest version this aggregator ever saw of this generation. */
  readonly generation: StoreGeneration;
  readonly nodes: readonly NodeRecord[];
  /** Open ones only. */
  readonly incidents: readonly IncidentRecord[];
}

export interface MirrorStore {
  load(): Promise<{
    readonly mirrors: readonly ShardMirror[];
    readonly damaged: readonly string[];
  }>;
  /** Written atomically; coalesced by the caller. */
  save(mirror: ShardMirror): Promise<void>;
  /** What it was a copy of counts no longer. Nothing happens when there is none. */
  remove(shard: ShardId): Promise<void>;
}
