/**
 * Advances one node: `step(state, event, now, config) -> { state, effects }`. Pure, synchronous,
 * total. The caller persists the changed record and the transitions first and acts afterwards.
 */
import { assertNever } from "@herdbeat/shared/assert";
import type { SessionEpoch } from "@herdbeat/shared/ids";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import { AGENT, endAgentIncident } from "./agent-verdict.ts";
import { onConditionEvent, onConditionList } from "./condition-tracker.ts";
import { refusalText, withDecisions } from "./decision.ts";
import type { DetectionConfig, DetectionLimits } from "./detection-config.ts";
import { beginDrill, endDrill, playDrill } from "./drill.ts";
import {
  ALIVE,
  latestHeard,
  onClosed,
  onGoodbye,
  onProbed,
  onTick,
  SILENCE,
} from "./failure-detector.ts";
import { applyFenced } from "./fencing.ts";
import { type Ask, type HealthStep, same } from "./health-step.ts";
import { commitTick, onPermit } from "./host-commit.ts";
import { applyVerdicts } from "./incident-book.ts";
import type { NodeRecord } from "./node-record.ts";
import {
  type Effect,
  type Instant,
  NO_EFFECTS,
  type NodeEvent,
  type NodeState,
  type Step,
  type Verdict,
} from "./node-state.ts";
import { applyClose } from "./operator-close.ts";
import { rememberProbe } from "./probe-memory.ts";
import { conflictVerdict, endConflict, onHello } from "./session-verdict.ts";
import { followSteadiness, shown } from "./steadiness.ts";
import { rememberWitness } from "./witness-memory.ts";
import { zoneVerdicts } from "./zone-outage.ts";

export function step(
  state: NodeState,
  event: NodeEvent,
  now: Instant,
  config: DetectionConfig,
): Step {
  const played = playDrill(state, event, now, config.limits);
  switch (played.kind) {
    case "as-is":
      return advance(state, event, now, config);
    case "absorbed":
      return { state: played.state, effects: NO_EFFECTS };
    case "played":
      return advance(played.state, played.event, now, config);
    case "over": {
      // What ended it is then judged as if there had been no drill.
      const over = advance(state, { kind: "drill-end", why: played.why }, now, config);
      const next = advance(over.state, event, now, config);
      return { state: next.state, effects: [...over.effects, ...next.effects] };
    }
    default:
      return assertNever(played, "drill");
  }
}

function advance(state: NodeState, event: NodeEvent, now: Instant, config: DetectionConfig): Step {
  switch (event.kind) {
    case "tick": {
      const heard = heardAt(state, event.lastHeardAt, now);
      const over = endConflict(heard, now);
      const current = over === null ? heard : over.state;
      const judged = onTick(current, event, now, config.limits);
      const zones = zoneVerdicts(current, event.guard, event.own, now, config.limits);
      const commit = commitTick(current, event, now, config);
      const verdicts = [
        ...judged.verdicts,
        ...(over?.verdicts ?? []),
        ...(commit?.verdicts ?? []),
        ...zones,
      ];
      const outcome =
        verdicts.length === 0 && commit === null
          ? judged
          : { ...judged, ...askedBy(judged, commit), verdicts };
      return settle(state, current, event, outcome, now, config);
    }
    case "probed": {
      const current = { ...state, probe: rememberProbe(state.probe, event, now) };
      return settle(state, current, event, onProbed(current, event, now), now, config);
    }
    case "witnessed": {
      // What it says is weighed at the next tick, together with what the others say.
      const witnesses = rememberWitness(state.witnesses, event, now, config.limits);
      return { state: { ...state, witnesses }, effects: NO_EFFECTS };
    }
    case "heard": {
      const current = heardAt(state, event.at, now);
      return settle(state, current, event, revive(current, now), now, config);
    }
    case "late":
      return settle(state, state, event, same(state.health), now, config);
    case "hello": {
      const hello = onHello(state, event.facts, now);
      return settle(state, hello.state, event, hello.step, now, config);
    }
    case "closed": {
      const current = { ...heardAt(state, event.heardAt, now), connected: false };
      return settle(state, current, event, onClosed(current, event, now), now, config);
    }
    case "goodbye": {
      const current = { ...heardAt(state, event.heardAt, now), connected: false };
      return settle(state, current, event, onGoodbye(current, event, now), now, config);
    }
    case "permit": {
      const current = heardAt(state, event.lastHeardAt, now);
      return settle(state, current, event, onPermit(current, event, now, config), now, config);
    }
    case "drill-begin":
      return {
        state: beginDrill(heardAt(state, event.heardAt, now), event, now),
        effects: NO_EFFECTS,
      };
    case "drill-end": {
      const end = endDrill(state, event.why, now, config.limits);
      return settle(state, end.state, event, end.step, now, config);
    }
    case "fenced": {
      const current = heardAt(state, event.lastHeardAt, now);
      const book = applyFenced(current, event, now, config);
      if (book.effects.length === 0) return { state: current, effects: NO_EFFECTS };
      const decided = withDecisions({ before: state, event, now, config }, book);
      return { state: { ...current, incidents: decided.incidents }, effects: decided.effects };
    }
    case "close":
      return onClose(state, event, now, config);
    case "conflict": {
      // Both sessions were refused: nobody is connected.
      const current = { ...state, connected: false, conflictAt: now.listening };
      const verdicts = [conflictVerdict(state, event.detail, now)];
      return settle(state, current, event, withVerdicts(current, verdicts), now, config);
    }
    case "event":
      return onEvent(state, event, now, config);
    case "conditions": {
      const next = onConditionList(state, event.conditions, now);
      const current = withRecord(state, { conditions: next.conditions });
      return settle(state, current, event, withVerdicts(current, next.verdicts), now, config);
    }
    default:
      return assertNever(event, "node event");
  }
}

function onClose(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "close" }>,
  now: Instant,
  config: DetectionConfig,
): Step {
  const current = heardAt(state, event.lastHeardAt, now);
  const closed = applyClose(current, event, now);
  if (closed === null) return { state: current, effects: NO_EFFECTS };
  const { effects } = withDecisions({ before: state, event, now, config }, closed);
  const outcome = { ...same(closed.health), because: `its incident was closed by ${event.by}` };
  const without = { ...current, incidents: closed.incidents };
  const done = settle(state, without, event, outcome, now, config);
  return { state: done.state, effects: [...effects, ...done.effects] };
}

/** Whoever wants to know more is asked for. */
function askedBy(
  judged: HealthStep,
  commit: ReturnType<typeof commitTick>,
): Pick<HealthStep, "ask" | "askPermit"> {
  const ask = commit === null || commit.ask === "nobody" ? judged.ask : commit.ask;
  return commit?.askPermit === undefined ? { ask } : { ask, askPermit: commit.askPermit };
}

/** A frame of the node's own session arrived: whatever silence said is refuted. */
export function revive(state: NodeState, now: Instant): HealthStep {
  const { health } = state;
  if (health.state === "alive" || health.state === "left") return same(health);
  const verdicts: Verdict[] = [];
  const message = "a live session of the same boot was heard again";
  if (state.incidents.some((one) => one.origin === AGENT))
    verdicts.push(endAgentIncident(message, now));
  if (state.incidents.some((one) => one.origin === SILENCE)) {
    verdicts.push({
      kind: "end",
      origin: SILENCE,
      subject: "",
      as: "retracted",
      message,
      evidence: [
        {
          kind: "stream-live",
          source: "self",
          outcome: "heard",
          age: durationMs(0),
          at: now.wall,
          detail: message,
        },
      ],
    });
  }
  // After a commit the node stays out, however alive it looks.
  if (health.state === "committed") return { health, because: null, verdicts, ask: "nobody" };
  return { health: ALIVE, because: "heartbeats arrive", verdicts, ask: "nobody" };
}

function onEvent(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "event" }>,
  now: Instant,
  config: DetectionConfig,
): Step {
  const acknowledge: Effect = { kind: "acknowledge", transition: event.transition };
  // A repeat of what is durable already: say so again, change nothing.
  if (event.transition <= state.record.acknowledgedTransition) {
    return { state, effects: [acknowledge] };
  }
  const next = onConditionEvent(state, event.condition, now);
  const current = withRecord(state, {
    conditions: next.conditions,
    acknowledgedTransition: event.transition,
  });
  const done = settle(state, current, event, withVerdicts(current, next.verdicts), now, config);
  return { state: done.state, effects: [...done.effects, acknowledge] };
}

function withVerdicts(state: NodeState, verdicts: readonly Verdict[]): HealthStep {
  return verdicts.length === 0 ? same(state.health) : { ...same(state.health), verdicts };
}

/** Puts health, record and incidents together; the only place where a node's state is composed. */
function settle(
  before: NodeState,
  judged: NodeState,
  event: NodeEvent,
  judgement: HealthStep,
  now: Instant,
  config: DetectionConfig,
): Step {
  const { limits } = config;
  const followed = followSteadiness(before, judged, event, judgement, now, limits);
  const { current, outcome } = followed;
  const withHealth =
    outcome.health === current.health ? current : { ...current, health: outcome.health };
  const visible = shown(before, withHealth, event, outcome, now, limits);
  if (
    outcome.health === current.health &&
    outcome.because === null &&
    visible.state === before.record.state &&
    visible.because === before.record.stateReason &&
    outcome.verdicts.length === 0 &&
    current.incidents === before.incidents
  ) {
    const next = outcome.ask === "nobody" ? current : asked(current, outcome.ask, now, limits);
    return { state: next, effects: questions(outcome) };
  }
  const effects: Effect[] = [];
  const from = before.record.state;
  const { state: to } = visible;
  const isPlayed = current.drill !== null && visible.because !== before.record.stateReason;
  const because = isPlayed ? `drill: ${visible.because}` : visible.because;
  let next: NodeState = withHealth;
  if (outcome.verdicts.length > 0) {
    const made = applyVerdicts(next, outcome.verdicts, { config, now });
    const book = withDecisions({ before, event, now, config }, made);
    next = { ...next, incidents: book.incidents };
    effects.push(...book.effects);
  }
  // Each end of a silence ends an epoch: the next one is another incident.
  const retracted = effects.some(endsSilence);
  if (from !== to || because !== next.record.stateReason || retracted) {
    // Time passed, nothing follows from it, and the reason is said: judging was refused.
    const refused =
      event.kind === "tick" &&
      outcome.because !== null &&
      (before.health === outcome.health || to === "unseen");
    next = withRecord(next, {
      state: to,
      stateSince: from === to ? next.record.stateSince : now.wall,
      stateReason: because,
      ...(retracted ? { sessionEpoch: (next.record.sessionEpoch + 1) as SessionEpoch } : {}),
      ...(refused
        ? {
            refusal: {
              at: now.wall,
              decision: refusalText({ before, event, now, config }, because),
            },
          }
        : {}),
    });
    if (from !== to) effects.unshift({ kind: "state", from, to, because });
  }
  if (outcome.ask !== "nobody") next = asked(next, outcome.ask, now, limits);
  effects.push(...questions(outcome));
  return { state: next, effects };
}

/** Said of what happened: a return after a commit is told once, however often it is heard. */
function endsSilence(effect: Effect): boolean {
  if (effect.kind !== "transition" || !effect.incident.origin.startsWith(SILENCE)) return false;
  const { kind } = effect.transition;
  return kind === "node-returned" || effect.incident.endedAt !== null;
}

const QUESTIONS: { readonly [A in Ask]: readonly Effect[] } = {
  nobody: NO_EFFECTS,
  kernel: [{ kind: "probe" }],
  witnesses: [{ kind: "ask-witnesses" }],
  everybody: [{ kind: "probe" }, { kind: "ask-witnesses" }],
};

function questions({ ask, askPermit }: HealthStep): readonly Effect[] {
  if (askPermit === undefined) return QUESTIONS[ask];
  return [...QUESTIONS[ask], { kind: "ask-permit", incident: askPermit }];
}

/** A question after a pause longer than the timeout begins a new row of them. */
function asked(state: NodeState, ask: Ask, now: Instant, limits: DetectionLimits): NodeState {
  if (ask === "witnesses") return state;
  const { probe } = state;
  const isNewRow =
    probe.lastAskedAt !== null && now.listening - probe.lastAskedAt > limits.declareAfter;
  const failingSince = isNewRow ? null : probe.failingSince;
  return { ...state, probe: { ...probe, failingSince, lastAskedAt: now.listening } };
}

function heardAt(state: NodeState, at: number, now: Instant): NodeState {
  const heard = latestHeard(state, listeningMs(at));
  if (heard === state.lastHeardAt) return state;
  const lastSeenAt = unixMs(now.wall - Math.max(0, now.listening - heard));
  return { ...state, lastHeardAt: heard, record: { ...state.record, lastSeenAt } };
}

function withRecord(state: NodeState, change: Partial<NodeRecord>): NodeState {
  return { ...state, record: { ...state.record, ...change } };
}
