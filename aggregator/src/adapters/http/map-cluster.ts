/** From the read side's shards, aggregators, notices and own status to the API's. */

import type { AuditEntry, StoreHealth } from "../../ports/fleet-store.ts";
import type { AggregatorView, FleetView, NoticeView, ShardView } from "../../ports/fleet-view.ts";
import type {
  AggregatorDto,
  AuditDto,
  NoticeDto,
  SelfDto,
  ShardDto,
  StoreDto,
} from "./cluster-dto.ts";
import { isoTime } from "./iso-time.ts";
import { parseStored } from "./map-node.ts";

export function toShard(view: ShardView): ShardDto {
  return {
    shard: view.shard,
    status: view.status,
    owner: view.owner?.aggregator ?? null,
    token: view.owner?.token ?? null,
    generation:
      view.generation === null
        ? null
        : { id: view.generation.id, version: view.generation.version },
    heldBecause: view.heldBecause,
    nodes: view.nodes,
    openIncidents: view.openIncidents,
    outbox: view.outbox,
  };
}

export function toAggregator(view: AggregatorView): AggregatorDto {
  const { record } = view;
  return {
    id: record.id,
    self: view.self,
    lastChangeAgeMs: Math.round(view.lastChangeAge),
    shards: view.shards,
    meshConnected: view.meshConnected,
    streamEndpoint: record.streamEndpoint,
    httpEndpoint: record.httpEndpoint,
    startedAt: isoTime(record.startedAt),
    version: record.version,
    weight: record.weight,
    draining: record.draining,
  };
}

export function toNotice(view: NoticeView): NoticeDto {
  return {
    kind: view.kind,
    since: isoTime(view.since),
    message: view.message,
    nodes: view.nodes,
  };
}

export function toAudit(entry: AuditEntry): AuditDto {
  return {
    at: isoTime(entry.at),
    who: entry.who,
    what: entry.what,
    detail: parseStored(entry.json),
  };
}

export function toStore(health: StoreHealth): StoreDto {
  return {
    state: health.state,
    since: isoTime(health.since),
    detail: health.detail,
    description: health.description,
  };
}

export function toSelf(view: FleetView, version: string): SelfDto {
  const status = view.selfStatus();
  return {
    aggregator: view.self,
    cluster: view.clusterId,
    version,
    startedAt: isoTime(status.startedAt),
    ready: status.ready,
    notReadyBecause: status.notReadyBecause,
    connections: status.connections,
    loopLagMsMax: Math.round(status.loopLagMsMax),
    stallDiscountedMs: Math.round(status.stallDiscountedMs),
    ownedShards: status.ownedShards,
  };
}
