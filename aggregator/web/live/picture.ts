/**
 * The fleet as this page knows it: a snapshot and all deltas since. Entries are replaced, never
 * changed, so that a row that is the same object has nothing new to draw.
 */
import type { NodeStateName } from "@herdbeat/aggregator/core/node-record";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  type AggregatorDto,
  type IncidentRow,
  type NoticeDto,
  type SelfDto,
  type ShardDto,
  STREAM_FLAGS,
  type StoreDto,
  type StreamDelta,
  type StreamNode,
  type StreamSnapshot,
  type StreamTime,
} from "../api/dto.ts";
import type { Filterable } from "../fleet/filter.ts";
import { observeServerTime } from "../state/clock.ts";
import { type ShownState, shownState } from "../words/node-states.ts";
import { commonDomain, withoutDomain } from "../words/short-name.ts";

export interface NodeEntry extends Filterable {
  readonly id: string;
  readonly hostname: string;
  readonly recorded: NodeStateName;
  readonly state: ShownState;
  readonly since: number;
  readonly az: string;
  readonly row: string;
  readonly rack: string;
  readonly role: string;
  readonly shard: number;
  readonly flags: number;
  readonly problems: number;
  readonly openIncidents: number;
  readonly haystack: string;
  /** Why nobody judges this node now; empty when somebody does. */
  readonly unjudged: string;
  /** As it came, to hand the picture on to another tab. */
  readonly tuple: StreamNode;
}

const nodesById = new Map<string, NodeEntry>();
const incidentsById = new Map<string, IncidentRow>();
let stateNames: readonly NodeStateName[] = [];

/** False until the first snapshot: an empty fleet and an unknown one must not look the same. */
export const hasPicture: Signal<boolean> = signal(false);
export const cluster: Signal<string> = signal("");
export const selfId: Signal<string> = signal("");
const nodeList: Signal<readonly NodeEntry[]> = signal([]);
const incidentList: Signal<readonly IncidentRow[]> = signal([]);
/** In the order the aggregator lists them; a new array whenever any node changed. */
export const nodes: ReadonlySignal<readonly NodeEntry[]> = nodeList;
/** Newest first: open ones and those that ended lately. */
export const incidents: ReadonlySignal<readonly IncidentRow[]> = incidentList;
export const shards: Signal<readonly ShardDto[]> = signal([]);
export const aggregators: Signal<readonly AggregatorDto[]> = signal([]);
export const notices: Signal<readonly NoticeDto[]> = signal([]);
export const self: Signal<SelfDto | null> = signal(null);
export const store: Signal<StoreDto | null> = signal(null);
/** Rises whenever nodes come, go or move to another rack: the map's geometry must be made again. */
export const placesVersion: Signal<number> = signal(0);

/** What all host names share; changes only when nodes come or go. */
const domain: ReadonlySignal<string> = computed(() => {
  void placesVersion.value;
  return commonDomain(nodeList.peek().map((node) => node.hostname));
});
export const shortName = (hostname: string): string => withoutDomain(hostname, domain.value);

export const nodeById = (id: string): NodeEntry | undefined => nodesById.get(id);
export const incidentById = (id: string): IncidentRow | undefined => incidentsById.get(id);

export function applySnapshot(snapshot: StreamSnapshot): void {
  observeServerTime(snapshot.asOf);
  batch(() => {
    stateNames = snapshot.states;
    incidentsById.clear();
    for (const incident of snapshot.incidents) incidentsById.set(incident.id, incident);
    shards.value = snapshot.shards;
    const marks = currentMarks();
    nodesById.clear();
    for (const tuple of snapshot.nodes) nodesById.set(tuple[0], entryOf(tuple, marks));
    cluster.value = snapshot.cluster;
    selfId.value = snapshot.self;
    aggregators.value = snapshot.aggregators;
    notices.value = snapshot.notices;
    placesVersion.value += 1;
    publish();
    hasPicture.value = true;
  });
}

export function applyDelta(delta: StreamDelta): void {
  observeServerTime(delta.asOf);
  batch(() => {
    for (const id of delta.removedIncidents ?? []) incidentsById.delete(id);
    for (const incident of delta.incidents ?? []) incidentsById.set(incident.id, incident);
    const unjudgedBefore = unjudgedShards();
    if (delta.shards !== undefined) shards.value = delta.shards;
    applyNodes(delta);
    if (delta.shards !== undefined) rejudge(unjudgedBefore);
    if (delta.aggregators !== undefined) aggregators.value = delta.aggregators;
    if (delta.notices !== undefined) notices.value = delta.notices;
    publish();
  });
}

export function applyTime(time: StreamTime): void {
  observeServerTime(time.asOf);
  batch(() => {
    self.value = time.self;
    store.value = time.store;
  });
}

/** The whole picture for a tab that joins late; null while there is none. */
export function exportSnapshot(asOf: number): StreamSnapshot | null {
  if (!hasPicture.value) return null;
  return {
    cluster: cluster.value,
    self: selfId.value,
    asOf,
    states: stateNames,
    nodes: nodeList.value.map((node) => node.tuple),
    incidents: incidentList.value,
    shards: shards.value,
    aggregators: aggregators.value,
    notices: notices.value,
  };
}

function applyNodes(delta: StreamDelta): void {
  const marks = currentMarks();
  let moved = false;
  for (const id of delta.removed ?? []) moved = nodesById.delete(id) || moved;
  for (const tuple of delta.nodes ?? []) {
    const before = nodesById.get(tuple[0]);
    const entry = entryOf(tuple, marks);
    if (before === undefined || placeOf(before) !== placeOf(entry)) moved = true;
    nodesById.set(entry.id, entry);
  }
  // An incident can change how a node looks without changing the node's own record.
  for (const incident of delta.incidents ?? []) {
    const before = nodesById.get(incident.node);
    if (before !== undefined) nodesById.set(before.id, entryOf(before.tuple, marks));
  }
  if (moved) placesVersion.value += 1;
}

const placeOf = (node: NodeEntry): string => `${node.az}\n${node.row}\n${node.rack}`;

/** By shard: why nothing in it is judged. A node that nobody judges is not known to be well. */
function unjudgedShards(): ReadonlyMap<number, string> {
  const unjudged = new Map<number, string>();
  for (const { shard, status, heldBecause } of shards.value) {
    if (status === "unowned") unjudged.set(shard, `Nobody owns shard ${shard} now.`);
    else if (status === "held") unjudged.set(shard, `Shard ${shard} is on hold: ${heldBecause}.`);
  }
  return unjudged;
}

function rejudge(before: ReadonlyMap<number, string>): void {
  const marks = currentMarks();
  for (const node of nodesById.values())
    if (before.get(node.shard) !== marks.unjudged.get(node.shard))
      nodesById.set(node.id, entryOf(node.tuple, marks));
}

interface Marks {
  readonly unjudged: ReadonlyMap<number, string>;
  readonly setAside: ReadonlySet<string>;
  /** A host that recovery has begun for stays out until its incident closes, even when it is back. */
  readonly out: ReadonlySet<string>;
}

function currentMarks(): Marks {
  const setAside = new Set<string>();
  const out = new Set<string>();
  for (const incident of incidentsById.values()) {
    if (!incident.open) continue;
    if (incident.hold?.reason === "maintenance") setAside.add(incident.node);
    if (incident.family === "host" && incident.phase === "committed") out.add(incident.node);
  }
  return { unjudged: unjudgedShards(), setAside, out };
}

function entryOf(tuple: StreamNode, marks: Marks): NodeEntry {
  const [id, hostname, stateIndex, since, az, row, rack, role, shard, flags, problems, open] =
    tuple;
  // A state this page has no name for is one it knows nothing about.
  const recorded = stateNames[stateIndex] ?? "unseen";
  const maintenance = (flags & STREAM_FLAGS.retired) !== 0 || marks.setAside.has(id);
  const troubled = problems > 0 || open > 0;
  const unjudged = marks.unjudged.get(shard) ?? "";
  const judged = shownState({ state: recorded, troubled, maintenance });
  const state = marks.out.has(id) ? "committed" : unjudged === "" ? judged : withoutJudge(judged);
  const haystack = `${hostname} ${id} ${az} ${row} ${rack} ${role} ${recorded}`.toLowerCase();
  return {
    id,
    hostname,
    recorded,
    state,
    since,
    az,
    row,
    rack,
    role,
    shard,
    flags,
    problems,
    openIncidents: open,
    haystack,
    unjudged,
    tuple,
  };
}

/** What is durable stays true without an owner; everything else is as old as the last judgement. */
function withoutJudge(state: ShownState): ShownState {
  return state === "committed" || state === "declared" || state === "maintenance"
    ? state
    : "unknown";
}

function publish(): void {
  nodeList.value = [...nodesById.values()];
  incidentList.value = [...incidentsById.values()].sort((a, b) =>
    a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : a.id < b.id ? -1 : 1,
  );
}
