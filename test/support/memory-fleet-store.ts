/** The fleet store's contract, in memory; test/contract holds it and the real one to the same. */
import { DRILLS_KEPT_MAX, type DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import type { StoredQuality } from "@herdbeat/aggregator/core/quality";
import {
  type AggregatorRecord,
  type AuditEntry,
  type ClusterMeta,
  type FleetStore,
  type PermitOutcome,
  type PermitRequest,
  STORE_SCHEMA_VERSION,
  type StoreHealth,
} from "@herdbeat/aggregator/ports/fleet-store";
import { OperatingError } from "@herdbeat/shared/errors";
import { type AggregatorId, allShards, SHARD_COUNT } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, type UnixMs } from "@herdbeat/shared/time";
import type { MemoryDatabase } from "./memory-database.ts";

type Disarm = Awaited<ReturnType<FleetStore["disarmed"]>>;

export class MemoryFleetStore implements FleetStore {
  readonly #database: MemoryDatabase;
  readonly #caller: string;
  /** What `health()` tells; a simulator sets it. */
  storeHealth: StoreHealth = {
    state: "up",
    since: 0 as UnixMs,
    detail: "",
    description: "in memory",
  };

  readonly commandsPerLook = 1;

  constructor(database: MemoryDatabase, caller = "") {
    this.#database = database;
    this.#caller = caller;
  }

  #operate<T>(operation: string, run: () => T): Promise<T> {
    return this.#database.operate(operation, run, this.#caller);
  }

  async meta(create: ClusterMeta | null): Promise<ClusterMeta | null> {
    const found = await this.#operate("meta", () => {
      this.#database.meta ??= create;
      return this.#database.meta;
    });
    if (found === null) return null;
    if (found.schemaVersion !== STORE_SCHEMA_VERSION || found.shardCount !== SHARD_COUNT) {
      throw new OperatingError("HB_STORE_SCHEMA_MISMATCH", "the store is of another version");
    }
    return found;
  }

  pulse(self: AggregatorRecord): Promise<readonly AggregatorRecord[]> {
    return this.#operate("pulse", () => {
      const { aggregators } = this.#database;
      const counter = Math.max(aggregators.get(self.id)?.counter ?? 0, self.counter) + 1;
      aggregators.set(self.id, { ...self, counter });
      return [...aggregators.values()];
    });
  }

  forget(id: AggregatorId): Promise<void> {
    return this.#operate("forget", () => {
      this.#database.aggregators.delete(id);
    });
  }

  shards(): ReturnType<FleetStore["shards"]> {
    return this.#operate(
      "shards",
      () =>
        new Map(
          [...allShards()].map((shard) => {
            const { owner, generation } = this.#database.shard(shard);
            return [shard, { owner, generation }];
          }),
        ),
    );
  }

  disarmed(): Promise<Disarm> {
    return this.#operate("disarmed", () => this.#database.disarmed);
  }

  setDisarmed(value: Disarm): Promise<void> {
    return this.#operate("set disarmed", () => {
      this.#database.disarmed = value;
      if (value !== null) this.#database.permit = null;
    });
  }

  takePermit({ rate, ...wanted }: PermitRequest): Promise<PermitOutcome> {
    return this.#operate("take permit", (): PermitOutcome => {
      const database = this.#database;
      if (database.disarmed !== null) return { kind: "disarmed" };
      const by = database.permit;
      if (by !== null && (by.incident !== wanted.incident || by.token > wanted.token)) {
        return { kind: "taken", by };
      }
      if (by === null) {
        const now = database.now();
        const recent = database.permits.filter((at) => at > now - rate.within && at <= now);
        const [oldest = now] = recent;
        if (recent.length >= rate.max) {
          return { kind: "too-many", wait: durationMs(oldest + rate.within - now) };
        }
        database.permits = [...recent, now];
      }
      database.permit = wanted;
      return { kind: "granted" };
    });
  }

  permit(): ReturnType<FleetStore["permit"]> {
    return this.#operate("permit", () => this.#database.permit);
  }

  freePermit({ incident, token }: Parameters<FleetStore["freePermit"]>[0]): Promise<void> {
    return this.#operate("free permit", () => {
      const { permit } = this.#database;
      if (permit?.incident === incident && permit.token === token) this.#database.permit = null;
    });
  }

  qualities(): ReturnType<FleetStore["qualities"]> {
    return this.#operate("qualities", () => new Map(this.#database.qualities));
  }

  putQuality(id: AggregatorId, value: StoredQuality): Promise<void> {
    return this.#operate("put quality", () => {
      this.#database.qualities.set(id, value);
    });
  }

  dropQuality(id: AggregatorId): Promise<void> {
    return this.#operate("drop quality", () => {
      this.#database.qualities.delete(id);
    });
  }

  beginDrill(drill: DrillRecord, pause: DurationMs): Promise<boolean> {
    return this.#operate("begin drill", () => {
      if (drill.startedAt < this.#database.drillFreeAt) return false;
      this.#database.drillFreeAt = drill.startedAt + pause;
      this.#database.drills.set(drill.id, drill);
      for (const old of newestFirst(this.#database.drills).slice(DRILLS_KEPT_MAX))
        this.#database.drills.delete(old.id);
      return true;
    });
  }

  putDrill(drill: DrillRecord): Promise<void> {
    return this.#operate("put drill", () => {
      this.#database.drills.set(drill.id, drill);
    });
  }

  drills(): Promise<readonly DrillRecord[]> {
    return this.#operate("drills", () =>
      newestFirst(this.#database.drills).slice(0, DRILLS_KEPT_MAX),
    );
  }

  appendAudit(entry: AuditEntry): Promise<void> {
    return this.#operate("append audit", () => {
      this.#database.audit.push(entry);
    });
  }

  audit(limit: number): Promise<readonly AuditEntry[]> {
    return this.#operate("audit", () => this.#database.audit.slice(-Math.max(1, limit)).reverse());
  }

  health(): StoreHealth {
    return this.storeHealth;
  }
}

function newestFirst(drills: ReadonlyMap<string, DrillRecord>): readonly DrillRecord[] {
  return [...drills.values()].sort((a, b) => b.startedAt - a.startedAt);
}
