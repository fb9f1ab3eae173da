/** Which events of the core met which states of a node: what a run has visited of its table. */
import type { NodeEvent, NodeHealth } from "@herdbeat/aggregator/core/node-state";
import type { TurnLoop } from "@herdbeat/aggregator/runtime/turn-loop";

/** By names, so that the compiler knows of a new one. */
const STATES: Readonly<Record<NodeHealth["state"], true>> = {
  awaited: true,
  alive: true,
  suspect: true,
  "agent-down": true,
  "agent-stalled": true,
  left: true,
  declared: true,
  committed: true,
  unseen: true,
};
const EVENTS: Readonly<Record<NodeEvent["kind"], true>> = {
  hello: true,
  heard: true,
  late: true,
  closed: true,
  goodbye: true,
  probed: true,
  witnessed: true,
  tick: true,
  permit: true,
  fenced: true,
  close: true,
  "drill-begin": true,
  "drill-end": true,
  conflict: true,
  event: true,
  conditions: true,
};

export const STATE_PAIRS: readonly string[] = Object.keys(STATES).flatMap((state) =>
  Object.keys(EVENTS).map((event) => `${state} ${event}`),
);

/** From now on every step that this loop makes is noted. */
export function noteStatePairs(turns: TurnLoop, visited: Set<string>): void {
  const apply = turns.apply.bind(turns);
  turns.apply = (index, state, event, now) => {
    visited.add(`${state.health.state} ${event.kind}`);
    return apply(index, state, event, now);
  };
}
