// Hand-off against a store and receivers in memory: one store, any number of owners in turn.
import {
  type AttemptOutcome,
  DELIVERY_DEFAULTS,
  type DeliveryConfig,
} from "@herdbeat/aggregator/core/delivery";
import type { DeliveryAlert } from "@herdbeat/aggregator/core/destination-health";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { HistoryEntry, Ownership, ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import type { WebhookSender } from "@herdbeat/aggregator/ports/webhook";
import { DeliveryReconciler } from "@herdbeat/aggregator/runtime/delivery-reconciler";
import type { OutboxSource, RequestCheck } from "@herdbeat/aggregator/runtime/outbox-source";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import {
  type AggregatorId,
  type DestinationName,
  type FencingToken,
  shardOf,
} from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { seededRandom } from "@herdbeat/shared/random";
import { durationMs } from "@herdbeat/shared/time";
import { NODE, RECOVERY, START } from "./delivery-builders.ts";
import { MemoryDatabase, type MemoryShard } from "./memory-database.ts";
import { MemoryShardStore } from "./memory-shard-store.ts";
import { VirtualTime } from "./virtual-time.ts";

export const OK: AttemptOutcome = {
  kind: "answered",
  status: 204,
  retryAfter: null,
  bodyExcerpt: "",
};

export function answer(status: number, retryAfterMs: number | null = null): AttemptOutcome {
  const retryAfter = retryAfterMs === null ? null : durationMs(retryAfterMs);
  return { kind: "answered", status, retryAfter, bodyExcerpt: "" };
}

/** What happens to one operation of the store or the receiver. */
export type Fate = "works" | "fails" | "reply-lost" | "dies-before" | "dies-after";

const NEVER = new Promise<never>(() => {});

export class DeliveryWorld {
  readonly time = new VirtualTime(START);
  readonly database = new MemoryDatabase();
  readonly memory = new MemoryShardStore(this.database);
  /** What receivers got: time since the start, id, row as sent. */
  readonly received: { readonly atMs: number; readonly id: string; readonly row: OutboxRow }[] = [];
  readonly operations: string[] = [];
  replicasMet = true;
  respond: (row: OutboxRow) => AttemptOutcome | Promise<AttemptOutcome> = () => OK;
  /** Asked before every operation, in order. */
  fate: (operation: string) => Fate = () => "works";

  constructor(rows: readonly OutboxRow[] = []) {
    this.shard.generation = { id: "g1", version: 0 };
    for (const row of rows) this.rows.set(row.rowId, row);
  }

  /** All rows of a test belong to one node. */
  get shard(): MemoryShard {
    return this.database.shard(shardOf(NODE));
  }

  get rows(): Map<string, OutboxRow> {
    return this.shard.outbox;
  }

  get history(): readonly HistoryEntry[] {
    return this.shard.history;
  }

  /** Ids in the order in which receivers got them. */
  get ids(): readonly string[] {
    return this.received.map((entry) => entry.id);
  }

  async perform<T>(name: string, apply: () => T | Promise<T>): Promise<T> {
    this.operations.push(name);
    const fate = this.fate(name);
    if (fate === "dies-before") return await NEVER;
    if (fate === "fails") throw new StoreUnavailableError(name, new Error("away"));
    const result = await apply();
    if (fate === "dies-after") return await NEVER;
    if (fate === "reply-lost") throw new StoreUnavailableError(name, new Error("reply lost"));
    return result;
  }

  store(): Pick<ShardStore, "claimRow" | "settleRow"> {
    return {
      claimRow: (ownership, rowId) =>
        this.perform("claim", async () => {
          const outcome = await this.memory.claimRow(ownership, rowId);
          return { ...outcome, replicasMet: this.replicasMet };
        }),
      settleRow: (ownership, row, history) =>
        this.perform("settle", () => this.memory.settleRow(ownership, row, history)),
    };
  }
}

export interface Owner {
  readonly reconciler: DeliveryReconciler;
  readonly alerts: DeliveryAlert[];
  readonly refusals: string[];
  /** This process's memory of the outbox. */
  readonly rows: Map<string, OutboxRow>;
  check: (row: OutboxRow) => RequestCheck;
  owns: boolean;
  /** Puts a durable row where this owner sees it. */
  add(row: OutboxRow): void;
}

/** A process that takes every shard over and loads what the store has. */
export function takeOver(
  world: DeliveryWorld,
  options: {
    readonly config?: DeliveryConfig;
    readonly destinations?: readonly DestinationName[];
  } = {},
): Owner {
  const token = ((world.shard.owner?.token ?? 1) + 1) as FencingToken;
  const aggregator = `aggregator-${token}` as AggregatorId;
  world.shard.owner = { aggregator, token };
  const ownership: Ownership = { shard: shardOf(NODE), aggregator, token, generationId: "g1" };
  const rows = new Map(world.rows);
  const alerts: DeliveryAlert[] = [];
  const refusals: string[] = [];
  const source: OutboxSource = {
    owned: () => (owner.owns ? [ownership] : []),
    rows: () => [...rows.values()],
    rowChanged: (_ownership, rowId, row) => {
      if (row === null) rows.delete(rowId);
      else rows.set(rowId, row);
    },
    rowLost: (_ownership, rowId) => {
      refusals.push(`lost ${rowId}`);
      rows.delete(rowId);
    },
    refused: (_ownership, why) => {
      refusals.push(why);
      owner.owns = false;
    },
    recheck: (row) => owner.check(row),
  };
  const sender: WebhookSender = {
    destinations: () => options.destinations ?? [RECOVERY],
    send: (row) =>
      world.perform("send", () => {
        const atMs = world.time.clock.now();
        world.received.push({ atMs, id: row.webhookId, row });
        return world.respond(row);
      }),
  };
  const reconciler = new DeliveryReconciler({
    source,
    store: world.store(),
    sender,
    clock: world.time.clock,
    timers: world.time.timers,
    random: seededRandom(token),
    logger: silentLogger,
    metrics: silentMetrics,
    config: options.config ?? DELIVERY_DEFAULTS,
    alert: (alert) => alerts.push(alert),
  });
  const owner: Owner = {
    reconciler,
    alerts,
    refusals,
    rows,
    check: () => ({ kind: "send", validFor: durationMs(30_000) }),
    owns: true,
    add: (row) => {
      world.rows.set(row.rowId, row);
      rows.set(row.rowId, row);
      reconciler.kick();
    },
  };
  return owner;
}
