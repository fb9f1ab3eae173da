/** The shard store's contract, in memory; test/contract holds it and the real one to the same. */

import { type IncidentRecord, isOpen } from "@herdbeat/aggregator/core/incident";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type {
  ApplyOutcome,
  ClaimOutcome,
  HistoryEntry,
  Ownership,
  RowOutcome,
  ShardSnapshot,
  ShardStore,
  ShardWrite,
} from "@herdbeat/aggregator/ports/shard-store";
import { assertNever } from "@herdbeat/shared/assert";
import { OperatingError } from "@herdbeat/shared/errors";
import type { FencingToken, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { MemoryDatabase, MemoryShard } from "./memory-database.ts";

const ENDED_KEPT_MAX = 200;
const HISTORY_KEPT_MAX = 10_000;

type PutIncident = Extract<ShardWrite, { kind: "put-incident" }>;

export class MemoryShardStore implements ShardStore {
  readonly #database: MemoryDatabase;
  readonly #caller: string;

  constructor(database: MemoryDatabase, caller = "") {
    this.#database = database;
    this.#caller = caller;
  }

  #operate<T>(operation: string, run: () => T): Promise<T> {
    return this.#database.operate(operation, run, this.#caller);
  }

  #written(operation: string, ownership: Ownership, writes: readonly ShardWrite[] = []): void {
    this.#database.onChange({ kind: "written", operation, ownership, writes });
  }

  load(shard: ShardId): Promise<ShardSnapshot> {
    return this.#operate("load-shard", () => {
      const stored = this.#database.shard(shard);
      return {
        owner: stored.owner,
        generation: stored.generation,
        nodes: [...stored.nodes.values()].map((text) => JSON.parse(text) as NodeRecord),
        incidents: [...stored.incidents.values()].map(
          ({ document }) => JSON.parse(document) as IncidentRecord,
        ),
        outbox: [...stored.outbox.values()],
        proofs: new Map([...stored.proofs].map(([node, at]) => [node as NodeId, at as UnixMs])),
        damaged: [],
      };
    });
  }

  claim(request: Parameters<ShardStore["claim"]>[0]): Promise<ClaimOutcome> {
    return this.#operate("claim-shard", (): ClaimOutcome => {
      const stored = this.#database.shard(request.shard);
      const { owner } = stored;
      const isExpected =
        owner?.aggregator === request.expected?.aggregator &&
        owner?.token === request.expected?.token;
      if (owner !== null && !isExpected) return { kind: "taken", owner };
      if (stored.generation === null) {
        if (request.create === null) return { kind: "not-created" };
        stored.generation = { id: request.create.generationId, version: 0 };
      }
      stored.token = Math.max(stored.token, request.tokenSeen, request.now) + 1;
      stored.owner = { aggregator: request.self, token: stored.token as FencingToken };
      this.#database.onChange({ kind: "claimed", shard: request.shard, owner: stored.owner });
      return { kind: "claimed", owner: stored.owner, generation: stored.generation };
    });
  }

  release(ownership: Ownership): Promise<void> {
    return this.#operate("release-shard", () => {
      const stored = this.#database.shard(ownership.shard);
      if (refusal(stored, ownership) !== null) return;
      stored.owner = null;
      this.#database.onChange({ kind: "released", ownership });
    });
  }

  apply(ownership: Ownership, writes: readonly ShardWrite[]): Promise<ApplyOutcome> {
    const copied = structuredClone(writes);
    return this.#operate("apply", (): ApplyOutcome => {
      const stored = this.#database.shard(ownership.shard);
      switch (refusal(stored, ownership)) {
        case "generation-mismatch":
          return { kind: "generation-mismatch", found: stored.generation };
        case "stale-token":
          return {
            kind: "stale-token",
            owner: stored.owner,
            released:
              stored.owner === null && stored.token > 0 ? (stored.token as FencingToken) : null,
          };
        case null:
      }
      const conflict = findConflict(stored, copied);
      if (conflict !== null) return conflict;
      for (const write of copied) this.#write(stored, write);
      for (const id of stored.ended.splice(0, stored.ended.length - ENDED_KEPT_MAX)) {
        stored.incidents.delete(id);
      }
      stored.generation = {
        id: ownership.generationId,
        version: (stored.generation?.version ?? 0) + 1,
      };
      this.#written("apply", ownership, copied);
      return { kind: "applied", generation: stored.generation };
    });
  }

  #write(stored: MemoryShard, write: ShardWrite): void {
    switch (write.kind) {
      case "put-node":
        stored.nodes.set(write.record.id, JSON.stringify(write.record));
        break;
      case "remove-node":
        stored.nodes.delete(write.node);
        stored.proofs.delete(write.node);
        break;
      case "put-incident": {
        const { id, phase } = write.record;
        const before = stored.incidents.get(id);
        if (!isOpen(phase) && (before === undefined || isOpen(before.phase))) stored.ended.push(id);
        stored.incidents.set(id, { phase, document: JSON.stringify(write.record) });
        break;
      }
      case "put-outbox":
        if (!stored.outbox.has(write.row.rowId)) stored.outbox.set(write.row.rowId, write.row);
        break;
      case "history":
        this.#addHistory(stored, write.entry);
        break;
      default:
        assertNever(write, "write");
    }
  }

  #addHistory(stored: MemoryShard, entry: HistoryEntry): void {
    stored.history.push({ ...entry, cursor: this.#database.nextCursor() });
    if (stored.history.length > HISTORY_KEPT_MAX) stored.history.shift();
  }

  claimRow(
    ownership: Ownership,
    rowId: string,
  ): Promise<RowOutcome & { readonly replicasMet?: boolean }> {
    return this.#operate("claim-row", () => {
      const stored = this.#database.shard(ownership.shard);
      const why = refusal(stored, ownership);
      if (why !== null) return { kind: "refused", why };
      const row = stored.outbox.get(rowId);
      if (row === undefined) return { kind: "lost", found: null };
      if (row.state !== "waiting" && row.state !== "sending") {
        return { kind: "lost", found: row.state };
      }
      stored.outbox.set(rowId, {
        ...row,
        state: "sending",
        attempts: row.attempts + 1,
        claimedBy: claimerOf(ownership),
      });
      this.#written("claim-row", ownership);
      return { kind: "done", replicasMet: true };
    });
  }

  settleRow(
    ownership: Ownership,
    row: OutboxRow,
    history: HistoryEntry | null,
  ): Promise<RowOutcome> {
    return this.#operate("settle-row", (): RowOutcome => {
      const stored = this.#database.shard(ownership.shard);
      const why = refusal(stored, ownership);
      if (why !== null) return { kind: "refused", why };
      const found = stored.outbox.get(row.rowId);
      if (found === undefined) return { kind: "lost", found: null };
      if (found.state !== "sending" || found.claimedBy !== claimerOf(ownership)) {
        return { kind: "lost", found: found.state };
      }
      if (history !== null) this.#addHistory(stored, history);
      const { state, attempts, claimedBy, lastAttemptAt, nextAttemptAt, lastStatus, lastError } =
        row;
      if (state === "delivered" || state === "superseded") stored.outbox.delete(row.rowId);
      else {
        stored.outbox.set(row.rowId, {
          ...found,
          ...{ state, attempts, claimedBy, lastAttemptAt, nextAttemptAt, lastStatus, lastError },
        });
      }
      this.#written("settle-row", ownership);
      return { kind: "done" };
    });
  }

  putProofs(ownership: Ownership, proofs: ReadonlyMap<NodeId, UnixMs>): Promise<RowOutcome> {
    return this.#operate("put-proofs", (): RowOutcome => {
      const stored = this.#database.shard(ownership.shard);
      const why = refusal(stored, ownership);
      if (why !== null) return { kind: "refused", why };
      for (const [node, at] of proofs) stored.proofs.set(node, at);
      this.#written("put-proofs", ownership);
      return { kind: "done" };
    });
  }

  async history(
    shard: ShardId,
    limit: number,
    before: string | null,
  ): ReturnType<ShardStore["history"]> {
    if (before !== null && !/^\d{1,20}-\d{1,20}$/.test(before)) {
      throw new OperatingError("HB_API_BAD_REQUEST", "this is not a cursor of the history");
    }
    return await this.#operate("history", () => {
      const all = this.#database.shard(shard).history;
      const older =
        before === null
          ? all
          : all.filter((entry) => Number.parseInt(entry.cursor, 10) < Number.parseInt(before, 10));
      return { entries: older.slice(-Math.max(1, limit)).reverse() };
    });
  }
}

function refusal(
  stored: MemoryShard,
  ownership: Ownership,
): "stale-token" | "generation-mismatch" | null {
  if (stored.generation?.id !== ownership.generationId) return "generation-mismatch";
  const { owner } = stored;
  const isOurs = owner?.aggregator === ownership.aggregator && owner.token === ownership.token;
  return isOurs ? null : "stale-token";
}

function findConflict(
  stored: MemoryShard,
  writes: readonly ShardWrite[],
): Extract<ApplyOutcome, { kind: "conflict" }> | null {
  const phases = new Map([...stored.incidents].map(([id, { phase }]) => [id, phase]));
  for (const write of writes) {
    if (write.kind !== "put-incident") continue;
    const { id, phase } = write.record;
    const found = phases.get(id) ?? null;
    if (!isAllowed(stored, write, found)) return { kind: "conflict", incident: id, phase: found };
    phases.set(id, phase);
  }
  return null;
}

function isAllowed(
  stored: MemoryShard,
  { record, expect }: PutIncident,
  found: IncidentRecord["phase"] | null,
): boolean {
  if (found === expect) return true;
  if (expect === null && found === "declared") return true;
  const isOn = record.phase === "committed" || record.phase === "closed";
  if (expect === null && found === "committed" && isOn) return true;
  if (found === null || found !== record.phase) return false;
  return stored.incidents.get(record.id)?.document === JSON.stringify(record);
}

function claimerOf(ownership: Ownership): string {
  return `${ownership.aggregator}:${ownership.token}`;
}
