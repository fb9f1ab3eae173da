/**
 * The one way out of a committed host incident: an operator's word. Pure.
 *
 * Guarantee: only what is committed is closed, once, by compare-and-set in the store; nothing is taken
 * back by it. The node is judged again from then on, like one that was never heard of before.
 */
import { ALIVE, SILENCE } from "./failure-detector.ts";
import { HEARD_LATELY } from "./fencing.ts";
import { type IncidentRecord, lastTransitionNumber } from "./incident.ts";
import { append, committedStep } from "./incident-timeline.ts";
import type { Effect, Instant, NodeEvent, NodeHealth, NodeState } from "./node-state.ts";

export type CloseEvent = Extract<NodeEvent, { kind: "close" }>;

/** Only a host's: what an agent reported is closed by the agent's own word. */
export function isClosable(incident: IncidentRecord): boolean {
  return incident.phase === "committed" && incident.origin === SILENCE;
}

export interface OperatorClose {
  readonly incidents: readonly IncidentRecord[];
  readonly effects: readonly Effect[];
  readonly health: NodeHealth;
}

/** Null: there is nothing to close. */
export function applyClose(
  state: NodeState,
  event: CloseEvent,
  now: Instant,
): OperatorClose | null {
  const current = state.incidents.find((one) => one.id === event.incident && isClosable(one));
  if (current === undefined) return null;
  const grown = append(current, {
    number: lastTransitionNumber(current) + 1,
    kind: "closed",
    at: now.wall,
    failureClass: current.failureClass,
    grade: current.grade,
    message: `closed by ${event.by}: ${event.reason}`,
    evidence: [],
    rule: {
      name: "operator-close",
      thresholdsMs: {},
      because: "an operator says that nothing is left to be done for it",
    },
  });
  const incident: IncidentRecord = { ...grown, phase: "closed", endedAt: now.wall, hold: null };
  const isHeard = now.listening - state.lastHeardAt < HEARD_LATELY;
  return {
    incidents: state.incidents.filter((one) => one !== current),
    effects: committedStep(incident, false),
    health: isHeard ? ALIVE : { state: "awaited", since: now.listening, afterStoreLoss: false },
  };
}
