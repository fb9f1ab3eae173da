/**
 * The switch that stops all requests for recovery, everywhere, until an operator turns it back.
 *
 * Guarantee: once set, no aggregator begins to send a request later than one look at the store
 * afterwards (a second), and at once where the mesh carries the word. Facts go on. Failure cases: as
 * long as it was not read for five seconds, requests wait; a store that lost its data changes nothing:
 * what was known stays.
 */
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
  type UnixMs,
} from "@herdbeat/shared/time";
import type { FleetStore } from "../ports/fleet-store.ts";
import type { DisarmNotice } from "../ports/mesh.ts";

const READ_INTERVAL = durationMs(1_000);
/** Some reads may be lost; beyond, on a store that answers for shards and not for this, nobody goes on. */
const BELIEVED_FOR = durationMs(5_000);

export interface Disarm {
  readonly by: string;
  readonly reason: string;
  readonly since: UnixMs;
}

export interface DisarmKeeperDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly fleet: Pick<FleetStore, "disarmed" | "setDisarmed">;
  readonly tellPeers: (notice: DisarmNotice) => void;
  /** False when the store has lost data: that it knows of no disarm then says nothing. */
  readonly isStoreWhole: () => Promise<boolean>;
}

export class DisarmKeeper {
  readonly #deps: DisarmKeeperDeps;
  #disarm: Disarm | null = null;
  /** When the store last said whether recovery is disarmed; null: never. */
  #readAt: MonotonicMs | null = null;
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(deps: DisarmKeeperDeps) {
    this.#deps = deps;
  }

  get disarm(): Disarm | null {
    return this.#disarm;
  }

  /** Why requests wait, or null. */
  get waitsBecause(): string | null {
    if (this.#disarm !== null)
      return `recovery is disarmed by ${this.#disarm.by}: ${this.#disarm.reason}`;
    if (this.#readAt === null) return "it is not known yet whether recovery is disarmed";
    const isOld = elapsed(this.#readAt, this.#deps.clock.now()) > BELIEVED_FOR;
    return isOld ? "the store does not say any more whether recovery is disarmed" : null;
  }

  start(): void {
    void this.#read().finally(() => this.#schedule());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Throws StoreUnavailableError; then nothing has changed for sure, and the caller says so. */
  async set(value: Disarm | null): Promise<void> {
    await this.#deps.fleet.setDisarmed(value);
    this.#take(value);
    const { by, reason } = value ?? { by: "", reason: "" };
    this.#deps.tellPeers({ disarmed: value !== null, by, reason });
  }

  /** A peer's word. To stop is safe on anybody's word, to go on only on the store's. */
  hint({ disarmed, by, reason }: DisarmNotice): void {
    if (disarmed && this.#disarm === null)
      this.#take({ by, reason, since: this.#deps.clock.wallNow() });
    void this.#read();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(READ_INTERVAL, () => {
      void this.#read().finally(() => this.#schedule());
    });
  }

  async #read(): Promise<void> {
    const askedAt = this.#deps.clock.now();
    try {
      const found = await this.#deps.fleet.disarmed();
      const isGone = found === null && this.#disarm !== null;
      if (isGone && !(await this.#deps.isStoreWhole())) return;
      this.#readAt = askedAt;
      this.#take(found);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return;
      this.#deps.logger.error("the disarm switch can not be read; it stays as it was", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #take(value: Disarm | null): void {
    const before = this.#disarm;
    if (before?.by === value?.by && before?.reason === value?.reason) return;
    this.#disarm = value;
    if (value === null) this.#deps.logger.warn("recovery is armed again");
    else {
      const { by, reason } = value;
      this.#deps.logger.warn("recovery is disarmed: nothing is asked for", { by, reason });
    }
  }
}
