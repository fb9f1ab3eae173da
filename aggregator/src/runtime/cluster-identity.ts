/** Which cluster this is: made once in the store, remembered in every mirror, never guessed again. */
import { OperatingError, StoreUnavailableError } from "@herdbeat/shared/errors";
import { SHARD_COUNT } from "@herdbeat/shared/ids";
import type { Random } from "@herdbeat/shared/random";
import type { Clock } from "@herdbeat/shared/time";
import {
  type AggregatorRecord,
  type ClusterMeta,
  type FleetStore,
  STORE_SCHEMA_VERSION,
} from "../ports/fleet-store.ts";

export class ClusterIdentity {
  readonly #fleet: FleetStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #name: string;
  #id = "";

  constructor(fleet: FleetStore, clock: Clock, random: Random, name: string) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#random = random;
    this.#name = name;
  }

  get id(): string {
    return this.#id;
  }

  /** With mirrors of a cluster on disk, only that cluster is served; an empty store is held, not adopted. */
  async establish(mirrored: string | null, self: () => AggregatorRecord): Promise<void> {
    if (mirrored !== null) this.#id = mirrored;
    let found = await this.#fleet.meta(null);
    if (found === null) {
      if (mirrored !== null) return;
      await this.#refuseBesideOthers(self());
      found = await this.#fleet.meta(this.#fresh());
      if (found === null) throw new StoreUnavailableError("meta", "no cluster record was made");
    }
    if (mirrored !== null && found.clusterId !== mirrored) {
      throw new OperatingError(
        "HB_STORE_HELD",
        `this machine's mirrors belong to cluster ${mirrored}, the store holds ${found.clusterId}: point store.* at the right server, or move the data directory away to join the other cluster`,
      );
    }
    this.#id = found.clusterId;
  }

  /** Others at work without a cluster's record: the store has lost it, and only they know what it held. */
  async #refuseBesideOthers(self: AggregatorRecord): Promise<void> {
    const others = (await this.#fleet.pulse(self)).filter((one) => one.id !== self.id);
    if (others.length === 0) return;
    await this.#fleet.forget(self.id);
    throw new StoreUnavailableError(
      "meta",
      `${others.length} other aggregators are at work, but the cluster's record is gone: run \`herdctl store adopt\` on one of them`,
    );
  }

  /** After a wipe, by an operator's word. */
  async recreate(): Promise<void> {
    await this.#fleet.meta({ ...this.#fresh(), clusterId: this.#id });
  }

  #fresh(): ClusterMeta {
    return {
      clusterId: `${this.#name}-${this.#random.hex(4)}`,
      schemaVersion: STORE_SCHEMA_VERSION,
      shardCount: SHARD_COUNT,
      createdAt: this.#clock.wallNow(),
    };
  }
}
