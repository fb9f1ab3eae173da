/** The detector's figures as people ask for them: the counts of all aggregators, put together. */
import type { AggregatorId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Clock, DurationMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "../core/detection-config.ts";
import type { DrillRecord } from "../core/drill-record.ts";
import {
  type DetectionTimes,
  detectionTimes,
  figuresOf,
  predictDetection,
  QUALITY_PERIOD_MS,
  type QualityFigures,
  type QualityTally,
  type StoredQuality,
  sumOfTallies,
} from "../core/quality.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import type { QualityView } from "../ports/fleet-view.ts";
import { DRILL_PAUSE } from "./drill-keeper.ts";
import type { QualityKeeper } from "./quality-keeper.ts";
import { TURN_INTERVAL } from "./turn-loop.ts";

export interface QualityDeskDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly keeper: QualityKeeper;
  readonly fleet: Pick<FleetStore, "qualities" | "drills">;
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

  /** One whose player is gone stays `running` in the store. */
  async drills(): Promise<readonly DrillRecord[]> {
    const now = this.#deps.clock.wallNow();
    return (await this.#deps.fleet.drills()).map((one) =>
      one.outcome === "running" && now - one.startedAt > DRILL_PAUSE
        ? { ...one, outcome: "lost", because: "the aggregator that played it is gone" }
        : one,
    );
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
    const drills = (await this.drills().catch(() => [])).filter(
      ({ startedAt }) => now - startedAt < 2 * QUALITY_PERIOD_MS,
    );
    const shards = [...byShard]
      .map(([shard, tallies]) => ({ shard, tally: sumOfTallies(tallies, now) }))
      .sort((a, b) => a.shard - b.shard);
    const whole = shards.map(({ tally }) => tally);
    return {
      fleet: figuresOf(sumOfTallies(whole, now)),
      shards: shards.map(({ shard, tally }) => ({ shard, figures: figuresOf(tally) })),
      prediction: predictDetection(limits, heartbeatInterval, TURN_INTERVAL, keeper.silences()),
      drills: {
        declared: timesOf(drills.map((one) => one.declaredMs)),
        delivered: timesOf(drills.map((one) => one.deliveredMs)),
      },
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

function timesOf(times: readonly (number | null)[]): DetectionTimes {
  const known = times.filter((ms) => ms !== null);
  return detectionTimes(known, known.length);
}
