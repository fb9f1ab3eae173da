/** Figures of a detector that ran for nine days over twenty nodes and was wrong a few times. */
import { emptyTally, figuresOf, type QualityTally } from "@herdbeat/aggregator/core/quality";
import type { QualityView } from "@herdbeat/aggregator/ports/fleet-view";
import type { AggregatorId, ShardId } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import { FIXTURE_START } from "./fixture-nodes.ts";

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
    countedBy,
    isComplete: true,
  };
}
