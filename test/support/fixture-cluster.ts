/** Two made-up aggregators that own the even and the odd shards. */
import { type IncidentRecord, isOpen } from "@herdbeat/aggregator/core/incident";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import type { AggregatorView, ShardView } from "@herdbeat/aggregator/ports/fleet-view";
import { type AggregatorId, allShards, type FencingToken, shardOf } from "@herdbeat/shared/ids";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import { FIXTURE_PEER, FIXTURE_SELF, FIXTURE_START } from "./fixture-nodes.ts";

/** One shard is held, so that this is seen too. */
const HELD_SHARD = 63;

export function fixtureShards(
  self: AggregatorId,
  nodes: readonly NodeRecord[],
  incidents: readonly IncidentRecord[],
): readonly ShardView[] {
  return [...allShards()].map((shard): ShardView => {
    const owner = shard % 2 === 0 ? FIXTURE_SELF : FIXTURE_PEER;
    const held = shard === HELD_SHARD;
    const open = incidents.filter((each) => each.shard === shard && isOpen(each.phase)).length;
    return {
      shard,
      owner: {
        aggregator: owner,
        token: (1_768_471_000_000 + shard) as FencingToken,
      },
      generation: { id: "0f0f0f0f", version: 40 + shard },
      status: held ? "held" : owner === self ? "owned-here" : "owned-elsewhere",
      heldBecause: held ? "the stored version is lower than known" : "",
      nodes: nodes.filter((record) => shardOf(record.id) === shard).length,
      openIncidents: open,
      outbox: open,
    };
  });
}

/** `peerEndpoint` is where the other one is reached, when there is another one. */
export function fixtureAggregators(
  self: AggregatorId,
  peerEndpoint?: string,
): readonly AggregatorView[] {
  return [FIXTURE_SELF, FIXTURE_PEER].map((id, index) => ({
    record: {
      id,
      counter: 1_000,
      streamEndpoint: `wss://10.0.9.${index + 1}:7341`,
      httpEndpoint:
        id === self || peerEndpoint === undefined
          ? `http://10.0.9.${index + 1}:7340`
          : peerEndpoint,
      startedAt: unixMs(FIXTURE_START - 7_200_000),
      version: "0.1.0",
      weight: 1,
      draining: false,
      census: null,
    },
    self: id === self,
    lastChangeAge: durationMs(index * 240),
    shards: 32,
    meshConnected: id === self ? null : true,
  }));
}
