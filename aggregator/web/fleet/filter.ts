/** One filter for map and table. Pure: the query string in, a predicate out. */
import { SHOWN_STATES, type ShownState } from "../words/node-states.ts";

export interface FleetFilter {
  /** Lower-case words; all must occur in the node's name, id, labels or reason. */
  readonly words: readonly string[];
  /** Empty means every state. */
  readonly states: ReadonlySet<ShownState>;
  readonly onlyNotOk: boolean;
}

export interface Filterable {
  readonly state: ShownState;
  /** Lower-case text that is searched. */
  readonly haystack: string;
}

const STATE_NAMES: ReadonlySet<string> = new Set(SHOWN_STATES);
/** More words than anyone types; a pasted page must not slow down every keystroke. */
const WORDS_MAX = 8;

export function parseFilter(query: URLSearchParams): FleetFilter {
  const states = (query.get("state") ?? "")
    .split(",")
    .filter((name): name is ShownState => STATE_NAMES.has(name));
  return {
    words: (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean).slice(0, WORDS_MAX),
    states: new Set(states),
    onlyNotOk: query.get("notok") === "1",
  };
}

export function isNarrowing(filter: FleetFilter): boolean {
  return filter.words.length > 0 || filter.states.size > 0 || filter.onlyNotOk;
}

/** The search alone, so that chips count what choosing them would show. */
export function matchesWords(filter: FleetFilter, node: Filterable): boolean {
  return filter.words.every((word) => node.haystack.includes(word));
}

export function matches(filter: FleetFilter, node: Filterable): boolean {
  if (filter.onlyNotOk && node.state === "ok") return false;
  if (filter.states.size > 0 && !filter.states.has(node.state)) return false;
  return matchesWords(filter, node);
}

/** The query's value after `state` was switched; null when none is left. */
export function toggledStates(filter: FleetFilter, state: ShownState): string | null {
  const next = SHOWN_STATES.filter((each) => filter.states.has(each) !== (each === state));
  return next.length === 0 ? null : next.join(",");
}
