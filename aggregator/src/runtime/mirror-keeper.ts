/**
 * Copies of each owned shard's registry and open incidents on local disk, a few seconds behind.
 * They are what a wiped store is recognised by and restored from.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import { durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import type { StoreGeneration } from "../core/shard-facts.ts";
import type { MirrorStore, ShardMirror } from "../ports/mirror.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** A shard changes at most this often on disk. */
const SAVE_INTERVAL = durationMs(1_000);
/** Per round, so that a storm of transitions never keeps the loop busy with files. */
const SAVES_PER_ROUND_MAX = 8;

export interface MirrorKeeperDeps {
  readonly timers: Timers;
  readonly logger: Logger;
  readonly store: MirrorStore;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly clusterId: () => string;
}

export class MirrorKeeper {
  readonly #deps: MirrorKeeperDeps;
  readonly #known = new Map<ShardId, ShardMirror>();
  #timer: TimerHandle | null = null;
  #busy: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: MirrorKeeperDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { mirrors, damaged } = await this.#deps.store.load();
    for (const mirror of mirrors) this.#known.set(mirror.shard, mirror);
    for (const damage of damaged)
      this.#deps.logger.error("a local mirror could not be read; it is kept aside", { damage });
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#busy;
    await this.#round(Number.POSITIVE_INFINITY);
  }

  /** The cluster that the mirrors on this disk belong to, if there are any. */
  clusterId(): string | null {
    return this.#known.values().next().value?.clusterId ?? null;
  }

  generationOf(shard: ShardId): StoreGeneration | null {
    return this.#known.get(shard)?.generation ?? null;
  }

  mirrorOf(shard: ShardId): ShardMirror | null {
    return this.#known.get(shard) ?? null;
  }

  /** An operator adopted another truth: what was remembered no longer counts. */
  async forget(shard: ShardId): Promise<void> {
    this.#known.delete(shard);
    try {
      await this.#deps.store.remove(shard);
    } catch (error) {
      this.#deps.logger.error(
        "could not remove a local mirror; after a restart its shard is held",
        {
          shard,
          error: renderErrorChain(error),
        },
      );
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(SAVE_INTERVAL, () => {
      this.#busy = this.#round(SAVES_PER_ROUND_MAX).finally(() => this.#schedule());
    });
  }

  async #round(max: number): Promise<void> {
    const { runners, store, logger } = this.#deps;
    let saves = 0;
    for (const runner of runners.values()) {
      if (saves >= max) return;
      if (!runner.mirrorDirty || runner.held) continue;
      runner.mirrorDirty = false;
      saves += 1;
      const mirror = this.#mirrorOf(runner);
      this.#known.set(runner.shard, mirror);
      try {
        await store.save(mirror);
      } catch (error) {
        runner.mirrorDirty = true;
        logger.error("could not write a local mirror", {
          shard: runner.shard,
          error: renderErrorChain(error),
        });
        return;
      }
    }
  }

  #mirrorOf(runner: ShardRunner): ShardMirror {
    const states = [...runner.indexes].map((index) => this.#deps.table.state(index));
    return {
      shard: runner.shard,
      clusterId: this.#deps.clusterId(),
      generation: runner.generation,
      nodes: states.map((state) => state.record).filter((record) => record.bootId !== ""),
      incidents: states.flatMap((state) => state.incidents),
    };
  }
}
