/**
 * Is the host dead? Pure: same arguments, same result.
 *
 *             heartbeat                      goodbye
 *   awaited ────────────► alive ───────────────────────► left
 *      │                   │ silence / stream closed       │
 *      │                   ▼                               │ proven probe
 *      │                suspect ──kernel answers──► agent-stalled (silent) / agent-down (closed)
 *      │                   │                               │ fails for the full timeout
 *      └──proven probe─────┴───────────► declared ◄────────┘
 *         fails, full timeout               │  any frame of the same boot: alive again (retracted)
 *                                           └─ commit (elsewhere): committed until closed
 *
 * Guarantee: no verdict from time that this process did not listen (the caller's clock excludes
 * it); none while this process itself may be cut off; a kernel that answers is never declared.
 * Source: design sections 2 and 6; vocabulary of Chandra & Toueg and of memberlist.
 */
import { assertNever } from "@herdbeat/shared/assert";
import { durationMs, type ListeningMs } from "@herdbeat/shared/time";
import {
  AGENT,
  endAgentIncident,
  lastingAgentIncident,
  openAgentIncident,
} from "./agent-verdict.ts";
import type { DetectionLimits } from "./detection-config.ts";
import { declared, doubtSince, isRefuted, reachedByWitness } from "./doubt.ts";
import { type Ask, type HealthStep, same } from "./health-step.ts";
import {
  describeSilence,
  probeFailedFor,
  probeFailedSince,
  probeIsProven,
  sightTrouble,
} from "./host-verdict.ts";
import type { Instant, NodeEvent, NodeHealth, NodeState } from "./node-state.ts";
import { wobbles } from "./steadiness.ts";
import { contradiction } from "./witness-evidence.ts";

/** A host that waits for somebody to tell of its domain's outage is told by itself after this. */
const UNTOLD_MAX_MS = 5_000;

/** Origin of host-level verdicts. */
export const SILENCE = "silence";

type TickEvent = Extract<NodeEvent, { kind: "tick" }>;

/** Health after time passed. `state.lastHeardAt` is up to date. */
export function onTick(
  state: NodeState,
  event: TickEvent,
  now: Instant,
  limits: DetectionLimits,
): HealthStep {
  const { health } = state;
  // While nobody knows who speaks for the node, nothing is said of it.
  if (state.conflictAt !== null) return same(health);
  switch (health.state) {
    case "alive":
      return aliveTick(state, now, limits);
    case "suspect":
      return suspectTick(state, health, event, now, limits);
    case "awaited":
      return awaitedTick(state, health, event, now, limits);
    case "agent-down":
    case "agent-stalled":
    case "left":
      return livingHostTick(state, health, event, now, limits);
    case "declared":
      return declaredTick(state, health, event, now, limits);
    case "committed":
    case "unseen":
      return { ...same(health), ask: due(state, now, limits.probeInterval * 10, "kernel") };
    default:
      return assertNever(health, "node health");
  }
}

/** A part of an outage is told by itself when the outage is over, or when nobody tells of it. */
function declaredTick(
  state: NodeState,
  health: Extract<NodeHealth, { state: "declared" }>,
  { guard }: TickEvent,
  now: Instant,
  limits: DetectionLimits,
): HealthStep {
  const ask = due(state, now, limits.probeInterval * 10, "kernel");
  const wait: HealthStep = ask === "nobody" ? same(health) : { ...same(health), ask };
  const incident = state.incidents.find((one) => one.origin === SILENCE);
  if (incident === undefined || incident.announced) return wait;
  const outage = guard.zones.find(({ name }) => name === incident.attributes["zone"]);
  const mayBeTold = outage?.told === true || now.listening - health.since < UNTOLD_MAX_MS;
  if (mayBeTold && (outage !== undefined || !guard.isCounted)) return wait;
  return { ...wait, verdicts: [{ kind: "announce", origin: SILENCE, subject: "" }] };
}

function aliveTick(state: NodeState, now: Instant, limits: DetectionLimits): HealthStep {
  const silence = now.listening - state.lastHeardAt;
  if (silence < limits.suspectAfter) return same(state.health);
  return {
    health: { state: "suspect", since: now.listening, cause: "silence" },
    because: describeSilence(state, now, "its kernel is being asked"),
    verdicts: [],
    ask: "everybody",
  };
}

function suspectTick(
  state: NodeState,
  health: Extract<NodeHealth, { state: "suspect" }>,
  event: TickEvent,
  now: Instant,
  limits: DetectionLimits,
): HealthStep {
  const ask = due(state, now, limits.probeInterval, "everybody");
  const wait: HealthStep = { ...same(health), ask };
  const silence = now.listening - state.lastHeardAt;
  if (silence < limits.declareWithWitnesses) return wait;
  // Others of its domain fall silent too: who they all are is known one heartbeat later.
  const { patience } = event.guard;
  const proven = probeIsProven(state, limits);
  const failed = probeFailedSince(state, health.since);
  const doubt = doubtSince(state, health.since, now, limits, durationMs(0));
  if (doubt.saying === "reached") {
    return failed || silence >= limits.declareAfter ? reachedByWitness(state, doubt, now) : wait;
  }
  if (doubt.saying === "outvoted" && silence < limits.declareAfter * 2) {
    return { ...wait, because: `silent, and not judged yet: ${contradiction(doubt.view)}` };
  }
  const early = health.cause === "silence" && proven && failed && doubt.saying === "unreachable";
  const least = early ? limits.declareWithWitnesses : limits.declareAfter;
  if (silence < least + patience) return wait;
  // A stream closed by the peer's kernel tells that this kernel lived; only proven probes say more.
  if (health.cause === "closed" && !proven) {
    return agentDown(
      state,
      now,
      "its kernel closed the stream, nobody could be asked whether it still lives",
    );
  }
  if (proven) {
    if (!failed) return wait;
    if (health.cause === "closed" && !probeFailedFor(state, now, limits.declareAfter)) return wait;
  }
  const trouble = sightTrouble(event.own);
  if (trouble !== null)
    // The same words every turn: what does not change is not written again.
    return { ...wait, because: `silent, and not judged: ${trouble}` };
  const rule = proven ? "silence-and-kernel-silent" : "silence-only";
  return declared(state, event, now, limits, rule, proven, doubt);
}

function awaitedTick(
  state: NodeState,
  health: Extract<NodeHealth, { state: "awaited" }>,
  event: TickEvent,
  now: Instant,
  limits: DetectionLimits,
): HealthStep {
  const waited = now.listening - health.since;
  if (waited < limits.awaitedProbeDelay) return same(health);
  const ask = due(state, now, limits.probeInterval, "everybody");
  const wait: HealthStep = { ...same(health), ask };
  const doubt = doubtSince(state, health.since, now, limits, durationMs(0));
  // What witnesses see can refute an absence, never confirm it: their past here is unknown.
  const isReached = isRefuted(doubt, waited, limits);
  if (probeIsProven(state, limits)) {
    const answeredHere = (state.probe.lastAnsweredAt ?? -1) >= health.since;
    if (answeredHere && waited >= limits.reconnectBound) {
      return agentDown(state, now, "its kernel answers, its agent did not come back");
    }
    if (!isReached && !probeFailedFor(state, now, limits.declareAfter)) return wait;
  } else if (waited < limits.reconnectBound + limits.declareAfter) {
    return wait;
  }
  if (isReached) {
    return waited < limits.reconnectBound ? wait : reachedByWitness(state, doubt, now);
  }
  if (health.afterStoreLoss) {
    return {
      health: { state: "unseen", since: now.listening },
      because:
        "not seen since the store lost its data; not declared, because nothing here knows its past",
      verdicts: [],
      ask: "nobody",
    };
  }
  const trouble = sightTrouble(event.own);
  if (trouble !== null) return { ...wait, because: `awaited; not judged: ${trouble}` };
  return declared(
    state,
    event,
    now,
    limits,
    probeIsProven(state, limits) ? "absent-and-kernel-silent" : "absent-beyond-reconnect",
    false,
    doubt,
  );
}

type LivingHost = Extract<NodeHealth, { state: "agent-down" | "agent-stalled" | "left" }>;

function livingHostTick(
  state: NodeState,
  health: LivingHost,
  event: TickEvent,
  now: Instant,
  limits: DetectionLimits,
): HealthStep {
  const lasted = now.listening - health.since;
  // Long-lasting agent trouble must not turn into a probe storm; but one lost packet is no silence.
  const calm = limits.probeInterval * (lasted < limits.agentPageAfter * 2 ? 2 : 10);
  const interval = state.probe.lastOutcome === "no-answer" ? limits.probeInterval : calm;
  const { failingSince } = state.probe;
  const ask = due(state, now, interval, failingSince === null ? "kernel" : "everybody");
  const wait: HealthStep = { ...same(health), ask };
  const excused =
    health.state === "left" && health.wholeHost && lasted < limits.orderlyRebootWindow;
  if (!excused && failingSince !== null && probeFailedFor(state, now, limits.declareAfter)) {
    const proven = probeIsProven(state, limits);
    const doubt = doubtSince(state, failingSince, now, limits, limits.declareAfter);
    // Where our own probe was never answered, no single witness can stand in for it.
    const mayJudge = proven || doubt.saying === "unreachable";
    if (isRefuted(doubt, now.listening - failingSince, limits)) {
      const isKnown = health.state !== "agent-stalled" || health.cause === "isolated";
      if (!isKnown) return reachedByWitness(state, doubt, now);
    } else if (mayJudge && sightTrouble(event.own) === null) {
      return declared(state, event, now, limits, "agent-gone-then-kernel-silent", proven, doubt);
    }
  }
  const incident = state.incidents.find((one) => one.origin === AGENT);
  // Of a node that wobbles it was not opened at once: now it has lasted.
  if (
    incident === undefined &&
    health.state !== "left" &&
    wobbles(state.steadiness) &&
    lasted >= limits.agentPageAfter
  ) {
    return { ...wait, verdicts: [lastingAgentIncident(state, health, now)] };
  }
  if (incident !== undefined && !incident.announced && lasted >= limits.agentPageAfter) {
    return { ...wait, verdicts: [{ kind: "announce", origin: AGENT, subject: "" }] };
  }
  return wait;
}

/** The answer of a probe; memory of it is already updated in `state`. */
export function onProbed(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "probed" }>,
  now: Instant,
): HealthStep {
  const { health } = state;
  if (event.outcome === "no-answer") return onUnanswered(state, event.askedAt);
  if (event.outcome !== "answered") return same(health);
  switch (health.state) {
    case "suspect":
      // An answer to a question asked before the doubt began refutes nothing.
      if (event.askedAt < health.since) return same(health);
      return health.cause === "closed"
        ? agentDown(
            state,
            now,
            "its stream was closed and its kernel answers: the agent process is gone",
          )
        : agentStalled(state, now);
    case "agent-down":
    case "agent-stalled":
    case "left":
      return { ...same(health), health: { ...health, lastAnswerAt: now.listening } };
    case "alive":
    case "awaited":
    case "declared":
    case "committed":
    case "unseen":
      return same(health);
    default:
      return assertNever(health, "node health");
  }
}

/** A host that lived without its agent falls silent: whether others reach it is asked at once. */
function onUnanswered(state: NodeState, askedAt: ListeningMs): HealthStep {
  const { health } = state;
  const isLiving =
    health.state === "agent-down" || health.state === "agent-stalled" || health.state === "left";
  const isFirst = state.probe.failingSince === askedAt;
  return isLiving && isFirst ? { ...same(health), ask: "witnesses" } : same(health);
}

export function onClosed(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "closed" }>,
  now: Instant,
): HealthStep {
  const { health } = state;
  if (health.state !== "alive" && health.state !== "suspect" && health.state !== "agent-stalled") {
    return same(health);
  }
  // Our own closing and a broken path tell nothing of the peer: silence goes on being counted.
  if (event.cause !== "peer-closed") {
    if (health.state !== "alive") return same(health);
    return {
      health: { state: "suspect", since: now.listening, cause: "silence" },
      because: "its stream broke; waiting for it to come back",
      verdicts: [],
      ask: "everybody",
    };
  }
  return {
    health: { state: "suspect", since: now.listening, cause: "closed" },
    because: "its kernel closed the stream: the agent process ended",
    verdicts:
      health.state === "agent-stalled" ? [endAgentIncident("the stalled agent ended", now)] : [],
    ask: "everybody",
  };
}

export function onGoodbye(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "goodbye" }>,
  now: Instant,
): HealthStep {
  const { health } = state;
  if (health.state === "declared" || health.state === "committed") return same(health);
  const wholeHost = event.reason === "host-shutdown";
  const said = event.message === "" ? "" : ` (${event.message})`;
  return {
    health: { state: "left", since: now.listening, wholeHost, lastAnswerAt: now.listening },
    because: wholeHost
      ? `the host said that it is shutting down${said}`
      : `the agent was stopped in order${said}`,
    verdicts: wholeHost
      ? []
      : [
          openAgentIncident(
            state,
            now,
            "agent-down",
            "AgentStopped",
            `the agent said goodbye${said}`,
          ),
        ],
    ask: "kernel",
  };
}

function agentDown(state: NodeState, now: Instant, because: string): HealthStep {
  return {
    health: { state: "agent-down", since: now.listening, lastAnswerAt: now.listening },
    because,
    verdicts: [openAgentIncident(state, now, "agent-down", "AgentGone", because)],
    ask: "kernel",
  };
}

function agentStalled(state: NodeState, now: Instant): HealthStep {
  const because = describeSilence(
    state,
    now,
    "its kernel answers: the agent does not run, the host does",
  );
  return {
    health: {
      state: "agent-stalled",
      since: now.listening,
      cause: "silence",
      lastAnswerAt: now.listening,
    },
    because,
    verdicts: [openAgentIncident(state, now, "agent-stalled", "AgentSilent", because)],
    ask: "kernel",
  };
}

function due(state: NodeState, now: Instant, interval: number, whom: Ask): Ask {
  const asked = state.probe.lastAskedAt;
  return asked === null || now.listening - asked >= interval ? whom : "nobody";
}

export const ALIVE: NodeHealth = { state: "alive" };

/** Never earlier than what is already known: frames can be applied out of order across turns. */
export function latestHeard(state: NodeState, at: ListeningMs): ListeningMs {
  return Math.max(state.lastHeardAt, at) as ListeningMs;
}
