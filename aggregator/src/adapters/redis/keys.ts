/**
 * The only builder of keys. Everything between braces is hashed by Redis Cluster: one shard's keys
 * share a slot, so a script over them stays atomic there too.
 */
import type { ShardId } from "@herdbeat/shared/ids";

export interface ShardKeys {
  /** string `<token>:<aggregator id>`; without an id nobody owns the shard. */
  readonly owner: string;
  /** string `<id>:<version>` */
  readonly generation: string;
  /** hash: node id = document */
  readonly nodes: string;
  /** hash: `p:<incident id>` = phase, `d:<incident id>` = document */
  readonly incidents: string;
  /** hash: `s:<row id>` = status line, `d:<row id>` = document */
  readonly outbox: string;
  /** hash: node id = unix ms */
  readonly proofs: string;
  /** stream: at, node, kind, json */
  readonly history: string;
  /** list: ids of ended incidents that are still in `incidents`, oldest first */
  readonly ended: string;
}

export function shardKeys(shard: ShardId): ShardKeys {
  const key = (name: keyof ShardKeys): string => `hb:{s${shard}}:${name}`;
  return {
    owner: key("owner"),
    generation: key("generation"),
    nodes: key("nodes"),
    incidents: key("incidents"),
    outbox: key("outbox"),
    proofs: key("proofs"),
    history: key("history"),
    ended: key("ended"),
  };
}

export const FLEET_KEYS = {
  /** hash: clusterId, schemaVersion, shardCount, createdAt */
  meta: "hb:{g}:meta",
  /** hash: aggregator id = `<counter> <document>` */
  aggregators: "hb:{g}:aggs",
  /** string `<incident id> <shard> <token>`; absent when nobody commits */
  permit: "hb:{g}:permit",
  /** list: when the last permits were given, ms of the server's clock, oldest first */
  permits: "hb:{g}:permits",
  /** string: JSON; absent when armed */
  disarm: "hb:{g}:disarm",
  /** string: id of the drill that began last; expires when the next may begin */
  drill: "hb:{g}:drill",
  /** hash: drill id = JSON */
  drills: "hb:{g}:drills",
  /** hash: aggregator id = what it counted of the detector's quality, JSON */
  quality: "hb:{g}:quality",
  /** stream: at, who, what, json */
  audit: "hb:{g}:audit",
} as const;
