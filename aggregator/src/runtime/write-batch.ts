/**
 * What one shard still has to persist, coalesced: the latest record of each node and incident, every
 * outbox row and history line, and what may happen only after they are durable.
 */
import type { IncidentId, NodeId } from "@herdbeat/shared/ids";
import type { IncidentPhase, IncidentRecord } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { OutboxRow } from "../core/outbox.ts";
import { APPLY_WRITES_MAX, type HistoryEntry, type ShardWrite } from "../ports/shard-store.ts";

/** History is for people: when a store is away for long, the oldest lines go first. */
const HISTORY_STAGED_MAX = 5_000;

export interface StagedIncident {
  readonly record: IncidentRecord;
  readonly expect: IncidentPhase | null;
}

export class WriteBatch {
  readonly nodes: Map<NodeId, NodeRecord> = new Map();
  readonly incidents: Map<IncidentId, StagedIncident> = new Map();
  readonly rows: OutboxRow[] = [];
  history: HistoryEntry[] = [];
  /** Run in order once everything above is durable. */
  readonly afterwards: (() => void)[] = [];
  historyDropped = 0;
  /** It may have been written already. */
  replyLost = false;

  get isEmpty(): boolean {
    return (
      this.nodes.size === 0 &&
      this.incidents.size === 0 &&
      this.rows.length === 0 &&
      this.history.length === 0 &&
      this.afterwards.length === 0
    );
  }

  putIncident(record: IncidentRecord, expect: IncidentPhase | null): void {
    const staged = this.incidents.get(record.id);
    // The store still has what the first of our staged changes expected to find.
    this.incidents.set(record.id, {
      record,
      expect: staged === undefined ? expect : staged.expect,
    });
  }

  addHistory(entry: HistoryEntry): void {
    this.history.push(entry);
    if (this.history.length > HISTORY_STAGED_MAX) {
      this.history.shift();
      this.historyDropped += 1;
    }
  }

  /** Takes an incident out again, with everything that only speaks of it. */
  dropIncident(id: IncidentId): void {
    this.incidents.delete(id);
    for (let i = this.rows.length - 1; i >= 0; i--) {
      if (this.rows[i]?.incident === id) this.rows.splice(i, 1);
    }
  }

  /**
   * All writes in chunks that each fit one atomic apply. An incident always travels together with
   * its outbox rows and its node: what is declared is also handed off, or neither.
   */
  chunks(): readonly (readonly ShardWrite[])[] {
    const groups = new Map<string, ShardWrite[]>();
    const group = (node: NodeId): ShardWrite[] => {
      const known = groups.get(node);
      if (known !== undefined) return known;
      const writes: ShardWrite[] = [];
      groups.set(node, writes);
      return writes;
    };
    for (const [node, record] of this.nodes) group(node).push({ kind: "put-node", record });
    for (const { record, expect } of this.incidents.values()) {
      group(record.node).push({ kind: "put-incident", record, expect });
    }
    for (const row of this.rows) group(row.node).push({ kind: "put-outbox", row });
    for (const entry of this.history) group(entry.node).push({ kind: "history", entry });
    const chunks: ShardWrite[][] = [];
    let current: ShardWrite[] = [];
    for (const writes of groups.values()) {
      if (current.length > 0 && current.length + writes.length > APPLY_WRITES_MAX) {
        chunks.push(current);
        current = [];
      }
      current.push(...writes);
    }
    if (current.length > 0) chunks.push(current);
    return chunks;
  }
}
