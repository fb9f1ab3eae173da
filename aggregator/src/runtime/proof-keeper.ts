/**
 * Writes down when nodes last answered a probe, so that a new owner may count their silence. One
 * shard at a time, each about once a minute; a node's first proof is written within seconds.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import { SHARD_COUNT, type ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { ShardStore } from "../ports/shard-store.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** With 100 ms turns: one shard a second, all of them in 64 s. */
const ROUND_EVERY_TURNS = 10;

export class ProofKeeper {
  readonly #store: ShardStore;
  readonly #runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly #logger: Logger;
  #turns = 0;
  #writing = false;

  constructor(store: ShardStore, runners: ReadonlyMap<ShardId, ShardRunner>, logger: Logger) {
    this.#store = store;
    this.#runners = runners;
    this.#logger = logger;
  }

  /** Called every turn; at most one write is under way. */
  turn(storeUp: boolean): void {
    this.#turns += 1;
    if (!storeUp || this.#writing) return;
    const due = this.#firstProofs() ?? this.#roundRobin();
    if (due === undefined || due.held) return;
    this.#writing = true;
    due.proofsChanged = false;
    due.firstProofs = false;
    void this.#write(due).finally(() => {
      this.#writing = false;
    });
  }

  #firstProofs(): ShardRunner | undefined {
    for (const runner of this.#runners.values())
      if (runner.firstProofs && !runner.held) return runner;
    return undefined;
  }

  #roundRobin(): ShardRunner | undefined {
    if (this.#turns % ROUND_EVERY_TURNS !== 0) return undefined;
    const runner = this.#runners.get(((this.#turns / ROUND_EVERY_TURNS) % SHARD_COUNT) as ShardId);
    return runner?.proofsChanged ? runner : undefined;
  }

  async #write(runner: ShardRunner): Promise<void> {
    try {
      await this.#store.putProofs(runner.ownership, runner.proofs);
    } catch (error) {
      runner.proofsChanged = true;
      if (error instanceof StoreUnavailableError) return; // the next round writes them
      this.#logger.error("could not write probe proofs", {
        shard: runner.shard,
        error: renderErrorChain(error),
      });
    }
  }
}
