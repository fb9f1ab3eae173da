import type { NodeId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import { type Check, oneOf } from "../../core/record-shapes.ts";
import type { HistoryEntry } from "../../ports/shard-store.ts";
import type { Reply } from "./script-runner.ts";

const kindCheck: Check<HistoryEntry["kind"]> = oneOf({
  state: true,
  incident: true,
  delivery: true,
  action: true,
});

/** XREVRANGE's reply. Entries that are not ours are passed over: nothing is decided from history. */
export function parseHistory(
  reply: readonly Reply[],
): readonly (HistoryEntry & { readonly cursor: string })[] {
  return streamEntries(reply).flatMap(({ id, fields }) => {
    const at = Number(fields.get("at"));
    const node = fields.get("node");
    const kind = fields.get("kind");
    const json = fields.get("json");
    if (!Number.isFinite(at) || node === undefined || json === undefined) return [];
    if (kindCheck(kind, "kind") !== null) return [];
    // The brands' constructors; the kind was checked above.
    return [
      {
        cursor: id,
        at: at as UnixMs,
        node: node as NodeId,
        kind: kind as HistoryEntry["kind"],
        json,
      },
    ];
  });
}

export interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

export function streamEntries(reply: readonly Reply[]): readonly StreamEntry[] {
  return reply.flatMap((entry) => {
    if (!Array.isArray(entry)) return [];
    const [id, flat] = entry as readonly Reply[];
    if (typeof id !== "string" || !Array.isArray(flat)) return [];
    const words = (flat as readonly Reply[]).map(String);
    const fields = new Map<string, string>();
    for (let at = 0; at + 1 < words.length; at += 2)
      fields.set(words[at] ?? "", words[at + 1] ?? "");
    return [{ id, fields }];
  });
}
