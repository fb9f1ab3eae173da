/**
 * A drill: one living node seems to die, so that the time until its declaration is measured on the
 * path that real deaths take. Pure.
 *
 * Nothing is done to the node. Its frames and the answers of its kernel arrive as always and are put
 * aside: the core sees silence and, at each question's deadline, no answer. What it concludes is
 * marked as a drill and in shadow: told, never asked for.
 *
 * Guarantee: a node that really dies meanwhile is declared as soon as without the drill. Mechanism:
 * what it really does is kept up to date beside, and the drill is over, and all that was played
 * taken back, as soon as the node is silent for `suspectAfter`, reports a problem, comes with a new
 * session, closes its stream or says goodbye. Failure case: whoever plays it ends; the next owner
 * withdraws the incident at its first look at the node and begins to count anew.
 */
import type { DetectionLimits } from "./detection-config.ts";
import { ALIVE, SILENCE } from "./failure-detector.ts";
import type { HealthStep } from "./health-step.ts";
import type { IncidentRecord } from "./incident.ts";
import type {
  DrillState,
  HeldAnswer,
  Instant,
  NodeEvent,
  NodeState,
  ReportedCondition,
  Verdict,
  WitnessObservation,
} from "./node-state.ts";
import { rememberProbe } from "./probe-memory.ts";
import { rememberWitness } from "./witness-memory.ts";

/** Within one deadline a node is asked once by us and by each of its witnesses; beyond, answers are dropped. */
export const HELD_ANSWERS_MAX = 64;

export type Played =
  | { readonly kind: "as-is" }
  /** It only changes what is known of the node's real state. */
  | { readonly kind: "absorbed"; readonly state: NodeState }
  | { readonly kind: "played"; readonly state: NodeState; readonly event: NodeEvent }
  | { readonly kind: "over"; readonly why: string };

const AS_IS: Played = { kind: "as-is" };

/** What an event is to the core while the node plays dead. Given its own result, it says the same again. */
export function playDrill(
  state: NodeState,
  event: NodeEvent,
  now: Instant,
  limits: DetectionLimits,
): Played {
  const { drill } = state;
  if (drill === null) {
    const isOrphan =
      event.kind === "tick" && state.incidents.some((one) => one.drill !== undefined);
    return isOrphan ? over("the aggregator that played it is gone") : AS_IS;
  }
  switch (event.kind) {
    case "drill-begin":
    case "late":
      return { kind: "absorbed", state };
    case "drill-end":
      return AS_IS;
    case "heard":
      return { kind: "absorbed", state: withDrill(state, heard(drill, event.at)) };
    case "tick":
      return onTick(state, drill, event, now, limits);
    case "probed": {
      const probe = rememberProbe(drill.probe, event, now);
      if (event.outcome === "cannot-ask")
        return { kind: "played", state: withDrill(state, { ...drill, probe }), event };
      return { kind: "absorbed", state: withDrill(state, hold({ ...drill, probe }, event)) };
    }
    case "witnessed": {
      const witnesses = rememberWitness(drill.witnesses, event, now, limits);
      return { kind: "absorbed", state: withDrill(state, hold({ ...drill, witnesses }, event)) };
    }
    case "hello":
      return over("the agent opened a new session");
    case "closed":
      return over("its stream was closed");
    case "goodbye":
      return over("the agent said goodbye");
    case "permit":
    case "fenced":
    case "close":
      return over("something real of it may be committed");
    case "conflict":
      return over("two live sessions claim to be this node");
    case "event":
      return isNewProblem(state, event.condition) ? over("the agent reported a problem") : AS_IS;
    case "conditions":
      return event.conditions.some((one) => isNewProblem(state, one))
        ? over("the agent reported a problem")
        : AS_IS;
  }
}

function onTick(
  state: NodeState,
  drill: DrillState,
  event: Extract<NodeEvent, { kind: "tick" }>,
  now: Instant,
  limits: DetectionLimits,
): Played {
  const current = heard(drill, event.lastHeardAt);
  if (now.listening - current.heardAt >= limits.suspectAfter)
    return over("the node itself fell silent");
  if (now.listening >= drill.until) return over("its time is up");
  const isDue = (one: HeldAnswer): boolean => now.listening - one.askedAt >= limits.probeTimeout;
  let next: NodeState = {
    ...state,
    drill: { ...current, held: drill.held.filter((one) => !isDue(one)) },
  };
  for (const answer of drill.held.filter(isDue)) next = unanswered(next, answer, now, limits);
  return { kind: "played", state: next, event: { ...event, lastHeardAt: state.lastHeardAt } };
}

/** The question's deadline has passed as if nothing had come. */
function unanswered(
  state: NodeState,
  answer: HeldAnswer,
  now: Instant,
  limits: DetectionLimits,
): NodeState {
  if (answer.kind === "probed") {
    const detail = `${answer.detail} (played: no answer)`;
    const event = { ...answer, outcome: "no-answer", detail } as const;
    return { ...state, probe: rememberProbe(state.probe, event, now) };
  }
  const observations = answer.observations.map(
    (one): WitnessObservation =>
      one.outcome === "answered" ? { ...one, outcome: "no-answer", authenticated: false } : one,
  );
  const event = { ...answer, observations };
  return { ...state, witnesses: rememberWitness(state.witnesses, event, now, limits) };
}

/** Nothing that is only played is of another origin, or committed: who stored it so was no drill. */
export function isDamagedDrill({ drill, origin, phase }: IncidentRecord): boolean {
  return drill !== undefined && (origin !== SILENCE || phase === "committed");
}

/** The same state where a drill would mix with something real. */
export function beginDrill(
  state: NodeState,
  event: Extract<NodeEvent, { kind: "drill-begin" }>,
  now: Instant,
): NodeState {
  if (drillRefusal(state) !== null) return state;
  const { probe, witnesses } = state;
  const heardAt = state.lastHeardAt;
  const { id, until } = event;
  const drill = { id, since: now.listening, until, heardAt, probe, witnesses, held: [] };
  return { ...state, drill };
}

/** Why no drill may begin with this node now, or null. */
export function drillRefusal(state: NodeState): string | null {
  if (state.drill !== null) return "a drill with it is under way";
  if (state.health.state !== "alive") return `it is ${state.health.state}, not alive`;
  if (!state.connected) return "its agent is not connected";
  if (state.incidents.length > 0) return "an incident of it is open";
  if (state.record.retired) return "it is retired";
  return null;
}

export interface DrillEnd {
  readonly state: NodeState;
  readonly step: HealthStep;
}

/** Takes back what was played: the node is what it really was heard to be. */
export function endDrill(
  state: NodeState,
  why: string,
  now: Instant,
  limits: DetectionLimits,
): DrillEnd {
  const { drill } = state;
  const message = `the drill is over: ${why}`;
  const verdicts = state.incidents.some((one) => one.drill !== undefined)
    ? [withdrawal(message, now)]
    : [];
  if (drill === null)
    return { state, step: { health: state.health, because: null, verdicts, ask: "nobody" } };
  const { probe, witnesses, heardAt } = drill;
  const real = { ...state, drill: null, probe, witnesses, lastHeardAt: heardAt };
  const isSilent = now.listening - heardAt >= limits.suspectAfter;
  return {
    state: real,
    step: {
      health: isSilent ? { state: "suspect", since: now.listening, cause: "silence" } : ALIVE,
      because: message,
      verdicts,
      ask: isSilent ? "everybody" : "nobody",
    },
  };
}

function withdrawal(message: string, now: Instant): Verdict {
  const evidence = {
    kind: "operator",
    source: "self",
    outcome: "drill-over",
    age: 0 as Extract<Verdict, { kind: "end" }>["evidence"][number]["age"],
    at: now.wall,
    detail: message,
  } as const;
  return {
    kind: "end",
    origin: SILENCE,
    subject: "",
    as: "retracted",
    message,
    evidence: [evidence],
  };
}

function heard(drill: DrillState, at: DrillState["heardAt"]): DrillState {
  return at > drill.heardAt ? { ...drill, heardAt: at } : drill;
}

function hold(drill: DrillState, answer: HeldAnswer): DrillState {
  return drill.held.length >= HELD_ANSWERS_MAX
    ? drill
    : { ...drill, held: [...drill.held, answer] };
}

function withDrill(state: NodeState, drill: DrillState): NodeState {
  return { ...state, drill };
}

/** A host under pressure lives: busy ones are worth a drill too. */
function isNewProblem(state: NodeState, condition: ReportedCondition): boolean {
  const { monitor, subject, status, failureClass } = condition;
  return (
    status === "problem" &&
    failureClass !== "host-degraded" &&
    !state.record.conditions.some(
      (one) => one.monitor === monitor && one.subject === subject && one.status === "problem",
    )
  );
}

function over(why: string): Played {
  return { kind: "over", why };
}
