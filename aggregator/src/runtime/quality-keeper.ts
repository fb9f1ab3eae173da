/**
 * Counts how well the detector does, per node and shard, and keeps the shards' counts.
 *
 * Guarantee: no store command per node, one a minute per process; a field of the store is written
 * by the one aggregator whose name it has, so that no owner can spoil another's counts, and a shard
 * that moves is counted on by whoever has it. Failure cases: a store that is away or was wiped gets
 * the counts back from memory; what was counted since the last write is lost with the process.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { AggregatorId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  durationMs,
  type ListeningMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { Instant, NodeState } from "../core/node-state.ts";
import {
  emptyTally,
  inPeriod,
  QUALITY_PERIOD_MS,
  type QualityTally,
  type SilenceSample,
  type StoredQuality,
  type StoredShardQuality,
  silenceDeclaredAfter,
  sumOfTallies,
  withDeath,
  withMistake,
} from "../core/quality.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import { NodeQuality, type QualityChange } from "./node-quality.ts";
import type { NodeTable } from "./node-table.ts";
import { SilenceHistogram } from "./silence-histogram.ts";

const WRITE_INTERVAL = durationMs(60_000);

export interface QualityKeeperDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly table: NodeTable;
  readonly fleet: Pick<FleetStore, "qualities" | "putQuality" | "dropQuality">;
  readonly now: () => ListeningMs;
}

export class QualityKeeper {
  readonly #deps: QualityKeeperDeps;
  readonly #nodes = new NodeQuality();
  readonly #silences = new SilenceHistogram();
  readonly #shards = new Map<ShardId, StoredShardQuality>();
  #wasRead = false;
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(deps: QualityKeeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    void this.#write().finally(() => this.#schedule());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#write();
  }

  begin(index: number, state: NodeState, now: Instant): void {
    this.#nodes.begin(index, state, now);
  }

  changed(index: number, before: NodeState, after: NodeState, now: Instant): void {
    const change = this.#nodes.changed(index, before, after, now);
    const shard = this.#deps.table.shards[index];
    if (change === null || shard === undefined) return;
    this.#count(shard, (tally) => counted(tally, change, before));
  }

  /** Somebody else looks after the node from now on. */
  forget(index: number): void {
    this.#settle(index);
    this.#nodes.forget(index);
  }

  heardAgo(silenceMs: number): void {
    this.#silences.add(silenceMs);
  }

  silences(): SilenceSample {
    return this.#silences.sample();
  }

  node(node: NodeId): QualityTally | null {
    const index = this.#deps.table.indexOf(node);
    if (index === undefined) return null;
    this.#settle(index);
    return this.#nodes.tally(index, node);
  }

  /** What this process counted, up to now. */
  counted(): StoredQuality {
    const { table, clock } = this.#deps;
    for (let index = 0; index < table.extent; index++) this.#settle(index);
    const now = clock.wallNow();
    for (const [shard, stored] of this.#shards) this.#shards.set(shard, inPeriod(stored, now));
    return { writtenAt: now, shards: [...this.#shards.values()] };
  }

  #settle(index: number): void {
    const shard = this.#deps.table.shards[index];
    const observed = this.#nodes.settle(index, this.#deps.now());
    if (shard === undefined || observed === 0) return;
    this.#count(shard, (tally) => ({ ...tally, observedMs: tally.observedMs + observed }));
  }

  #count(shard: ShardId, change: (tally: QualityTally) => QualityTally): void {
    const now = this.#deps.clock.wallNow();
    const stored = this.#shards.get(shard) ?? { shard, current: emptyTally(now), former: null };
    this.#shards.set(shard, { ...stored, current: change(stored.current) });
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(WRITE_INTERVAL, () => {
      void this.#write().finally(() => this.#schedule());
    });
  }

  async #write(): Promise<void> {
    const { fleet, self, logger } = this.#deps;
    try {
      // What an earlier life counted is taken on first: it must not be overwritten.
      if (!this.#wasRead) await this.#read();
      this.#wasRead = true;
      await fleet.putQuality(self, this.counted());
    } catch (error) {
      if (error instanceof StoreUnavailableError) return; // the next round writes it
      logger.error("could not keep the detector's figures", { error: renderErrorChain(error) });
    }
  }

  async #read(): Promise<void> {
    const { fleet, self, clock } = this.#deps;
    const now = clock.wallNow();
    for (const [id, stored] of await fleet.qualities()) {
      if (id === self) for (const one of stored.shards) this.#takeOn(one);
      else if (now - stored.writtenAt > 2 * QUALITY_PERIOD_MS) await fleet.dropQuality(id);
    }
  }

  #takeOn(stored: StoredShardQuality): void {
    const shard = stored.shard as ShardId;
    const mine = this.#shards.get(shard);
    const current =
      mine === undefined
        ? stored.current
        : sumOfTallies([stored.current, mine.current], mine.current.since);
    this.#shards.set(shard, { ...stored, current });
  }
}

function counted(tally: QualityTally, change: QualityChange, before: NodeState): QualityTally {
  const { observedMs, suspectedMs, declaredMs, isDeath } = change;
  const next: QualityTally = {
    ...tally,
    observedMs: tally.observedMs + observedMs,
    suspicions:
      suspectedMs === null ? tally.suspicions : withMistake(tally.suspicions, suspectedMs),
    declarations:
      declaredMs === null ? tally.declarations : withMistake(tally.declarations, declaredMs),
  };
  return isDeath ? withDeath(next, silenceDeclaredAfter(before)) : next;
}
