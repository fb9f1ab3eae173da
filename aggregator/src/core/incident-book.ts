/**
 * Turns verdicts into the life of incidents: opens, changes, announces, retracts, clears. Pure.
 * At most one open incident per (origin, subject) of a node; a second verdict changes it.
 */
import { type FailureClass, familyOf, type Grade } from "@herdbeat/shared/classes";
import { shardOf } from "@herdbeat/shared/ids";
import { type DetectionConfig, ruleFor } from "./detection-config.ts";
import { fencingHold } from "./fencing.ts";
import {
  type Evidence,
  type IncidentRecord,
  type IncidentTransition,
  incidentKey,
  lastTransitionNumber,
} from "./incident.ts";
import { holdBack, holdOf } from "./incident-hold.ts";
import { requestFor } from "./incident-request.ts";
import { append } from "./incident-timeline.ts";
import type { Effect, Instant, NodeState, Verdict } from "./node-state.ts";

const SILENCE = "silence";

export interface BookStep {
  readonly incidents: readonly IncidentRecord[];
  readonly effects: readonly Effect[];
}

type Open = Extract<Verdict, { kind: "open" }>;
type Commit = Extract<Verdict, { kind: "commit" }>;
type End = Extract<Verdict, { kind: "end" }>;

export interface BookContext {
  readonly config: DetectionConfig;
  readonly now: Instant;
}

export function applyVerdicts(
  state: NodeState,
  verdicts: readonly Verdict[],
  context: BookContext,
): BookStep {
  let incidents = state.incidents;
  const effects: Effect[] = [];
  for (const verdict of verdicts) {
    const current = incidents.find(
      (one) => one.origin === verdict.origin && one.subject === verdict.subject,
    );
    const next = applyOne(state, current, verdict, context, effects);
    incidents = replace(incidents, current, next);
  }
  return { incidents, effects };
}

function applyOne(
  state: NodeState,
  current: IncidentRecord | undefined,
  verdict: Verdict,
  context: BookContext,
  effects: Effect[],
): IncidentRecord | null {
  switch (verdict.kind) {
    case "open":
      return current === undefined
        ? open(state, verdict, context, effects)
        : change(current, verdict, context, effects);
    case "announce":
      return current === undefined ? null : announce(current, context, effects);
    case "hold":
      return current === undefined ? null : holdBack(current, verdict, context, effects);
    case "commit":
      return current?.phase !== "declared"
        ? (current ?? null)
        : commit(current, verdict, context, effects);
    case "end":
      return current === undefined ? null : end(current, verdict, context, effects);
  }
}

function open(
  state: NodeState,
  given: Open,
  context: BookContext,
  effects: Effect[],
): IncidentRecord {
  const { config, now } = context;
  const { record } = state;
  const drill = given.origin === SILENCE ? state.drill : null;
  const verdict = drill === null ? given : { ...given, message: `drill: ${given.message}` };
  const family = familyOf(verdict.failureClass);
  const subject = verdict.subject;
  const transition = transitionOf(0, "declared", verdict, context);
  const incident: IncidentRecord = {
    id: config.incidentIdOf(
      incidentKey({
        cluster: config.clusterId,
        node: record.id,
        bootId: record.bootId,
        family,
        subject: `${verdict.origin}|${subject}`,
        onset: verdict.onset,
      }),
    ),
    node: record.id,
    shard: shardOf(record.id),
    bootId: record.bootId,
    family,
    origin: verdict.origin,
    subject,
    onset: verdict.onset,
    phase: "declared",
    failureClass: verdict.failureClass,
    grade: verdict.grade,
    reason: verdict.reason,
    message: verdict.message,
    hold: holdOf(verdict.failureClass, verdict.grade, context),
    announced: verdict.announce,
    // What is only played is decided and told, and nothing is ever asked for.
    shadow: config.shadow || record.shadow || drill !== null,
    ...(drill === null ? {} : { drill: drill.id }),
    openedAt: now.wall,
    endedAt: null,
    requestedAction: "none",
    transitions: [transition],
    actions: [],
    attributes: verdict.attributes,
    labels: record.labels,
    hostname: record.hostname,
    decisions: [],
  };
  effects.push({
    kind: "transition",
    incident,
    transition,
    expect: null,
    deliver: verdict.announce && isTold(verdict.failureClass, context),
    request: false,
  });
  return committed(incident, context, effects);
}

/**
 * Whether an irreversible consequence may begin by the incident alone: policy asks for recovery, and
 * the proof suffices. Never for a host: what holds its commit is in host-commit.ts.
 */
function mayCommit(incident: IncidentRecord, context: BookContext): boolean {
  const rule = ruleFor(context.config.policy, incident.failureClass);
  // An incident keeps its family when its class changes: an agent's can become a host's.
  const isHosts = incident.family === "host" || familyOf(incident.failureClass) === "host";
  return (
    !isHosts &&
    incident.phase === "declared" &&
    !incident.shadow &&
    rule.action === "recover" &&
    incident.grade >= rule.minGrade &&
    requestFor(incident.failureClass) !== "none"
  );
}

function committed(
  incident: IncidentRecord,
  context: BookContext,
  effects: Effect[],
): IncidentRecord {
  if (!mayCommit(incident, context)) return incident;
  const { minGrade } = ruleFor(context.config.policy, incident.failureClass);
  const because = `policy says recover for ${incident.failureClass} at grade ${minGrade} or better; it is ${incident.grade}`;
  return commit(incident, { request: true, rule: "policy-recover", because }, context, effects);
}

/** Nobody can take this back: from here on only a close ends the incident. */
function commit(
  current: IncidentRecord,
  { request, rule, because }: Pick<Commit, "request" | "rule" | "because">,
  context: BookContext,
  effects: Effect[],
): IncidentRecord {
  const requestedAction = requestFor(current.failureClass);
  const transition: IncidentTransition = {
    number: lastTransitionNumber(current) + 1,
    kind: "committed",
    at: context.now.wall,
    failureClass: current.failureClass,
    grade: current.grade,
    message: request
      ? `recovery is asked for: ${requestedAction}`
      : `it is fenced first; ${requestedAction} is asked for when it is confirmed off`,
    evidence: current.transitions.at(-1)?.evidence ?? [],
    rule: {
      name: rule,
      thresholdsMs: {},
      because,
    },
  };
  const incident: IncidentRecord = {
    ...append(current, transition),
    phase: "committed",
    // Whoever is told of a commit is told how it goes on, also of a part of an outage.
    announced: true,
    requestedAction,
    hold: request ? null : fencingHold(context.now),
  };
  effects.push({
    kind: "transition",
    incident,
    transition,
    expect: "declared",
    deliver: true,
    request,
  });
  return incident;
}

function change(
  current: IncidentRecord,
  verdict: Open,
  context: BookContext,
  effects: Effect[],
): IncidentRecord {
  if (current.failureClass === verdict.failureClass && current.reason === verdict.reason) {
    return current;
  }
  const transition = transitionOf(lastTransitionNumber(current), "changed", verdict, context);
  const incident: IncidentRecord = {
    ...append(current, transition),
    failureClass: verdict.failureClass,
    grade: higher(current.grade, verdict.grade),
    reason: verdict.reason,
    message: verdict.message,
    attributes: { ...current.attributes, ...verdict.attributes },
    // After a commit only what it waits for itself releases it.
    hold:
      current.phase === "committed"
        ? current.hold
        : holdOf(verdict.failureClass, higher(current.grade, verdict.grade), context),
  };
  effects.push(told(incident, transition, current, context));
  return committed(incident, context, effects);
}

function announce(
  current: IncidentRecord,
  context: BookContext,
  effects: Effect[],
): IncidentRecord {
  if (current.announced) return current;
  const incident = { ...current, announced: true };
  const transition = current.transitions.at(-1);
  if (transition !== undefined) effects.push(told(incident, transition, current, context));
  return incident;
}

/** Null: the incident has left the list of open ones. */
function end(
  current: IncidentRecord,
  verdict: End,
  context: BookContext,
  effects: Effect[],
): IncidentRecord | null {
  const { now } = context;
  if (current.phase === "committed" && current.origin.startsWith("condition:")) {
    return close(current, verdict, context, effects);
  }
  // After a commit only its own closing ends a host's incident; the return is told as a fact.
  const committed = current.phase === "committed";
  if (committed && current.transitions.at(-1)?.kind === "node-returned") return current;
  const transition: IncidentTransition = {
    number: lastTransitionNumber(current) + 1,
    kind: committed ? "node-returned" : verdict.as,
    at: now.wall,
    failureClass: committed ? "node-returned" : current.failureClass,
    grade: current.grade,
    message: verdict.message,
    evidence: named(verdict.evidence, context),
    rule: {
      name: committed ? "returned-after-commit" : verdict.as,
      thresholdsMs: {},
      because: committed
        ? "after a commit the node stays out until the incident is closed"
        : "what declared it has been refuted or is over",
    },
  };
  const incident: IncidentRecord = committed
    ? append(current, transition)
    : { ...append(current, transition), phase: verdict.as, endedAt: now.wall, hold: null };
  effects.push(told(incident, transition, current, context));
  return committed ? incident : null;
}

/** What was recovered is well again, by the agent's own word. */
function close(
  current: IncidentRecord,
  verdict: End,
  context: BookContext,
  effects: Effect[],
): null {
  const transition: IncidentTransition = {
    number: lastTransitionNumber(current) + 1,
    kind: "closed",
    at: context.now.wall,
    failureClass: current.failureClass,
    grade: current.grade,
    message: verdict.message,
    evidence: named(verdict.evidence, context),
    rule: { name: "condition-over", thresholdsMs: {}, because: "the reported condition is over" },
  };
  const ended: IncidentRecord = {
    ...append(current, transition),
    phase: "closed",
    endedAt: context.now.wall,
  };
  effects.push(told(ended, transition, current, context));
  return null;
}

function told(
  incident: IncidentRecord,
  transition: IncidentTransition,
  before: IncidentRecord,
  context: BookContext,
): Effect {
  return {
    kind: "transition",
    incident,
    transition,
    expect: before.phase === "committed" ? "committed" : "declared",
    deliver: incident.announced && isTold(incident.failureClass, context),
    request: false,
  };
}

function transitionOf(
  lastNumber: number,
  kind: "declared" | "changed",
  verdict: Open,
  context: BookContext,
): IncidentTransition {
  return {
    number: lastNumber + 1,
    kind,
    at: context.now.wall,
    failureClass: verdict.failureClass,
    grade: verdict.grade,
    message: verdict.message,
    evidence: named(verdict.evidence, context),
    rule: verdict.rule,
  };
}

function named(evidence: readonly Evidence[], context: BookContext): readonly Evidence[] {
  return evidence.map((one) =>
    one.source === "self" ? { ...one, source: context.config.aggregator } : one,
  );
}

function isTold(failureClass: FailureClass, context: BookContext): boolean {
  return ruleFor(context.config.policy, failureClass).action !== "ignore";
}

function higher(a: Grade, b: Grade): Grade {
  return a > b ? a : b;
}

function replace(
  incidents: readonly IncidentRecord[],
  before: IncidentRecord | undefined,
  after: IncidentRecord | null,
): readonly IncidentRecord[] {
  if (before === undefined) return after === null ? incidents : [...incidents, after];
  if (before === after) return incidents;
  return after === null
    ? incidents.filter((one) => one !== before)
    : incidents.map((one) => (one === before ? after : one));
}
