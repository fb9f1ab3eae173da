/**
 * Records what a decision was made from, so that it can be run again (`replay.ts`). Pure.
 *
 * Only what the core reads for this one incident is kept: of a host with four hundred guests in
 * trouble each incident records its own guest. Bounds: DECISION_CHARS_MAX for one text, beyond it
 * the inputs are left out and that is said; DECISIONS_KEPT_MAX for an incident, see `bounded`.
 * A decision is recorded when it makes a transition, never otherwise, so an idle fleet costs nothing.
 */
import type { UnixMs } from "@herdbeat/shared/time";
import { CONDITIONS_MAX } from "./condition-tracker.ts";
import {
  CORE_VERSION,
  DECISION_CHARS_MAX,
  type Decision,
  type DecisionKey,
  type Made,
  type Outcome,
  sealed,
} from "./decision-text.ts";
import type { DetectionConfig } from "./detection-config.ts";
import { SILENCE } from "./failure-detector.ts";
import type { IncidentRecord } from "./incident.ts";
import type { BookStep } from "./incident-book.ts";
import type { NodeRecord } from "./node-record.ts";
import type { Effect, Instant, NodeEvent, NodeState } from "./node-state.ts";

/** The refusal before it, the declaration, the commit, and the last three. */
export const DECISIONS_KEPT_MAX = 6;

const CONDITION = "condition:";

/** The arguments of one step. */
export interface DecisionCall {
  readonly before: NodeState;
  readonly event: NodeEvent;
  readonly now: Instant;
  readonly config: DetectionConfig;
}

export type TransitionEffect = Extract<Effect, { kind: "transition" }>;

export interface Refusal {
  readonly at: UnixMs;
  /** Text of the decision. */
  readonly decision: string;
}

/** Texts of an incident's decisions, oldest first; one that is no text becomes a damaged one. */
export function decisionsOf({ decisions }: Pick<IncidentRecord, "decisions">): readonly string[] {
  if (decisions === undefined) return [];
  if (!Array.isArray(decisions)) return [""];
  return decisions
    .slice(0, DECISIONS_KEPT_MAX)
    .map((one: unknown) => (typeof one === "string" ? one : ""));
}

export function refusalOf({ refusal }: Pick<NodeRecord, "refusal">): Refusal | null {
  if (typeof refusal !== "object" || refusal === null) return null;
  const { at, decision } = refusal as Partial<Refusal>;
  return typeof at === "number" && typeof decision === "string" ? { at, decision } : null;
}

/** Gives every incident that made a transition the inputs of that decision. */
export function withDecisions(call: DecisionCall, book: BookStep): BookStep {
  const recorded = new Map<string, readonly string[]>();
  for (const effect of book.effects) {
    if (effect.kind === "hold") {
      recorded.set(effect.incident.id, heldFor(call, effect.incident));
      continue;
    }
    if (effect.kind !== "transition" || recorded.has(effect.incident.id)) continue;
    recorded.set(effect.incident.id, recordFor(call, book.effects, effect.incident));
  }
  if (recorded.size === 0) return book;
  const attach = (incident: IncidentRecord): IncidentRecord => {
    const decisions = recorded.get(incident.id);
    return decisions === undefined ? incident : { ...incident, decisions };
  };
  // One object for the store and for memory, wherever the book used one.
  const last = new Map<IncidentRecord, IncidentRecord>();
  for (const incident of book.incidents) last.set(incident, attach(incident));
  return {
    incidents: book.incidents.map((one) => last.get(one) ?? one),
    effects: book.effects.map((effect) =>
      effect.kind === "transition" || effect.kind === "hold"
        ? { ...effect, incident: last.get(effect.incident) ?? attach(effect.incident) }
        : effect,
    ),
  };
}

function recordFor(
  call: DecisionCall,
  effects: readonly Effect[],
  incident: IncidentRecord,
): readonly string[] {
  const { record } = call.before;
  const made = madeOf(effects, incident);
  // What others made too large does not grow with every write.
  const former = decisionsOf(incident).filter((text) => text.length <= DECISION_CHARS_MAX + 200);
  const isNew = made.some((one) => one.expect === null);
  const refusal = refusalOf(record);
  // Only a refusal since it was heard last belongs to the story.
  const refused =
    isNew && incident.origin === SILENCE && refusal !== null && refusal.at >= record.lastSeenAt
      ? [refusal.decision]
      : [];
  const kinds = made.map((one) => (isRepeat(call.before, one, incident) ? "announced" : one.kind));
  const text = decisionText(kinds.join("+"), call, incident, { kind: "made", made });
  return bounded([...former, ...refused, text]);
}

/** What held it before is of interest no longer: only the last such decision is kept. */
function heldFor(call: DecisionCall, incident: IncidentRecord): readonly string[] {
  const former = decisionsOf(incident).filter((text) => !text.startsWith("held "));
  const { hold } = incident;
  return bounded([...former, decisionText("held", call, incident, { kind: "held", hold })]);
}

/** A transition that was known before was only told now. */
function isRepeat(before: NodeState, made: Made, incident: IncidentRecord): boolean {
  const known = before.incidents.find((one) => one.id === incident.id);
  return known?.transitions.some((one) => one.number === made.number) === true;
}

/** Keeps how it began, what cannot be taken back, and the last ones. */
export function bounded(texts: readonly string[]): readonly string[] {
  if (texts.length <= DECISIONS_KEPT_MAX) return texts;
  const isPinned = (text: string): boolean => /^\S*\b(?:refused|declared|committed)\b/.test(text);
  const free = texts.filter((text) => !isPinned(text));
  const room = Math.max(1, DECISIONS_KEPT_MAX - (texts.length - free.length));
  const dropped = new Set(free.slice(0, Math.max(0, free.length - room)));
  return texts.filter((text) => !dropped.has(text)).slice(0, DECISIONS_KEPT_MAX);
}

/** Why a silent node was not judged, with everything that this was concluded from. */
export function refusalText(call: DecisionCall, because: string): string {
  const key = { origin: SILENCE, subject: "" };
  return decisionText("refused", call, key, { kind: "refused", because });
}

function decisionText(
  what: string,
  { before, event, now, config }: DecisionCall,
  { origin, subject }: DecisionKey,
  outcome: Outcome,
): string {
  const key = { origin, subject };
  const decision: Decision = {
    core: CORE_VERSION,
    key,
    listening: now.listening,
    wall: now.wall,
    state: stateFor(before, key),
    event: eventFor(event, key),
    config: { ...config, policy: policyFor(config, before, key, outcome) },
    outcome,
  };
  const json = JSON.stringify(decision);
  return json.length <= DECISION_CHARS_MAX
    ? sealed(what, json)
    : sealed(what, JSON.stringify({ core: CORE_VERSION, wall: now.wall, omitted: json.length }));
}

/** Of transitions of one incident, in their order. */
export function madeOf(
  effects: readonly Effect[],
  { origin, subject }: DecisionKey,
): readonly Made[] {
  return transitionsOf(effects, { origin, subject }).map(
    ({ incident, transition, expect, deliver, request }) => ({
      number: transition.number,
      kind: transition.kind,
      expect,
      deliver,
      request,
      phase: incident.phase,
      failureClass: incident.failureClass,
      grade: incident.grade,
      reason: incident.reason,
      hold: incident.hold,
      announced: incident.announced,
      shadow: incident.shadow,
      requestedAction: incident.requestedAction,
    }),
  );
}

export function transitionsOf(
  effects: readonly Effect[],
  key: DecisionKey,
): readonly TransitionEffect[] {
  return effects.filter(
    (effect): effect is TransitionEffect =>
      effect.kind === "transition" &&
      effect.incident.origin === key.origin &&
      effect.incident.subject === key.subject,
  );
}

/** Other subjects' conditions and incidents decide nothing here, and old inputs would nest for ever. */
function stateFor(state: NodeState, key: DecisionKey): NodeState {
  const { refusal: _refusal, ...record } = state.record;
  return {
    ...state,
    incidents: state.incidents
      .filter((one) => !one.origin.startsWith(CONDITION) || isSame(one, key))
      .map((one) => ({
        ...one,
        decisions: [],
        transitions: one.transitions.slice(-1),
        actions: [],
      })),
    record: {
      ...record,
      inventoryJson: "",
      conditions: record.conditions.filter((one) => isOf(one, key)),
    },
  };
}

function eventFor(event: NodeEvent, key: DecisionKey): NodeEvent {
  switch (event.kind) {
    case "hello":
      return { ...event, facts: { ...event.facts, inventoryJson: "" } };
    case "conditions":
      return {
        ...event,
        // A monitor that can not tell says so without a subject.
        conditions: event.conditions
          .slice(0, CONDITIONS_MAX)
          .filter((one) => isOf(one, key) || isOf(one, { ...key, subject: "" })),
      };
    case "fenced":
    case "close":
    case "heard":
    case "late":
    case "closed":
    case "goodbye":
    case "probed":
    case "witnessed":
    case "tick":
    case "permit":
    case "conflict":
    case "event":
    case "drill-begin":
    case "drill-end":
      return event;
  }
}

/** The rules of the classes that this incident had or was given. */
function policyFor(
  { policy }: DetectionConfig,
  before: NodeState,
  key: DecisionKey,
  outcome: Outcome,
): DetectionConfig["policy"] {
  const classes = new Set(
    before.incidents.filter((one) => isSame(one, key)).map((one) => one.failureClass),
  );
  if (outcome.kind === "made") for (const one of outcome.made) classes.add(one.failureClass);
  return Object.fromEntries(
    [...classes].flatMap((one) => (policy[one] === undefined ? [] : [[one, policy[one]]])),
  );
}

function isSame(one: DecisionKey, key: DecisionKey): boolean {
  return one.origin === key.origin && one.subject === key.subject;
}

function isOf(
  condition: { readonly monitor: string; readonly subject: string },
  key: DecisionKey,
): boolean {
  return `${CONDITION}${condition.monitor}` === key.origin && condition.subject === key.subject;
}
