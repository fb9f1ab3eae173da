/** Filters and orders of `GET /api/v1/nodes`, compiled once per request. */
import type { NodeView } from "../../ports/fleet-view.ts";
import { problemCount } from "./map-node.ts";
import type { SortKey } from "./page.ts";

export interface NodeQuery {
  readonly state?: string;
  readonly az?: string;
  readonly rack?: string;
  readonly shard?: number;
  readonly q?: string;
  /** `label.KEY=value` parameters arrive under their own names. */
  readonly [labelParameter: `label.${string}`]: string;
}

export type Predicate<T> = (row: T) => boolean;

const LABEL_PREFIX = "label.";

export function nodePredicate(query: NodeQuery): Predicate<NodeView> {
  const tests: Predicate<NodeView>[] = [];
  if (query.state !== undefined) {
    const states: ReadonlySet<string> = new Set(query.state.split(",", 32));
    tests.push((row) => states.has(row.record.state));
  }
  const { shard, q } = query;
  if (shard !== undefined) tests.push((row) => row.shard === shard);
  for (const [label, wanted] of wantedLabels(query)) {
    const values: ReadonlySet<string> = new Set(wanted.split(",", 64));
    tests.push((row) => values.has(row.record.labels[label] ?? ""));
  }
  if (q !== undefined && q !== "") tests.push(textPredicate(q));
  return (row) => tests.every((test) => test(row));
}

function* wantedLabels(query: NodeQuery): Generator<readonly [label: string, wanted: string]> {
  if (query.az !== undefined) yield ["az", query.az];
  if (query.rack !== undefined) yield ["rack", query.rack];
  for (const [name, value] of Object.entries(query)) {
    if (name.startsWith(LABEL_PREFIX) && typeof value === "string") {
      yield [name.slice(LABEL_PREFIX.length), value];
    }
  }
}

function textPredicate(text: string): Predicate<NodeView> {
  const pattern = containsPattern(text);
  return ({ record }) =>
    pattern.test(record.hostname) ||
    pattern.test(record.id) ||
    pattern.test(record.address) ||
    pattern.test(record.stateReason);
}

/** Matches `text` anywhere, in any case; a compiled pattern needs no lower-case copy of each row. */
export function containsPattern(text: string): RegExp {
  return new RegExp(text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "i");
}

const NODE_KEYS: Readonly<Record<string, (row: NodeView) => SortKey>> = {
  id: (row) => row.record.id,
  hostname: (row) => row.record.hostname,
  state: (row) => row.record.state,
  stateSince: (row) => row.record.stateSince,
  lastSeenAt: (row) => row.record.lastSeenAt,
  registeredAt: (row) => row.record.registeredAt,
  agentVersion: (row) => row.record.agentVersion,
  problems: (row) => problemCount(row.record.conditions),
  openIncidents: (row) => row.openIncidents.length,
  shard: (row) => row.shard,
  az: (row) => row.record.labels["az"] ?? "",
  rack: (row) => row.record.labels["rack"] ?? "",
  lastHeartbeatAgeMs: (row) => row.lastHeartbeatAge ?? -1,
};

export const NODE_SORTS: readonly string[] = Object.keys(NODE_KEYS);

export function nodeKey(name: string): (row: NodeView) => SortKey {
  return NODE_KEYS[name] ?? ((row) => row.record.id);
}
