/** Why nothing irreversible happens to an incident yet. Pure. */
import type { FailureClass, Grade } from "@herdbeat/shared/classes";
import { ruleFor } from "./detection-config.ts";
import type { IncidentRecord } from "./incident.ts";
import type { BookContext } from "./incident-book.ts";
import type { Effect, Verdict } from "./node-state.ts";

type HoldBack = Extract<Verdict, { kind: "hold" }>;

/** Only a class whose policy asks for recovery can be held back from it. */
export function holdOf(
  failureClass: FailureClass,
  grade: Grade,
  context: BookContext,
): IncidentRecord["hold"] {
  const rule = ruleFor(context.config.policy, failureClass);
  if (rule.action !== "recover" || grade >= rule.minGrade) return null;
  return {
    reason: "grade-too-low",
    since: context.now.wall,
    releasedBy: `a proof of grade ${rule.minGrade} or better; now ${grade}`,
  };
}

/** A brake that comes and goes is written at most so often. */
const HOLD_LASTS_MS = 1_000;

export function holdBack(
  current: IncidentRecord,
  { brake }: HoldBack,
  { now }: BookContext,
  effects: Effect[],
): IncidentRecord {
  const { hold, phase } = current;
  if (phase !== "declared") return current;
  if (hold?.reason === brake?.reason && hold?.releasedBy === brake?.releasedBy) return current;
  const age = hold === null ? HOLD_LASTS_MS : now.wall - hold.since;
  if (age >= 0 && age < HOLD_LASTS_MS) return current;
  const incident = { ...current, hold: brake === null ? null : { ...brake, since: now.wall } };
  effects.push({ kind: "hold", incident });
  return incident;
}
