import { type IncidentRecord, type IncidentTransition, TRANSITIONS_KEPT_MAX } from "./incident.ts";
import type { Effect } from "./node-state.ts";

/** The first transition is kept for ever, then the oldest goes first. */
export function append(incident: IncidentRecord, transition: IncidentTransition): IncidentRecord {
  const all = [...incident.transitions, transition];
  const first = all[0];
  const transitions =
    all.length <= TRANSITIONS_KEPT_MAX || first === undefined
      ? all
      : [first, ...all.slice(all.length - TRANSITIONS_KEPT_MAX + 1)];
  return { ...incident, transitions };
}

/** Persists the last transition of an incident that was committed before it, and tells everybody. */
export function committedStep(incident: IncidentRecord, request: boolean): readonly Effect[] {
  const transition = incident.transitions.at(-1);
  if (transition === undefined) return [];
  return [
    { kind: "transition", incident, transition, expect: "committed", deliver: true, request },
  ];
}
