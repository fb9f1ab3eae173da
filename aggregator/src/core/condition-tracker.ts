/**
 * Conditions that an agent reports, and the verdicts they give. Pure.
 *
 * An agent's word about its own host is evidence enough to open an incident of the class it names;
 * only its word that the condition is over (or a whole list without it) clears the incident.
 * `unknown` neither opens nor clears: a monitor that can not tell says nothing.
 */
import { type FailureClass, isReportable } from "@herdbeat/shared/classes";
import { durationMs } from "@herdbeat/shared/time";
import type { Evidence } from "./incident.ts";
import type { ConditionRecord } from "./node-record.ts";
import type { Instant, NodeState, ReportedCondition, Verdict } from "./node-state.ts";

/** Derived: a node with 400 guests and every one of them in trouble still fits. */
export const CONDITIONS_MAX = 512;

export interface ConditionStep {
  readonly conditions: readonly ConditionRecord[];
  readonly verdicts: readonly Verdict[];
}

export function originOf(monitor: string): string {
  return `condition:${monitor}`;
}

/** One reported change. A transition that is already known changes nothing. */
export function onConditionEvent(
  state: NodeState,
  condition: ReportedCondition,
  now: Instant,
): ConditionStep {
  const before = find(state.record.conditions, condition);
  if (before !== undefined && before.transition > condition.transition) {
    return { conditions: state.record.conditions, verdicts: [] };
  }
  const conditions = upsert(state.record.conditions, condition);
  return { conditions, verdicts: verdictsOf(state, condition, now) };
}

/** The whole list: what is missing from it no longer exists. */
export function onConditionList(
  state: NodeState,
  reported: readonly ReportedCondition[],
  now: Instant,
): ConditionStep {
  // A whole list names each subject once; of one that does not, the last word counts.
  const kept = [
    ...new Map(reported.slice(0, CONDITIONS_MAX).map((one) => [keyOf(one), one])).values(),
  ];
  const verdicts = kept.flatMap((condition) => verdictsOf(state, condition, now));
  const present = new Set(kept.map(keyOf));
  // A monitor that can not tell what there is, can not tell that something is no more.
  const blind = new Set(
    kept.filter((one) => one.status === "unknown" && one.subject === "").map((one) => one.monitor),
  );
  for (const incident of state.incidents) {
    if (!incident.origin.startsWith("condition:")) continue;
    const monitor = incident.origin.slice("condition:".length);
    if (blind.has(monitor) || present.has(keyOf({ monitor, subject: incident.subject }))) continue;
    verdicts.push(
      end(incident.origin, incident.subject, "the agent no longer reports it", null, now),
    );
  }
  const conditions = kept.filter((one) => one.status !== "ok").map(toRecord);
  return sameConditions(conditions, state.record.conditions)
    ? { conditions: state.record.conditions, verdicts }
    : { conditions, verdicts };
}

function verdictsOf(state: NodeState, condition: ReportedCondition, now: Instant): Verdict[] {
  const origin = originOf(condition.monitor);
  const open = state.incidents.find(
    (one) => one.origin === origin && one.subject === condition.subject,
  );
  if (condition.status === "ok") {
    return open === undefined
      ? []
      : [end(origin, condition.subject, condition.message, condition, now)];
  }
  if (condition.status === "unknown" || !isReportable(condition.failureClass)) return [];
  // Nothing new about an open incident: same class, same reason.
  if (open?.failureClass === condition.failureClass && open.reason === condition.reason) return [];
  return [openFrom(state, condition, condition.failureClass, now)];
}

function openFrom(
  state: NodeState,
  condition: ReportedCondition,
  failureClass: FailureClass,
  now: Instant,
): Verdict {
  return {
    kind: "open",
    origin: originOf(condition.monitor),
    subject: condition.subject,
    onset: condition.transition,
    failureClass,
    // The authenticated session of a living host says so itself; nothing is proven about the host's power.
    grade: 0,
    reason: condition.reason,
    message: condition.message,
    evidence: [evidenceOf(condition, now)],
    rule: {
      name: "reported-condition",
      thresholdsMs: {},
      because: `monitor ${condition.monitor} of the agent on ${state.record.hostname} holds it to be so`,
    },
    attributes: condition.attributes,
    announce: true,
  };
}

function end(
  origin: string,
  subject: string,
  message: string,
  condition: ReportedCondition | null,
  now: Instant,
): Verdict {
  return {
    kind: "end",
    origin,
    subject,
    as: "cleared",
    message,
    evidence: condition === null ? [] : [evidenceOf(condition, now)],
  };
}

function evidenceOf(condition: ReportedCondition, now: Instant): Evidence {
  return {
    kind: "condition",
    source: "agent",
    outcome: condition.status,
    age: durationMs(Math.max(0, now.wall - condition.since)),
    at: condition.since,
    detail: `${condition.reason}: ${condition.message}`,
  };
}

function keyOf(condition: { readonly monitor: string; readonly subject: string }): string {
  return `${condition.monitor}\n${condition.subject}`;
}

function find(
  conditions: readonly ConditionRecord[],
  wanted: ReportedCondition,
): ConditionRecord | undefined {
  return conditions.find((one) => one.monitor === wanted.monitor && one.subject === wanted.subject);
}

function upsert(
  conditions: readonly ConditionRecord[],
  condition: ReportedCondition,
): readonly ConditionRecord[] {
  const others = conditions.filter(
    (one) => one.monitor !== condition.monitor || one.subject !== condition.subject,
  );
  if (condition.status === "ok") return others.length === conditions.length ? conditions : others;
  return [...others, toRecord(condition)].slice(-CONDITIONS_MAX);
}

function toRecord(condition: ReportedCondition): ConditionRecord {
  return { ...condition };
}

/** By meaning, not by age: a repeated list must not be written again. */
function sameConditions(a: readonly ConditionRecord[], b: readonly ConditionRecord[]): boolean {
  if (a.length !== b.length) return false;
  const known = new Map(b.map((one) => [keyOf(one), one]));
  return a.every((one) => {
    const other = known.get(keyOf(one));
    return (
      other !== undefined &&
      other.status === one.status &&
      other.failureClass === one.failureClass &&
      other.reason === one.reason &&
      other.transition === one.transition
    );
  });
}
