/** A batch of writes as the arguments of apply.lua: five lists, each led by its length. */
import { assert, assertNever } from "@herdbeat/shared/assert";
import type { NodeId } from "@herdbeat/shared/ids";
import { isOpen } from "../../core/incident.ts";
import { APPLY_WRITES_MAX, type HistoryEntry, type ShardWrite } from "../../ports/shard-store.ts";
import { rowDocument, statusLine } from "./outbox-line.ts";

export function encodeWrites(writes: readonly ShardWrite[]): string[] {
  assert(writes.length <= APPLY_WRITES_MAX, "a batch is longer than APPLY_WRITES_MAX");
  const incidents: string[][] = [];
  // Of several writes to one node the last one counts, whatever its kind.
  const nodes = new Map<NodeId, string | null>();
  const rows: string[][] = [];
  const history: string[][] = [];
  for (const write of writes) {
    switch (write.kind) {
      case "put-node":
        nodes.set(write.record.id, JSON.stringify(write.record));
        break;
      case "remove-node":
        nodes.set(write.node, null);
        break;
      case "put-incident": {
        const { record, expect } = write;
        const ended = expect !== null && !isOpen(expect);
        assert(!ended || expect === record.phase, "an ended incident may not change its phase");
        incidents.push([record.id, expect ?? "", record.phase, JSON.stringify(record)]);
        break;
      }
      case "put-outbox":
        rows.push([write.row.rowId, statusLine(write.row), rowDocument(write.row)]);
        break;
      case "history":
        history.push(historyFields(write.entry));
        break;
      default:
        assertNever(write, "write");
    }
  }
  const put: string[][] = [];
  const removed: string[][] = [];
  for (const [node, document] of nodes) {
    if (document === null) removed.push([node]);
    else put.push([node, document]);
  }
  return [incidents, put, removed, rows, history].flatMap(lengthPrefixed);
}

export function historyFields(entry: HistoryEntry): string[] {
  return [entry.at.toString(), entry.node, entry.kind, entry.json];
}

function lengthPrefixed(items: readonly (readonly string[])[]): string[] {
  return [items.length.toString(), ...items.flat()];
}
