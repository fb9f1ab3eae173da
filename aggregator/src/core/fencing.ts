/**
 * The part of a host incident's life between its commit and the request for recovery. Pure.
 *
 *   committed, hold `fencing` ──a device says off, twice──► grade 5, request for recovery, once
 *        │      ▲
 *        │      └── every attempt begins here again: the hold ends by nothing but an off
 *        └─ nobody confirms ─► hold `fencing-unanswered` ──a device, or an operator's word──► grade 5
 *
 * Guarantee: the request leaves only with grade 5, in the same write as the grade, and once: the hold
 * is what makes it due, and that write takes the hold away. Of a node that is heard nobody's word
 * confirms that it is off.
 */
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { DetectionConfig } from "./detection-config.ts";
import { type Evidence, type Hold, type IncidentRecord, lastTransitionNumber } from "./incident.ts";
import { append, committedStep } from "./incident-timeline.ts";
import type { Effect, Instant, NodeEvent, NodeState } from "./node-state.ts";

export type FencedEvent = Extract<NodeEvent, { kind: "fenced" }>;

const POWER_OFF_CONFIRMED = 5;
/** Several heartbeats: who was heard this short a time ago has power, whatever anybody says. */
export const HEARD_LATELY: DurationMs = durationMs(4_000);

/** Whether it was committed without proof that the host is off, and none has come since. */
export function awaitsFencing(incident: IncidentRecord): boolean {
  const reason = incident.hold?.reason;
  return (
    incident.phase === "committed" && (reason === "fencing" || reason === "fencing-unanswered")
  );
}

export function fencingHold(now: Instant): Hold {
  return {
    reason: "fencing",
    since: now.wall,
    releasedBy: "a fence device that says that its power is off",
  };
}

/** Whether the request of this incident rests on somebody's word that its host has no power. */
export function isConfirmedOff(incident: IncidentRecord): boolean {
  return incident.transitions.some((one) => one.rule.name === "power-off-confirmed");
}

/** Whether the request of this incident rests on a device's word, which can be asked for again. */
export function isDeviceConfirmed(incident: IncidentRecord): boolean {
  return (
    incident.grade === POWER_OFF_CONFIRMED &&
    incident.transitions.some(
      (one) => one.rule.name === "power-off-confirmed" && one.evidence[0]?.kind === "fence-device",
    )
  );
}

/** Whether its node gave a sign of life after it was confirmed off: the request is not true then. */
export function isHeardSinceOff({ record }: NodeState, incident: IncidentRecord): boolean {
  const off = incident.transitions.findLast((one) => one.rule.name === "power-off-confirmed");
  if (off === undefined) return false;
  const hasReturned = incident.transitions.some(
    ({ kind, number }) => kind === "node-returned" && number > off.number,
  );
  return hasReturned || record.lastSeenAt > off.at;
}

/** All incidents of the node with what the fencing of one of them came to. */
export function applyFenced(
  state: NodeState,
  event: FencedEvent,
  now: Instant,
  config: DetectionConfig,
): { readonly incidents: readonly IncidentRecord[]; readonly effects: readonly Effect[] } {
  const effects: Effect[] = [];
  const { suspectAfter } = config.limits;
  const isHeard = now.listening - state.lastHeardAt < suspectAfter;
  const detail = `${event.detail}; the node is still heard`;
  const incidents = state.incidents.map((one) => {
    if (one.id !== event.incident || !awaitsFencing(one)) return one;
    if (event.outcome === "off" && !isHeard) return confirmed(one, event, now, config, effects);
    return unanswered(one, isHeard ? { ...event, detail } : event, now, effects);
  });
  return { incidents, effects };
}

function confirmed(
  current: IncidentRecord,
  event: FencedEvent,
  now: Instant,
  config: DetectionConfig,
  effects: Effect[],
): IncidentRecord {
  const isDevice = event.by.kind === "device";
  const evidence: Evidence = {
    kind: isDevice ? "fence-device" : "operator",
    source: isDevice ? config.aggregator : event.by.name,
    outcome: "off",
    age: durationMs(0),
    at: now.wall,
    detail: event.detail,
  };
  const grown = append(current, {
    number: lastTransitionNumber(current) + 1,
    kind: "changed",
    at: now.wall,
    failureClass: current.failureClass,
    grade: POWER_OFF_CONFIRMED,
    message: `confirmed off by ${isDevice ? "the device" : "the operator"} ${event.by.name}; recovery is asked for: ${current.requestedAction}`,
    evidence: [evidence],
    rule: {
      name: "power-off-confirmed",
      thresholdsMs: {},
      because: "what has no power runs no guest and writes to no disk",
    },
  });
  const incident: IncidentRecord = { ...grown, grade: POWER_OFF_CONFIRMED, hold: null };
  effects.push(...committedStep(incident, true));
  return incident;
}

/** Told once for each time that it comes to this. */
function unanswered(
  current: IncidentRecord,
  event: FencedEvent,
  now: Instant,
  effects: Effect[],
): IncidentRecord {
  if (current.hold?.reason === "fencing-unanswered") return current;
  const grown = append(current, {
    number: lastTransitionNumber(current) + 1,
    kind: "changed",
    at: now.wall,
    failureClass: current.failureClass,
    grade: current.grade,
    message: `no fence device confirms that it is off: ${event.detail}`,
    evidence: [],
    rule: {
      name: "fencing-unanswered",
      thresholdsMs: {},
      because: "silence of a device proves nothing, so nothing is asked for",
    },
  });
  const incident: IncidentRecord = {
    ...grown,
    hold: {
      reason: "fencing-unanswered",
      since: now.wall,
      releasedBy:
        "a device that answers again, or `herdctl incident confirm-off` by somebody who saw that it has no power",
    },
  };
  effects.push(...committedStep(incident, false));
  return incident;
}
