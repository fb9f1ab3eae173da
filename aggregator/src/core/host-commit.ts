/**
 * Whether an irreversible consequence may begin for a host that was declared from silence. Pure.
 *
 *   policy ─► operator's word ─► disarmed, paused, census ─► the domain ─► fencing ─► signs of life
 *          ─► witnesses ─► our own sight ─► time ─► permit ─► committed
 *
 * Guarantee: without proof that the host is off nothing but its fencing begins, and that only while
 * nobody gets any sign of life; time alone never suffices. Every answer but "ready" names what
 * releases it, in words that stay the same as long as the reason does.
 * Failure case: whatever changes between the question for the permit and its answer is looked at
 * again when the answer is here.
 */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { type DurationMs, durationMs, type ListeningMs, listeningMs } from "@herdbeat/shared/time";
import { type DetectionConfig, type DetectionLimits, ruleFor } from "./detection-config.ts";
import { SILENCE } from "./failure-detector.ts";
import type { Brake, GuardSight } from "./guard.ts";
import { type HealthStep, same } from "./health-step.ts";
import { probeIsProven, sightTrouble } from "./host-verdict.ts";
import type { IncidentRecord } from "./incident.ts";
import { HOST_GRADE_MIN, requestFor } from "./incident-request.ts";
import type { Instant, NodeEvent, NodeState, OwnSight, Verdict } from "./node-state.ts";
import { reviewOf } from "./review.ts";
import { witnessView } from "./witness-memory.ts";

export type CommitJudgement =
  /** Policy asks for nothing, or it is no business of ours any more. */
  | { readonly kind: "nothing" }
  | { readonly kind: "held"; readonly brake: Brake }
  /** For nothing but time. */
  | { readonly kind: "waits" }
  | {
      readonly kind: "ready";
      /** True: the host is proven off, recovery may be asked for. False: it must be fenced first. */
      readonly request: boolean;
      readonly rule: string;
      readonly because: string;
    };

/** What the runtime saw when the decision was made. */
export interface CommitSight {
  readonly own: OwnSight;
  readonly guard: GuardSight;
}

const NOTHING: CommitJudgement = { kind: "nothing" };

export function judgeCommit(
  state: NodeState,
  incident: IncidentRecord,
  { own, guard }: CommitSight,
  now: Instant,
  config: DetectionConfig,
): CommitJudgement {
  const { action, minGrade } = ruleFor(config.policy, incident.failureClass);
  if (incident.phase !== "declared" || incident.shadow || action !== "recover") return NOTHING;
  if (requestFor(incident.failureClass) === "none") return NOTHING;
  const word = reviewOf(incident)?.word ?? null;
  if (word === "deny") return held("denied", "an operator: herdctl hold approve");
  const isApproved = word === "approve";
  const { anyCommit } = guard;
  if (anyCommit !== null && (anyCommit.reason === "disarmed" || !isApproved)) {
    return { kind: "held", brake: anyCommit };
  }
  const least = Math.max(minGrade, HOST_GRADE_MIN);
  const isProven = incident.grade >= least;
  if (!isProven && guard.commit !== null && !isApproved) {
    return { kind: "held", brake: guard.commit };
  }
  if (!isProven && guard.fencing === "none") {
    return held(
      "grade-too-low",
      `a proof of grade ${least} or better, or a fence device; now ${incident.grade}`,
    );
  }
  const unproven = isProven ? null : silenceTrouble(state, incident, least, now, config.limits);
  if (unproven !== null) return unproven;
  const trouble = sightTrouble(own);
  if (trouble !== null) return held("disruption-guard", `clear sight of our own: ${trouble}`);
  return {
    kind: "ready",
    request: isProven,
    rule: isProven ? "policy-recover" : "silence-and-witnesses-fence",
    because: isProven
      ? `policy says recover for ${incident.failureClass} at grade ${least} or better; it is ${incident.grade}`
      : `policy says recover for ${incident.failureClass}; nobody gets a sign of life, so it is fenced first and recovered when that is confirmed`,
  };
}

/** Why its silence does not suffice to fence it yet; null: it does. */
function silenceTrouble(
  state: NodeState,
  incident: IncidentRecord,
  least: number,
  now: Instant,
  limits: DetectionLimits,
): CommitJudgement | null {
  const doubtBegan = listeningMs(state.lastHeardAt + limits.suspectAfter);
  const { seeing } = witnessView(state, doubtBegan, now, limits, durationMs(0));
  if (seeing.length > 0) {
    return held("sign-of-life", `no answer to ${seeing.join(" and ")} any more`);
  }
  const answered = lastAnswer(state, doubtBegan);
  const domains = silentDomains(state, now, limits);
  const isCarried = incident.grade >= 1 && domains.asked >= 2;
  const silent = isCarried ? Math.max(domains.proven, 2) : domains.proven;
  if (silent === 0 || !probeIsProven(state, limits)) {
    return held(
      "grade-too-low",
      `a proof of grade ${least} or better, or a witness that reached it before and does not now; now ${incident.grade}`,
    );
  }
  const bound = silenceBound(state, silent, limits);
  const quietSince = answered ?? state.lastHeardAt;
  const { lastOutcome, outcomeAskedAt } = state.probe;
  const isAsked = outcomeAskedAt !== null && now.listening - outcomeAskedAt <= limits.declareAfter;
  if (now.listening - quietSince >= bound && lastOutcome === "no-answer" && isAsked) return null;
  if (answered === null) return { kind: "waits" };
  return held("sign-of-life", `no answer of its kernel for ${formatDuration(bound)}`);
}

/**
 * How long nobody may have got any sign of life. What an earlier owner declared was never heard here:
 * its agent may take as long as any other to come back, and who else of its rack is out is known only then.
 */
function silenceBound(state: NodeState, silent: number, limits: DetectionLimits): DurationMs {
  const { health } = state;
  const isInherited = health.state === "declared" && state.lastHeardAt >= health.since;
  if (isInherited) return durationMs(limits.reconnectBound + limits.declareAfter);
  return silent >= 2 ? limits.commitWithWitnesses : limits.commitWithOneWitness;
}

/** The last answer of its kernel to anybody since the doubt began: whoever gave it, something lived. */
function lastAnswer(state: NodeState, since: ListeningMs): ListeningMs | null {
  const all = [state.probe.lastAnsweredAt, ...state.witnesses.map((one) => one.lastAnsweredAt)];
  const last = Math.max(-1, ...all.map((at) => at ?? -1));
  return last >= since ? listeningMs(last) : null;
}

/** In how many failure domains witnesses were asked just now, and got no answer in any way. */
function silentDomains(
  state: NodeState,
  now: Instant,
  limits: DetectionLimits,
): { readonly asked: number; readonly proven: number } {
  const recent = listeningMs(Math.max(0, now.listening - limits.declareAfter));
  const view = witnessView(state, recent, now, limits, durationMs(0));
  const asked = new Set(
    state.witnesses
      .filter((one) => one.lastAskedAt >= recent && one.lastOutcome === "no-answer")
      .map((one) => one.domain),
  );
  return { asked: asked.size, proven: view.blindDomains };
}

function held(reason: Brake["reason"], releasedBy: string): CommitJudgement {
  return { kind: "held", brake: { reason, releasedBy } };
}

/** What a declared host's tick adds for its commit; null: nothing. */
export function commitTick(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "tick" }>,
  now: Instant,
  config: DetectionConfig,
): Pick<HealthStep, "verdicts" | "ask" | "askPermit"> | null {
  const incident = silenceOf(state);
  if (state.health.state !== "declared" || incident === undefined) return null;
  // Nobody knows who speaks for the node.
  if (state.conflictAt !== null) return null;
  const judged = judgeCommit(state, incident, event, now, config);
  if (judged.kind === "nothing") return null;
  // As long as it may be committed its silence is looked at as closely as before it was declared.
  const asked = state.probe.lastAskedAt;
  const isDue = asked === null || now.listening - asked >= config.limits.probeInterval;
  const ask = isDue && event.guard.fencing === "ready" ? "everybody" : "nobody";
  if (judged.kind === "ready") return { verdicts: [], ask, askPermit: incident.id };
  return { verdicts: [holdVerdict(judged.kind === "held" ? judged.brake : null)], ask };
}

/** The store has answered: everything is looked at again. */
export function onPermit(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "permit" }>,
  now: Instant,
  config: DetectionConfig,
): HealthStep {
  const { health } = state;
  const incident = silenceOf(state);
  if (health.state !== "declared" || incident?.id !== event.incident) return same(health);
  if (state.conflictAt !== null) return same(health);
  const judged = judgeCommit(state, incident, event, now, config);
  if (judged.kind === "nothing") return same(health);
  if (judged.kind !== "ready") {
    return {
      ...same(health),
      verdicts: [holdVerdict(judged.kind === "held" ? judged.brake : null)],
    };
  }
  if (event.outcome === "refused") {
    const brake = { reason: "disruption-guard", releasedBy: event.releasedBy } as const;
    return { ...same(health), verdicts: [holdVerdict(brake)] };
  }
  const { request, rule, because } = judged;
  return {
    health: { state: "committed", since: now.listening },
    because: request ? "recovery is asked for" : "it is being fenced",
    verdicts: [{ kind: "commit", origin: SILENCE, subject: "", request, rule, because }],
    ask: "nobody",
  };
}

function silenceOf({ incidents }: NodeState): IncidentRecord | undefined {
  return incidents.find((one) => one.origin === SILENCE);
}

function holdVerdict(brake: Brake | null): Verdict {
  return { kind: "hold", origin: SILENCE, subject: "", brake };
}
