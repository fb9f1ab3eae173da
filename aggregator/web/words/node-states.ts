/**
 * The states a node is shown in. They are fewer than the states the aggregator keeps, and one is
 * added: a node that is alive while something on it has failed must not look like a healthy one.
 */
import type { NodeStateName } from "@herdbeat/aggregator/core/node-record";

export type ShownState =
  | "committed"
  | "declared"
  | "suspect"
  | "problem"
  | "agent"
  | "unknown"
  | "maintenance"
  | "ok";

/** Worst first: the order of chips, legends and tables. The index is the byte kept per node. */
export const SHOWN_STATES: readonly ShownState[] = [
  "committed",
  "declared",
  "suspect",
  "problem",
  "agent",
  "unknown",
  "maintenance",
  "ok",
];

export interface StateWords {
  /** On chips and in tables. */
  readonly label: string;
  /** What it means, one sentence; shown in the legend and the help. */
  readonly meaning: string;
}

export const STATE_WORDS: { readonly [S in ShownState]: StateWords } = {
  committed: {
    label: "Committed",
    meaning: "Fencing or recovery has begun. Nothing takes this back before the incident closes.",
  },
  declared: {
    label: "Declared down",
    meaning: "The failure is recorded and announced. A sign of life still retracts it.",
  },
  suspect: { label: "Suspect", meaning: "Heartbeats are overdue; others are being asked to look." },
  problem: { label: "Problem", meaning: "The node lives, and something on it has failed." },
  agent: {
    label: "Agent trouble",
    meaning: "The agent does not report, while the host itself still answers.",
  },
  unknown: { label: "Unknown", meaning: "Nobody can tell now. This is never counted as healthy." },
  maintenance: {
    label: "Maintenance",
    meaning: "Somebody works on it; failures are only recorded.",
  },
  ok: { label: "OK", meaning: "Heartbeats arrive and no condition reports a problem." },
};

/** What the aggregator calls the state, in words. */
export const RECORDED_STATE_WORDS: { readonly [S in NodeStateName]: string } = {
  awaited: "Awaited",
  alive: "Alive",
  suspect: "Suspect",
  "agent-down": "Agent down",
  "agent-stalled": "Agent stalled",
  left: "Left in order",
  declared: "Declared down",
  committed: "Committed",
  unseen: "Not seen since the store was lost",
};

export interface StateFacts {
  readonly state: NodeStateName;
  /** Open incidents, or conditions that report a problem. */
  readonly troubled: boolean;
  readonly maintenance: boolean;
}

export function shownState({ state, troubled, maintenance }: StateFacts): ShownState {
  switch (state) {
    case "committed":
    case "declared":
      return state;
    case "awaited":
    case "unseen":
    case "left":
      return maintenance ? "maintenance" : "unknown";
    case "suspect":
      return maintenance ? "maintenance" : "suspect";
    case "agent-down":
    case "agent-stalled":
      return maintenance ? "maintenance" : "agent";
    case "alive":
      if (maintenance) return "maintenance";
      return troubled ? "problem" : "ok";
    default:
      // A newer aggregator may send a state this page was not built for.
      return "unknown";
  }
}
