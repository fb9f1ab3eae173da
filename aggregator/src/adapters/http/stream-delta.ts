/** Reads the rows that changed and writes them as one delta. */
import type { IncidentId, NodeId } from "@herdbeat/shared/ids";
import type { Clock } from "@herdbeat/shared/time";
import type { FleetView, NodeView } from "../../ports/fleet-view.ts";
import { toAggregator, toNotice, toShard } from "./map-cluster.ts";
import { toIncidentRow } from "./map-incident.ts";
import { toStreamNode } from "./map-node.ts";

export interface DirtyRows {
  readonly nodes: Set<NodeId>;
  readonly incidents: Set<IncidentId>;
  shards: boolean;
  notices: boolean;
}

export function emptyDirtyRows(): DirtyRows {
  return { nodes: new Set(), incidents: new Set(), shards: false, notices: false };
}

/** From here on reading the whole list is cheaper than reading one by one. */
const SINGLE_READS_MAX = 256;

/** The delta's JSON; null when nothing differs from what was sent. */
export async function readDelta(
  deps: { readonly view: FleetView; readonly clock: Clock },
  dirty: DirtyRows,
  sent: Map<string, string>,
): Promise<string | null> {
  const { view, clock } = deps;
  const fields: string[] = [];
  await addNodes(view, dirty.nodes, sent, fields);
  await addIncidents(view, dirty.incidents, sent, fields);
  if (dirty.shards) {
    const shards = (await view.shards()).map(toShard);
    fields.push(`"shards":${JSON.stringify(shards)}`);
    fields.push(`"aggregators":${JSON.stringify(view.aggregators().map(toAggregator))}`);
  }
  if (dirty.notices) fields.push(`"notices":${JSON.stringify(view.notices().map(toNotice))}`);
  if (fields.length === 0) return null;
  return `{"asOf":${clock.wallNow()},${fields.join(",")}}`;
}

async function addNodes(
  view: FleetView,
  ids: ReadonlySet<NodeId>,
  sent: Map<string, string>,
  fields: string[],
): Promise<void> {
  if (ids.size === 0) return;
  const found = await readNodes(view, ids);
  const rows: string[] = [];
  const removed: NodeId[] = [];
  for (const id of ids) {
    const node = found.get(id) ?? null;
    if (node === null) {
      removed.push(id);
      sent.delete(id);
      continue;
    }
    addChanged(id, JSON.stringify(toStreamNode(node)), sent, rows);
  }
  if (rows.length > 0) fields.push(`"nodes":[${rows.join(",")}]`);
  if (removed.length > 0) fields.push(`"removed":${JSON.stringify(removed)}`);
}

async function readNodes(
  view: FleetView,
  ids: ReadonlySet<NodeId>,
): Promise<ReadonlyMap<NodeId, NodeView | null>> {
  if (ids.size > SINGLE_READS_MAX) {
    const all = await view.nodes();
    return new Map(all.map((node) => [node.record.id, node]));
  }
  const pairs = [...ids].map(async (id) => [id, await view.node(id)] as const);
  return new Map(await Promise.all(pairs));
}

async function addIncidents(
  view: FleetView,
  ids: ReadonlySet<IncidentId>,
  sent: Map<string, string>,
  fields: string[],
): Promise<void> {
  if (ids.size === 0) return;
  const known =
    ids.size > SINGLE_READS_MAX
      ? new Map((await view.incidents()).map((each) => [each.id, each]))
      : new Map(
          await Promise.all([...ids].map(async (id) => [id, await view.incident(id)] as const)),
        );
  const rows: string[] = [];
  const removed: IncidentId[] = [];
  for (const id of ids) {
    const incident = known.get(id) ?? null;
    if (incident !== null) addChanged(id, JSON.stringify(toIncidentRow(incident)), sent, rows);
    else {
      removed.push(id);
      sent.delete(id);
    }
  }
  if (rows.length > 0) fields.push(`"incidents":[${rows.join(",")}]`);
  if (removed.length > 0) fields.push(`"removedIncidents":${JSON.stringify(removed)}`);
}

function addChanged(id: string, text: string, sent: Map<string, string>, rows: string[]): void {
  if (sent.get(id) === text) return;
  sent.set(id, text);
  rows.push(text);
}
