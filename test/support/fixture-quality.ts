/** Figures of a detector that ran for nine days over twenty nodes and was wrong a few times. */

import type { DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import {
  detectionTimes,
  emptyTally,
  figuresOf,
  type QualityTally,
} from "@herdbeat/aggregator/core/quality";
import type { QualityView } from "@herdbeat/aggregator/ports/fleet-view";
import type { AggregatorId, NodeId, ShardId } from "@herdbeat/shared/ids";
import { type UnixMs, unixMs } from "@herdbeat/shared/time";
import { FIXTURE_SELF, FIXTURE_START, fixtureNodeId } from "./fixture-nodes.ts";

const HOUR = 3_600_000;

export function fixtureQuality(countedBy: readonly AggregatorId[]): QualityView {
  const tally: QualityTally = {
    ...emptyTally(unixMs(FIXTURE_START - 216 * HOUR)),
    observedMs: 20 * 216 * HOUR,
    suspicions: { count: 11, totalMs: 14_300, maxMs: 2_850 },
    declarations: { count: 1, totalMs: 4_100, maxMs: 4_100 },
    deaths: [2_018, 2_044, 2_071, 2_090, 3_062],
    deathsTotal: 5,
  };
  const figures = figuresOf(tally);
  return {
    fleet: figures,
    shards: [3, 17, 42].map((shard) => ({ shard: shard as ShardId, figures })),
    prediction: {
      jitterMs: 25,
      witnessed: { fromMs: 1_000, toMs: 2_125 },
      alone: { fromMs: 2_000, toMs: 3_125 },
    },
    drills: {
      declared: detectionTimes([1_508, 1_611, 1_912], 3),
      delivered: detectionTimes([1_541, 1_650, 1_977], 3),
    },
    countedBy,
    isComplete: true,
  };
}

export function fixtureDrill(
  id: string,
  { id: node, hostname }: Pick<NodeRecord, "id" | "hostname">,
  by: string,
  startedAt: UnixMs,
): DrillRecord {
  return {
    id,
    node,
    hostname,
    by,
    aggregator: FIXTURE_SELF,
    startedAt,
    outcome: "running",
    because: "the node plays dead",
    incident: null,
    declaredMs: null,
    durableMs: null,
    deliveredMs: null,
    endedAt: null,
  };
}

/** One that was measured, one that something real ended. */
export function fixtureDrills(): DrillRecord[] {
  const began = (id: string, index: number, hoursAgo: number): DrillRecord => {
    const node: NodeId = fixtureNodeId(index);
    const hostname = `compute-${String(index).padStart(2, "0")}.example.test`;
    return fixtureDrill(
      id,
      { id: node, hostname },
      "alice",
      unixMs(FIXTURE_START - hoursAgo * HOUR),
    );
  };
  const measured = began("4f1c2a90d3b85e67", 5, 26);
  const ended = began("90aa41c7de2f6b13", 9, 50);
  return [
    {
      ...measured,
      outcome: "measured",
      because: "declared and accepted by a receiver",
      declaredMs: 1_611,
      durableMs: 1_619,
      deliveredMs: 1_650,
      endedAt: unixMs(measured.startedAt + 1_700),
    },
    {
      ...ended,
      outcome: "ended",
      because: "the drill is over: the agent reported a problem",
      endedAt: unixMs(ended.startedAt + 600),
    },
  ];
}
