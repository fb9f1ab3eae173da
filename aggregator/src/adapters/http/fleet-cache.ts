/**
 * Short-lived copies of the fleet's lists. The API shares its process with the failure detector: ten
 * browsers that ask for the list in the same moment must cost one read of it, not ten.
 */
import { type Clock, type DurationMs, durationMs, type MonotonicMs } from "@herdbeat/shared/time";
import type { IncidentRecord } from "../../core/incident.ts";
import type { FleetView, NodeView, QualityView, ShardView } from "../../ports/fleet-view.ts";

/** Equal to the coalescing of the stream: nobody sees a list that is older than its stream. */
const FLEET_AGE_MAX: DurationMs = durationMs(250);
/** Ownership and counts per shard may need the store; they move slowly. */
const SHARDS_AGE_MAX: DurationMs = durationMs(1_000);
/** The other aggregators' counts come from the store and are a minute old anyway. */
const QUALITY_AGE_MAX: DurationMs = durationMs(5_000);

class SharedRead<T> {
  readonly #read: () => Promise<T>;
  readonly #ageMax: DurationMs;
  readonly #clock: Clock;
  #current: { readonly value: Promise<T>; readonly at: MonotonicMs } | null = null;

  constructor(read: () => Promise<T>, ageMax: DurationMs, clock: Clock) {
    this.#read = read;
    this.#ageMax = ageMax;
    this.#clock = clock;
  }

  get(): Promise<T> {
    const now = this.#clock.now();
    if (this.#current !== null && now - this.#current.at < this.#ageMax) return this.#current.value;
    const value = this.#read();
    const entry = { value, at: now };
    this.#current = entry;
    // A failed read is not kept: the next request asks again. The caller sees the failure itself.
    value.catch(() => {
      if (this.#current === entry) this.#current = null;
    });
    return value;
  }
}

export class FleetCache {
  readonly #nodes: SharedRead<readonly NodeView[]>;
  readonly #incidents: SharedRead<readonly IncidentRecord[]>;
  readonly #shards: SharedRead<readonly ShardView[]>;
  readonly #quality: SharedRead<QualityView>;

  constructor(view: FleetView, clock: Clock) {
    this.#nodes = new SharedRead(() => view.nodes(), FLEET_AGE_MAX, clock);
    this.#incidents = new SharedRead(() => view.incidents(), FLEET_AGE_MAX, clock);
    this.#shards = new SharedRead(() => view.shards(), SHARDS_AGE_MAX, clock);
    this.#quality = new SharedRead(() => view.quality(), QUALITY_AGE_MAX, clock);
  }

  nodes(): Promise<readonly NodeView[]> {
    return this.#nodes.get();
  }

  incidents(): Promise<readonly IncidentRecord[]> {
    return this.#incidents.get();
  }

  quality(): Promise<QualityView> {
    return this.#quality.get();
  }

  shards(): Promise<readonly ShardView[]> {
    return this.#shards.get();
  }
}
