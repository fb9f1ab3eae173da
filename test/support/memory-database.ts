/**
 * What the in-memory stores share: one "server" that can be away, lose replies and be wiped.
 * It keeps documents as text, as the real one does, so that nobody can change a stored record.
 */

import type { DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import type { IncidentPhase } from "@herdbeat/aggregator/core/incident";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { StoredQuality } from "@herdbeat/aggregator/core/quality";
import type { ShardOwner, StoreGeneration } from "@herdbeat/aggregator/core/shard-facts";
import type {
  AggregatorRecord,
  AuditEntry,
  ClusterMeta,
  PermitHolder,
} from "@herdbeat/aggregator/ports/fleet-store";
import type { HistoryEntry, Ownership, ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { AggregatorId, ShardId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";

export interface MemoryShard {
  /** Kept when the shard is released, so that tokens only rise. */
  token: number;
  owner: ShardOwner | null;
  generation: StoreGeneration | null;
  readonly nodes: Map<string, string>;
  readonly incidents: Map<string, { readonly phase: IncidentPhase; readonly document: string }>;
  readonly outbox: Map<string, OutboxRow>;
  readonly proofs: Map<string, number>;
  /** Oldest first. */
  readonly history: (HistoryEntry & { readonly cursor: string })[];
  /** Oldest first. */
  readonly ended: string[];
}

/** How the next operations fare; decided per operation so that a simulator can draw it. */
export type Fate = "answered" | "not-applied" | "applied-but-reply-lost";

export type ShardChange =
  | { readonly kind: "claimed"; readonly shard: ShardId; readonly owner: ShardOwner }
  | { readonly kind: "released"; readonly ownership: Ownership }
  | {
      readonly kind: "written";
      readonly operation: string;
      readonly ownership: Ownership;
      readonly writes: readonly ShardWrite[];
    };

/** A copy of everything, as a replica or a backup has it. */
export interface MemorySnapshot {
  readonly shards: ReadonlyMap<ShardId, MemoryShard>;
  readonly aggregators: ReadonlyMap<string, AggregatorRecord>;
  readonly audit: readonly AuditEntry[];
  readonly meta: ClusterMeta | null;
  readonly disarmed: MemoryDatabase["disarmed"];
}

export class MemoryDatabase {
  readonly aggregators = new Map<string, AggregatorRecord>();
  readonly audit: AuditEntry[] = [];
  readonly drills = new Map<string, DrillRecord>();
  /** Unix ms; no drill begins before. */
  drillFreeAt = 0;
  readonly qualities = new Map<AggregatorId, StoredQuality>();
  meta: ClusterMeta | null = null;
  disarmed: { readonly by: string; readonly reason: string; readonly since: UnixMs } | null = null;
  /** Asked once per operation; `caller` is what the store's client was given as its name. */
  fateOf: (operation: string, caller: string) => Fate = () => "answered";
  /** Resolves when a request has arrived, and again when its reply has. */
  travel: (caller: string, leg: "request" | "reply") => Promise<void> = () => Promise.resolve();
  /** Told of every change of a shard at the moment when the server makes it. */
  onChange: (change: ShardChange) => void = () => {};
  /** Who may commit; null: the permit is free. */
  permit: PermitHolder | null = null;
  /** When the last permits were given, by `now`. */
  permits: number[] = [];
  /** The server's clock. */
  now: () => number = () => 0;
  #shards = new Map<ShardId, MemoryShard>();
  #entries = 0;

  shard(shard: ShardId): MemoryShard {
    const found = this.#shards.get(shard);
    if (found !== undefined) return found;
    const made: MemoryShard = {
      token: 0,
      owner: null,
      generation: null,
      nodes: new Map(),
      incidents: new Map(),
      outbox: new Map(),
      proofs: new Map(),
      history: [],
      ended: [],
    };
    this.#shards.set(shard, made);
    return made;
  }

  /** Runs one operation as a server would: at once and alone, after its request has arrived. */
  async operate<T>(operation: string, run: () => T, caller = ""): Promise<T> {
    const fate = this.fateOf(operation, caller);
    await this.travel(caller, "request");
    if (fate === "not-applied") throw new StoreUnavailableError(operation, new Error("away"));
    const reply = run();
    await this.travel(caller, "reply");
    if (fate === "applied-but-reply-lost") {
      throw new StoreUnavailableError(operation, new Error("reply lost"));
    }
    return reply;
  }

  nextCursor(): string {
    this.#entries += 1;
    return `${this.#entries}-0`;
  }

  snapshot(): MemorySnapshot {
    return {
      shards: new Map([...this.#shards].map(([shard, stored]) => [shard, copyOf(stored)])),
      aggregators: new Map(this.aggregators),
      audit: [...this.audit],
      meta: this.meta,
      disarmed: this.disarmed,
    };
  }

  /** A replica that was behind is promoted: what was acknowledged since the snapshot is gone. */
  restore(snapshot: MemorySnapshot): void {
    this.wipe();
    for (const [shard, stored] of snapshot.shards) this.#shards.set(shard, copyOf(stored));
    for (const [id, record] of snapshot.aggregators) this.aggregators.set(id, record);
    this.audit.push(...snapshot.audit);
    this.meta = snapshot.meta;
    this.disarmed = snapshot.disarmed;
  }

  /** Like FLUSHALL. */
  wipe(): void {
    this.#shards = new Map();
    this.aggregators.clear();
    this.audit.length = 0;
    this.meta = null;
    this.disarmed = null;
    this.permit = null;
    this.permits = [];
  }
}

/** The records themselves are never changed, only replaced. */
function copyOf(stored: MemoryShard): MemoryShard {
  return {
    ...stored,
    nodes: new Map(stored.nodes),
    incidents: new Map(stored.incidents),
    outbox: new Map(stored.outbox),
    proofs: new Map(stored.proofs),
    history: [...stored.history],
    ended: [...stored.ended],
  };
}
