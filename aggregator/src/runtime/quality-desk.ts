/** The detector's figures as people ask for them: the counts of all aggregators, put together. */
import type { AggregatorId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Clock, DurationMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "../core/detection-config.ts";
import {
  figuresOf,
  predictDetection,
  type QualityFigures,
  type QualityTally,
  type StoredQuality,
  sumOfTallies,
} from "../core/quality.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import type { QualityView } from "../ports/fleet-view.ts";
import type { QualityKeeper } from "./quality-keeper.ts";
import { TURN_INTERVAL } from "./turn-loop.ts";

export interface QualityDeskDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly keeper: QualityKeeper;
  readonly fleet: Pick<FleetStore, "qualities">;
  readonly limits: DetectionLimits;
  readonly heartbeatInterval: DurationMs;
}

export class QualityDesk {
  readonly #deps: QualityDeskDeps;

  constructor(deps: QualityDeskDeps) {
    this.#deps = deps;
  }

  node(id: NodeId): QualityFigures | null {
    const tally = this.#deps.keeper.node(id);
    return tally === null ? null : figuresOf(tally);
  }

  async view(): Promise<QualityView> {
    const { keeper, self, clock, limits, heartbeatInterval } = this.#deps;
    const others = await this.#others();
    const all = new Map<AggregatorId, StoredQuality>(others);
    all.set(self, keeper.counted());
    const byShard = new Map<ShardId, QualityTally[]>();
    for (const { shards } of all.values()) {
      for (const { shard, current, former } of shards) {
        const tallies = byShard.get(shard as ShardId) ?? [];
        byShard.set(shard as ShardId, tallies);
        tallies.push(current);
        if (former !== null) tallies.push(former);
      }
    }
    const now = clock.wallNow();
    const shards = [...byShard]
      .map(([shard, tallies]) => ({ shard, tally: sumOfTallies(tallies, now) }))
      .sort((a, b) => a.shard - b.shard);
    const whole = shards.map(({ tally }) => tally);
    return {
      fleet: figuresOf(sumOfTallies(whole, now)),
      shards: shards.map(({ shard, tally }) => ({ shard, figures: figuresOf(tally) })),
      prediction: predictDetection(limits, heartbeatInterval, TURN_INTERVAL, keeper.silences()),
      countedBy: [...all.keys()].sort(),
      isComplete: others !== null,
    };
  }

  async #others(): Promise<ReadonlyMap<AggregatorId, StoredQuality> | null> {
    try {
      return await this.#deps.fleet.qualities();
    } catch {
      // Without the store the own counts are all that is known; the view says so.
      return null;
    }
  }
}
