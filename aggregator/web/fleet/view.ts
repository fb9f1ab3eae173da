/** What map, chips and table show: the picture seen through the filter, worst first. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { IncidentRow } from "../api/dto.ts";
import { isTrusted } from "../live/connection.ts";
import { incidents, type NodeEntry, nodes, placesVersion } from "../live/picture.ts";
import { query } from "../state/route.ts";
import { capital } from "../words/capital.ts";
import { classWords } from "../words/class-words.ts";
import { countOf } from "../words/count.ts";
import { SHOWN_STATES, type ShownState, STATE_WORDS } from "../words/node-states.ts";
import { type FleetFilter, matches, matchesWords, parseFilter } from "./filter.ts";
import { reasons } from "./reasons.ts";

export const filter: ReadonlySignal<FleetFilter> = computed(() => parseFilter(query.value));

export type StateCounts = { readonly [S in ShownState]: number };

function count(list: readonly NodeEntry[], keep: (node: NodeEntry) => boolean): StateCounts {
  const counts = Object.fromEntries(SHOWN_STATES.map((state) => [state, 0])) as {
    [S in ShownState]: number;
  };
  for (const node of list) if (keep(node)) counts[node.state] += 1;
  return counts;
}

/** Of the whole fleet: what the headline says. */
export const totals: ReadonlySignal<StateCounts> = computed(() => count(nodes.value, () => true));
/** Of the nodes that the search finds: what the chips say. */
export const chipCounts: ReadonlySignal<StateCounts> = computed(() =>
  count(nodes.value, (node) => matchesWords(filter.value, node)),
);

/** What the page may claim of a node: when the connection is lost, nothing. */
export const stateNow = (node: NodeEntry): ShownState => (isTrusted.value ? node.state : "unknown");

const RANK: ReadonlyMap<ShownState, number> = new Map(
  SHOWN_STATES.map((state, index) => [state, index]),
);
const NATURAL = new Intl.Collator("en", { numeric: true });

export type SortName = "state" | "name" | "place" | "since";

export const sortName: ReadonlySignal<SortName> = computed(() => {
  const name = query.value.get("sort");
  return name === "name" || name === "place" || name === "since" ? name : "state";
});

/** Comparing names is slow and names do not change: ranks are made when nodes come or go. */
const ranks: ReadonlySignal<{
  readonly name: ReadonlyMap<string, number>;
  readonly place: ReadonlyMap<string, number>;
}> = computed(() => {
  void placesVersion.value;
  const list = [...nodes.peek()].sort((a, b) => NATURAL.compare(a.hostname, b.hostname));
  const name = new Map(list.map((node, index) => [node.id, index]));
  list.sort(
    (a, b) =>
      NATURAL.compare(a.az, b.az) ||
      NATURAL.compare(a.row, b.row) ||
      NATURAL.compare(a.rack, b.rack),
  );
  return { name, place: new Map(list.map((node, index) => [node.id, index])) };
});

const byName = (a: NodeEntry, b: NodeEntry): number =>
  (ranks.value.name.get(a.id) ?? 0) - (ranks.value.name.get(b.id) ?? 0);

const COMPARE: { readonly [S in SortName]: (a: NodeEntry, b: NodeEntry) => number } = {
  state: (a, b) =>
    (RANK.get(a.state) ?? 0) - (RANK.get(b.state) ?? 0) ||
    (a.state === "ok" ? 0 : (sinceOf(b) ?? 0) - (sinceOf(a) ?? 0)) ||
    byName(a, b),
  name: byName,
  place: (a, b) => (ranks.value.place.get(a.id) ?? 0) - (ranks.value.place.get(b.id) ?? 0),
  since: (a, b) => b.since - a.since || byName(a, b),
};

export const shownNodes: ReadonlySignal<readonly NodeEntry[]> = computed(() =>
  nodes.value.filter((node) => matches(filter.value, node)).sort(COMPARE[sortName.value]),
);

export const openIncidents: ReadonlySignal<readonly IncidentRow[]> = computed(() =>
  incidents.value.filter((incident) => incident.open),
);

const openByNode: ReadonlySignal<ReadonlyMap<string, readonly IncidentRow[]>> = computed(() => {
  const byNode = new Map<string, IncidentRow[]>();
  for (const incident of openIncidents.value) {
    const list = byNode.get(incident.node);
    if (list === undefined) byNode.set(incident.node, [incident]);
    else list.push(incident);
  }
  return byNode;
});

export const incidentsOf = (node: string): readonly IncidentRow[] =>
  openByNode.value.get(node) ?? [];

/**
 * Since when a node is in the state it is shown in. A problem began with its incident, not when the
 * node came alive; null when nobody recorded that.
 */
export function sinceOf(node: NodeEntry): number | null {
  if (node.state !== "problem") return node.since;
  const opened = incidentsOf(node.id).map((incident) => Date.parse(incident.openedAt));
  return opened.length === 0 ? null : Math.min(...opened);
}

/** One sentence: why a node is in the state it is shown in. Empty for a healthy one. */
export function whyOf(node: NodeEntry): string {
  if (!isTrusted.value)
    return `No contact with the aggregator; last known: ${STATE_WORDS[node.state].label}.`;
  if (node.state === "ok") return "";
  if (node.state === "unknown" && node.unjudged !== "") return node.unjudged;
  const recorded = reasons.value.get(node.id);
  if (node.recorded !== "alive" && recorded !== undefined && recorded !== "")
    return capital(recorded);
  const open = incidentsOf(node.id);
  const first = open[0];
  if (first !== undefined) {
    const subject = first.subjectName === "" ? "" : ` (${first.subjectName})`;
    const more = open.length === 1 ? "" : `, and ${countOf(open.length - 1, "more incident")}`;
    return `${capital(classWords(first.class))}${subject}: ${first.message}${more}`;
  }
  if (node.problems > 0)
    return `${countOf(node.problems, "condition")} not ok, no incident opened.`;
  return STATE_WORDS[node.state].meaning;
}
