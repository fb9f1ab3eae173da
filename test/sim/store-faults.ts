/** What can go wrong with the store, as each aggregator's connection sees it. */
import type { MemorySnapshot } from "../support/memory-database.ts";
import type { SimWorld } from "./world.ts";

/** A healthy store over a network: enough for a kill to land between request and reply. */
const HEALTHY_UP_TO_MS = 3;
/** How late a connection notices that the store is gone, and that it is back. */
const NOTICES_AFTER_MS = 600;

export class SimStoreFaults {
  readonly #world: SimWorld;
  /** Number of outages of each aggregator's connection; `*`: of all. */
  readonly #away = new Map<string, number>();
  #repliesLost = 0;
  #replica: MemorySnapshot | null = null;

  constructor(world: SimWorld) {
    this.#world = world;
    world.slowStore(HEALTHY_UP_TO_MS);
    world.database.fateOf = (_operation, caller) => {
      const id = world.lifeOf(caller)?.id ?? "";
      if (this.isAway(id))
        return world.random.next() < 0.1 ? "applied-but-reply-lost" : "not-applied";
      if (this.#repliesLost > 0 && world.random.next() < this.#repliesLost)
        return "applied-but-reply-lost";
      return "answered";
    };
  }

  isAway(id: string): boolean {
    return (this.#away.get(id) ?? 0) + (this.#away.get("*") ?? 0) > 0;
  }

  /** Null: as fast as in health. */
  slow(upToMs: number | null): void {
    this.#world.slowStore(upToMs ?? HEALTHY_UP_TO_MS);
  }

  away(id: string | null): void {
    const key = id ?? "*";
    this.#away.set(key, (this.#away.get(key) ?? 0) + 1);
    this.#notice();
  }

  back(id: string | null): void {
    const key = id ?? "*";
    this.#away.set(key, Math.max(0, (this.#away.get(key) ?? 0) - 1));
    this.#notice();
  }

  loseReplies(share: number): void {
    this.#repliesLost = share;
  }

  wipe(): void {
    this.#world.database.wipe();
  }

  /** From here on the replica does not follow any more. */
  mark(): void {
    this.#replica = this.#world.database.snapshot();
  }

  rollBack(): boolean {
    if (this.#replica === null) return false;
    this.#world.database.restore(this.#replica);
    this.#replica = null;
    return true;
  }

  healAll(): void {
    this.#away.clear();
    this.#repliesLost = 0;
    this.slow(null);
    this.#notice();
  }

  #notice(): void {
    const { time } = this.#world;
    time.at(time.now + NOTICES_AFTER_MS, null, () => {
      for (const one of this.#world.living) one.storeState(this.isAway(one.id) ? "down" : "up");
    });
  }
}
