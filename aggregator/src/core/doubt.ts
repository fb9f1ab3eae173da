/** A doubt about a node as its witnesses see it, and how it ends: the host lives, or is declared. Pure. */
import type { DurationMs, ListeningMs } from "@herdbeat/shared/time";
import { AGENT, endAgentIncident, openAgentIncident } from "./agent-verdict.ts";
import type { DetectionLimits } from "./detection-config.ts";
import type { HealthStep } from "./health-step.ts";
import { type DownBasis, declareDown, describeSilence } from "./host-verdict.ts";
import type { Evidence } from "./incident.ts";
import type { Instant, NodeEvent, NodeState } from "./node-state.ts";
import { witnessEvidence } from "./witness-evidence.ts";
import { sayingOf, type WitnessSaying, type WitnessView, witnessView } from "./witness-memory.ts";
import { outageOf } from "./zone-outage.ts";

/** Our own way to it is dead, somebody else's is not: the host lives. */
export function reachedByWitness(state: NodeState, doubt: Doubt, now: Instant): HealthStep {
  const { seeing } = doubt.view;
  const who = seeing.join(" and ");
  const isCutOff = state.probe.provenAt !== null && state.probe.lastOutcome === "no-answer";
  const because = describeSilence(
    state,
    now,
    isCutOff
      ? `its kernel answers ${who}, and no longer us: it is cut off from here`
      : `its kernel answers ${who}: the agent does not run, the host does`,
  );
  const failureClass = isCutOff ? "host-isolated" : "agent-stalled";
  const reason = isCutOff ? "ReachedByWitness" : "AgentSilent";
  const { witnesses } = doubt;
  return {
    health: {
      state: "agent-stalled",
      since: now.listening,
      cause: "isolated",
      lastAnswerAt: now.listening,
    },
    because,
    verdicts: [openAgentIncident(state, now, failureClass, reason, because, witnesses)],
    ask: "everybody",
  };
}

export interface Doubt {
  readonly view: WitnessView;
  readonly saying: WitnessSaying;
  /** Made only when it is needed: a doubt is looked at ten times a second. */
  readonly witnesses: readonly Evidence[];
}

export function doubtSince(
  state: NodeState,
  since: ListeningMs,
  now: Instant,
  limits: DetectionLimits,
  failedFor: DurationMs,
): Doubt {
  const view = witnessView(state, since, now, limits, failedFor);
  return {
    view,
    saying: sayingOf(view),
    get witnesses() {
      return witnessEvidence(state, since, now, limits);
    },
  };
}

/**
 * Whether somebody's answer forbids to declare the node, `lasted` after its silence began. One sick
 * witness may hold a declaration up, but not for ever.
 */
export function isRefuted({ saying }: Doubt, lasted: number, limits: DetectionLimits): boolean {
  return saying === "reached" || (saying === "outvoted" && lasted < limits.declareAfter * 2);
}

/** `mayProve`: our own probe, proven before, failed too; only then witnesses can raise the grade. */
export function declared(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "tick" }>,
  now: Instant,
  limits: DetectionLimits,
  rule: string,
  mayProve: boolean,
  doubt: Doubt,
): HealthStep {
  const agentIncident = state.incidents.some((one) => one.origin === AGENT);
  const basis = basisOf(rule, mayProve, doubt);
  const verdict = declareDown(state, event.own, outageOf(event.guard), now, limits, basis);
  return {
    health: { state: "declared", since: now.listening },
    because: verdict.message,
    verdicts: agentIncident
      ? [endAgentIncident("superseded: the host itself no longer answers", now), verdict]
      : [verdict],
    ask: "nobody",
  };
}

function basisOf(rule: string, mayProve: boolean, { view, saying, witnesses }: Doubt): DownBasis {
  const basis = { view, witnesses };
  if (saying === "outvoted") return { ...basis, rule: "silence-against-one-witness", grade: 0 };
  if (saying !== "unreachable" || !mayProve) return { ...basis, rule, grade: 0 };
  return { ...basis, rule: "silence-and-witnesses", grade: 1 };
}
