/**
 * Reads records back from where others can write: the store, a mirror on disk.
 *
 * Guarantee: what comes out has every field of its type. Fields that this version does not know are
 * kept, so that writing the record again does not take them from a newer one. Lengths are not
 * judged: a record that was accepted once must stay readable.
 */
import { FAILURE_CLASSES, familyOf } from "@herdbeat/shared/classes";
import type {
  Evidence,
  Hold,
  IncidentAction,
  IncidentPhase,
  IncidentRecord,
  IncidentTransition,
  RuleApplied,
} from "./incident.ts";
import type { ConditionRecord, NetworkRecord, NodeRecord } from "./node-record.ts";

/** Says what is wrong with `value`, or null. `covers` exists for the compiler only: it ties table and type. */
export interface Check<T> {
  (value: unknown, at: string): string | null;
  readonly covers?: T;
}

export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "damaged"; readonly why: string };

/** Parses JSON text that somebody else may have written. Never throws. */
export function parseRecord<T>(json: string, check: Check<T>): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { kind: "damaged", why: "it is not JSON" };
  }
  const why = check(value, "it");
  // The check has looked at every field of T.
  return why === null ? { kind: "ok", value: value as T } : { kind: "damaged", why };
}

export function text<T extends string = string>(): Check<T> {
  return (value, at) => (typeof value === "string" ? null : `${at} is not a string`);
}

export function count<T extends number = number>(): Check<T> {
  return (value, at) =>
    typeof value === "number" && Number.isFinite(value) ? null : `${at} is not a number`;
}

export function flag(): Check<boolean> {
  return (value, at) => (typeof value === "boolean" ? null : `${at} is not true or false`);
}

/** One of the keys of `values`, which is complete by type. */
export function oneOf<T extends string | number>(values: { readonly [K in T]: true }): Check<T> {
  return (value, at) =>
    (typeof value === "string" || typeof value === "number") && Object.hasOwn(values, value)
      ? null
      : `${at} is not one of ${Object.keys(values).join(", ")}`;
}

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, at) => (value === null ? null : check(value, at));
}

/** Absent in what was written before there was such a field. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, at) => (value === undefined ? null : check(value, at));
}

/** Present or not, sound or not: whoever reads it looks for himself. */
export function anything(): Check<unknown> {
  return () => null;
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    return firstProblem(value.map((item, index) => [check, item, `${at}[${index}]`]));
  };
}

export function mapOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    return firstProblem(Object.entries(value).map(([key, item]) => [check, item, `${at}.${key}`]));
  };
}

export function shape<T>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries(fields) as [string, Check<unknown>][];
  return (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    return firstProblem(
      checks.map(([key, check]) => [
        check,
        Object.hasOwn(value, key) ? value[key] : undefined,
        at === "it" ? key : `${at}.${key}`,
      ]),
    );
  };
}

function firstProblem(
  checks: readonly (readonly [Check<unknown>, unknown, string])[],
): string | null {
  for (const [check, value, at] of checks) {
    const problem = check(value, at);
    if (problem !== null) return problem;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const network = shape<NetworkRecord>({
  role: text(),
  interface: text(),
  addresses: listOf(text()),
});

const condition = shape<ConditionRecord>({
  monitor: text(),
  subject: text(),
  status: oneOf({ ok: true, problem: true, unknown: true }),
  failureClass: text(),
  reason: text(),
  message: text(),
  since: count(),
  transition: count(),
  attributes: mapOf(text()),
});

export const nodeRecordCheck: Check<NodeRecord> = shape<NodeRecord>({
  id: text(),
  hostname: text(),
  address: text(),
  labels: mapOf(text()),
  networks: listOf(network),
  bootId: text(),
  hardwareId: text(),
  processId: text(),
  incarnation: count(),
  sessionEpoch: count(),
  acknowledgedTransition: count(),
  agentVersion: text(),
  heartbeatIntervalMs: count(),
  state: oneOf({
    awaited: true,
    alive: true,
    suspect: true,
    "agent-down": true,
    "agent-stalled": true,
    left: true,
    declared: true,
    committed: true,
    unseen: true,
  }),
  stateSince: count(),
  stateReason: text(),
  lastSeenAt: count(),
  registeredAt: count(),
  retired: flag(),
  shadow: flag(),
  conditions: listOf(condition),
  inventoryJson: text(),
  refusal: anything(),
});

const FAILURE_CLASS_SET = Object.fromEntries(
  FAILURE_CLASSES.map((failureClass) => [failureClass, true]),
) as { readonly [C in (typeof FAILURE_CLASSES)[number]]: true };
const FAMILY_SET = Object.fromEntries(
  FAILURE_CLASSES.map((failureClass) => [familyOf(failureClass), true]),
) as { readonly [F in ReturnType<typeof familyOf>]: true };

export const familyCheck: Check<ReturnType<typeof familyOf>> = oneOf(FAMILY_SET);
const failureClass = oneOf(FAILURE_CLASS_SET);
const grade: Check<0 | 1 | 2 | 3 | 4 | 5> = (value, at) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 5
    ? null
    : `${at} is not a grade`;

const evidence = shape<Evidence>({
  kind: oneOf({
    "heartbeat-silence": true,
    "stream-closed": true,
    "stream-live": true,
    "kernel-probe": true,
    "gateway-probe": true,
    witness: true,
    condition: true,
    "new-boot-id": true,
    goodbye: true,
    "fence-device": true,
    census: true,
    operator: true,
  }),
  source: text(),
  outcome: text(),
  age: count(),
  at: count(),
  detail: text(),
});

const rule = shape<RuleApplied>({
  name: text(),
  thresholdsMs: mapOf(count()),
  because: text(),
});

const transition = shape<IncidentTransition>({
  number: count(),
  kind: oneOf({
    declared: true,
    changed: true,
    retracted: true,
    cleared: true,
    committed: true,
    closed: true,
    "node-returned": true,
  }),
  at: count(),
  failureClass,
  grade,
  message: text(),
  evidence: listOf(evidence),
  rule,
});

const hold = shape<Hold>({
  reason: oneOf({
    "store-unavailable": true,
    "generation-mismatch": true,
    "census-incomplete": true,
    "disruption-guard": true,
    "grade-too-low": true,
    "sign-of-life": true,
    denied: true,
    fencing: true,
    "fencing-unanswered": true,
    disarmed: true,
    maintenance: true,
  }),
  since: count(),
  releasedBy: text(),
});

const action = shape<IncidentAction>({
  id: text(),
  kind: text(),
  state: oneOf({ pending: true, running: true, succeeded: true, failed: true }),
  progress: nullable(count()),
  message: text(),
  by: text(),
  createdAt: count(),
  updatedAt: count(),
});

export const phaseCheck: Check<IncidentPhase> = oneOf({
  declared: true,
  committed: true,
  retracted: true,
  cleared: true,
  closed: true,
});

export const incidentRecordCheck: Check<IncidentRecord> = shape<IncidentRecord>({
  id: text(),
  node: text(),
  shard: count(),
  bootId: text(),
  family: familyCheck,
  origin: text(),
  subject: text(),
  onset: count(),
  phase: phaseCheck,
  failureClass,
  grade,
  reason: text(),
  message: text(),
  hold: nullable(hold),
  announced: flag(),
  shadow: flag(),
  drill: optional(text()),
  openedAt: count(),
  endedAt: nullable(count()),
  requestedAction: oneOf({
    none: true,
    "restart-guest": true,
    migrate: true,
    "fence-and-resurrect": true,
    "restart-service": true,
  }),
  transitions: listOf(transition),
  actions: listOf(action),
  attributes: mapOf(text()),
  labels: mapOf(text()),
  hostname: text(),
  decisions: anything(),
  review: anything(),
});
