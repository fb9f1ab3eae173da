/**
 * Hysteresis: a path that loses packets makes no node's shown state flicker, and is named. Pure.
 *
 * What is *decided* knows nothing of this: doubts begin, are refuted, and end in declarations as ever.
 * Only the state that people see follows more slowly:
 * - a doubt that ends before `declareAfter` is not shown;
 * - one that was shown stays shown until the node was steady for STEADY_AFTER, unless its return explains
 *   it: another process, another boot, an agent that says that it was stopped itself;
 * - once a node wobbles, its doubts are shown, and open incidents of its agent, only when they have lasted
 *   for `agentPageAfter`.
 * Two doubts within STEADY_AFTER, or two late heartbeats within LATE_WITHIN, are named `host-degraded`.
 */
import { durationMs, type ListeningMs } from "@herdbeat/shared/time";
import { AGENT } from "./agent-verdict.ts";
import type { DetectionLimits } from "./detection-config.ts";
import type { HealthStep } from "./health-step.ts";
import { describeSilence } from "./host-verdict.ts";
import type { NodeStateName } from "./node-record.ts";
import type { Instant, NodeEvent, NodeState, Steadiness, Verdict } from "./node-state.ts";

/** Origin of verdicts about how well a living node is heard. */
export const PATH = "path";

/** A state that flaps is shown to change at most once in this time. */
export const STEADY_AFTER_MS = 600_000;
/** Two late heartbeats within it are no accident. */
export const LATE_WITHIN_MS = 10_000;

const HELD = "heard again; shown as before until it has been steady for ten minutes";
const STEADY_AGAIN = "steady again for ten minutes";

/** The memory after what happened, and what it says of the path. */
export function followSteadiness(
  before: NodeState,
  current: NodeState,
  event: NodeEvent,
  outcome: HealthStep,
  now: Instant,
  limits: DetectionLimits,
): { readonly current: NodeState; readonly outcome: HealthStep } {
  const former = current.steadiness;
  // A silence that is only played says nothing of the path.
  if (before.drill !== null) return { current, outcome };
  const steadiness = steadinessAfter(before, current, event, outcome, now, limits);
  const isNamed = steadiness?.isUnsteady === true;
  const verdicts = wobbles(former)
    ? outcome.verdicts.filter((one) => !isEarlyAgentVerdict(one, outcome))
    : outcome.verdicts;
  const isOpen = current.incidents.some((one) => one.origin === PATH);
  const news: Verdict[] = [];
  if (isNamed && !isOpen) news.push(degraded(current, steadiness, now));
  const hasRebooted = before.record.bootId !== current.record.bootId;
  if (isOpen && !isNamed) {
    news.push(steady(outcome.health.state === "alive" && !hasRebooted, now));
  }
  const isSame = news.length === 0 && verdicts.length === outcome.verdicts.length;
  return {
    current: steadiness === former ? current : { ...current, steadiness },
    outcome: isSame ? outcome : { ...outcome, verdicts: [...verdicts, ...news] },
  };
}

export function wobbles(steadiness: Steadiness | null): boolean {
  return steadiness !== null && (steadiness.doubts > 0 || steadiness.isUnsteady);
}

/** `livingHostTick` opens it when the trouble has lasted. */
function isEarlyAgentVerdict(verdict: Verdict, { health }: HealthStep): boolean {
  const isAgents = health.state === "agent-down" || health.state === "agent-stalled";
  return isAgents && verdict.kind === "open" && verdict.origin === AGENT && !verdict.announce;
}

function steadinessAfter(
  before: NodeState,
  current: NodeState,
  event: NodeEvent,
  { health }: HealthStep,
  now: Instant,
  limits: DetectionLimits,
): Steadiness | null {
  const former = current.steadiness;
  const hasRebooted = before.record.bootId !== current.record.bootId;
  // What is said of the host now says more than how it was heard before.
  if (hasRebooted || isTold(health.state)) return null;
  if (event.kind === "late") return afterLate(former, now);
  const ownStall = event.kind === "heard" && (event.ownLagMs ?? 0) >= limits.suspectAfter;
  if (isDoubt(before.health.state) && health.state === "alive") {
    const isExplained = ownStall || before.record.processId !== current.record.processId;
    return isExplained ? former : afterDoubt(former, now);
  }
  if (former === null) return null;
  // It came back by a hello, and its first heartbeat says that it was stopped itself.
  if (ownStall && former.doubts === 1 && !former.isUnsteady) return null;
  const patience = wobbles(former) ? STEADY_AFTER_MS : LATE_WITHIN_MS;
  const isOver = health.state === "alive" && now.listening - former.lastAt >= patience;
  return isOver ? null : former;
}

function afterLate(former: Steadiness | null, now: Instant): Steadiness {
  const lateAt = now.listening;
  if (former === null) return { doubts: 0, lateAt, lastAt: lateAt, isUnsteady: false };
  const isPair = former.lateAt !== null && lateAt - former.lateAt <= LATE_WITHIN_MS;
  return isPair
    ? { ...former, lateAt, lastAt: lateAt, isUnsteady: true }
    : { ...former, lateAt, lastAt: wobbles(former) ? former.lastAt : lateAt };
}

function afterDoubt(former: Steadiness | null, now: Instant): Steadiness {
  const doubts = (former?.doubts ?? 0) + 1;
  return {
    doubts,
    lateAt: former?.lateAt ?? null,
    lastAt: now.listening,
    isUnsteady: former?.isUnsteady === true || doubts >= 2,
  };
}

/** Of a node that may live and is not heard. */
function isDoubt(state: NodeStateName): boolean {
  return state === "suspect" || state === "agent-stalled" || state === "agent-down";
}

function isTold(state: NodeStateName): boolean {
  return state === "declared" || state === "committed" || state === "left" || state === "unseen";
}

export interface Shown {
  readonly state: NodeStateName;
  readonly because: string;
}

/** The state that people see, and why. `next` has the new health, record and memory. */
export function shown(
  before: NodeState,
  next: NodeState,
  event: NodeEvent,
  outcome: HealthStep,
  now: Instant,
  limits: DetectionLimits,
): Shown {
  const { state: from, stateReason } = next.record;
  const { health } = next;
  const isUnchanged = before.health === health && outcome.because === null;
  if (isUnchanged && health.state !== "alive" && !isDoubt(health.state)) {
    return { state: from, because: stateReason };
  }
  if (isHeld(before, next)) return { state: from, because: HELD };
  if (isHeldBack(before, next, event, outcome, now, limits)) {
    return { state: from, because: stateReason };
  }
  // A doubt that was never shown is over: nothing is to be said.
  const isUnnoticed =
    from === health.state && event.kind === "heard" && isDoubt(before.health.state);
  const because = isUnnoticed ? null : outcome.because;
  if (from === health.state) return { state: from, because: because ?? stateReason };
  return { state: health.state, because: because ?? reasonOf(next, now) };
}

/** It is heard again, and nothing explains why it was not. */
function isHeld(before: NodeState, { record, health, steadiness }: NodeState): boolean {
  const isExplained = before.record.processId !== record.processId;
  return health.state === "alive" && isDoubt(record.state) && wobbles(steadiness) && !isExplained;
}

/** A doubt that has not lasted long enough to be shown. */
function isHeldBack(
  before: NodeState,
  next: NodeState,
  event: NodeEvent,
  outcome: HealthStep,
  now: Instant,
  limits: DetectionLimits,
): boolean {
  const { record, health, lastHeardAt } = next;
  if (!isDoubt(health.state) || (record.state !== "alive" && !isDoubt(record.state))) return false;
  // Why somebody is not judged is said at once.
  const isRefused = event.kind === "tick" && outcome.because !== null && before.health === health;
  return !isRefused && now.listening - lastHeardAt < shownAfter(next, limits);
}

function shownAfter({ health, steadiness }: NodeState, limits: DetectionLimits): number {
  if (wobbles(steadiness)) return limits.agentPageAfter;
  // A closed stream is a fact, not a silence.
  return health.state === "agent-down" ? 0 : limits.declareAfter;
}

function reasonOf(next: NodeState, now: Instant): string {
  const { health } = next;
  const known = next.incidents.find((one) => one.origin === AGENT);
  if (known !== undefined && health.state !== "alive") return known.message;
  switch (health.state) {
    case "suspect":
      return describeSilence(next, now, "not judged yet");
    case "agent-stalled":
      return describeSilence(
        next,
        now,
        health.cause === "isolated"
          ? "witnesses reach it"
          : "its kernel answers: the agent does not run, the host does",
      );
    case "agent-down":
      return describeSilence(next, now, "its agent process is gone");
    default:
      return STEADY_AGAIN;
  }
}

/** Quiet: it is shown and kept, and nobody is told. */
function degraded(state: NodeState, steadiness: Steadiness, now: Instant): Verdict {
  const { doubts } = steadiness;
  const message =
    doubts >= 2
      ? `heard again after ${doubts} silences within ten minutes each: the path to it loses packets`
      : "its heartbeats come late again and again: the path to it loses packets";
  return {
    kind: "open",
    origin: PATH,
    subject: "",
    onset: state.record.sessionEpoch,
    failureClass: "host-degraded",
    grade: 0,
    reason: doubts >= 2 ? "PathUnsteady" : "HeartbeatsLate",
    message,
    evidence: [
      {
        kind: "stream-live",
        source: "self",
        outcome: "unsteady",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
    rule: {
      name: "unsteady-path",
      thresholdsMs: { steadyAfter: STEADY_AFTER_MS, lateWithin: LATE_WITHIN_MS },
      because: "a node that is heard again and again lives: its path is in trouble",
    },
    attributes: {},
    announce: false,
  };
}

function steady(isSteady: boolean, now: Instant): Verdict {
  const message = isSteady ? STEADY_AGAIN : "superseded by what became of the host";
  return {
    kind: "end",
    origin: PATH,
    subject: "",
    as: "cleared",
    message,
    evidence: [
      {
        kind: "stream-live",
        source: "self",
        outcome: isSteady ? "steady" : "superseded",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
  };
}

/** After a takeover: an incident that says so is the memory. */
export function unsteadySince(now: ListeningMs): Steadiness {
  return { doubts: 0, lateAt: null, lastAt: now, isUnsteady: true };
}
