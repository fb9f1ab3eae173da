/** A person with `herdctl store adopt`: whoever knows most of a held shard restores it, then all accept. */
import type { RestorableShard } from "@herdbeat/aggregator/ports/fleet-view";
import type { ShardId } from "@herdbeat/shared/ids";
import type { SimAggregator, SimWorld } from "./world.ts";

const STEP_MS = 1_500;

export class SimOperator {
  readonly #world: SimWorld;
  #busyUntil = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  adoptAt(when: number): void {
    this.#world.time.at(when, null, () => this.adopt());
  }

  /** Begins unless nothing is held; goes on by itself. What fails is tried again by the next call. */
  adopt(): void {
    const { time } = this.#world;
    if (time.now < this.#busyUntil) return;
    const running = this.#world.living.filter(
      (one) => one.process.runs && one.fleet.storeHealth.state === "up",
    );
    if (!running.some(hasHeld)) return;
    const best = bestCopies(running);
    let at: number = time.now;
    for (const one of running) {
      const shards = [...best.values()].filter(({ of }) => of === one).map(({ shard }) => shard);
      if (shards.length === 0) continue;
      at += STEP_MS;
      this.#order(at, one, shards);
    }
    for (const one of [...running, ...running]) {
      at += STEP_MS;
      this.#order(at, one, null);
    }
    this.#busyUntil = at + STEP_MS;
  }

  #order(at: number, one: SimAggregator, shards: readonly ShardId[] | null): void {
    this.#world.time.at(at, one.process, () => {
      this.#world.time.touch();
      // A store that is away again: the operator sees the error and comes back.
      one.engine.commands.adoptStore("operator", "mirror", shards).catch(() => {});
    });
  }
}

export function hasHeld(one: SimAggregator): boolean {
  if (one.engine.manager.foreign.size > 0) return true;
  return [...one.engine.runners.values()].some((runner) => runner.held);
}

function bestCopies(
  running: readonly SimAggregator[],
): ReadonlyMap<ShardId, RestorableShard & { readonly of: SimAggregator }> {
  const best = new Map<ShardId, RestorableShard & { readonly of: SimAggregator }>();
  for (const of of running) {
    for (const copy of of.engine.commands.restorable()) {
      const known = best.get(copy.shard);
      if (known === undefined || copy.generation.version > known.generation.version)
        best.set(copy.shard, { ...copy, of });
    }
  }
  return best;
}
