/**
 * What the in-memory stores share: one "server" that can be away, lose replies and be wiped.
 * It keeps documents as text, as the real one does, so that nobody can change a stored record.
 */

import type { IncidentPhase } from "@herdbeat/aggregator/core/incident";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { ShardOwner, StoreGeneration } from "@herdbeat/aggregator/core/shard-facts";
import type {
  AggregatorRecord,
  AuditEntry,
  ClusterMeta,
} from "@herdbeat/aggregator/ports/fleet-store";
import type { HistoryEntry } from "@herdbeat/aggregator/ports/shard-store";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { ShardId } from "@herdbeat/shared/ids";
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

export class MemoryDatabase {
  readonly aggregators = new Map<string, AggregatorRecord>();
  readonly audit: AuditEntry[] = [];
  meta: ClusterMeta | null = null;
  disarmed: { readonly by: string; readonly reason: string; readonly since: UnixMs } | null = null;
  /** Asked once per operation. */
  fateOf: (operation: string) => Fate = () => "answered";
  /** Resolves when a request has arrived, and again when its reply has. */
  travel: () => Promise<void> = () => Promise.resolve();
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
  async operate<T>(operation: string, run: () => T): Promise<T> {
    const fate = this.fateOf(operation);
    await this.travel();
    if (fate === "not-applied") throw new StoreUnavailableError(operation, new Error("away"));
    const reply = run();
    await this.travel();
    if (fate === "applied-but-reply-lost") {
      throw new StoreUnavailableError(operation, new Error("reply lost"));
    }
    return reply;
  }

  nextCursor(): string {
    this.#entries += 1;
    return `${this.#entries}-0`;
  }

  /** Like FLUSHALL. */
  wipe(): void {
    this.#shards = new Map();
    this.aggregators.clear();
    this.audit.length = 0;
    this.meta = null;
    this.disarmed = null;
  }
}
