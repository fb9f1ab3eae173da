/**
 * Runs a recorded decision again and compares. Pure.
 *
 * Guarantee: `agrees: false` is only said of inputs that this core recorded itself and can run; for
 * inputs of another version, damaged ones and those too large to keep it says why nothing is known.
 */
import type { IncidentId } from "@herdbeat/shared/ids";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import { decisionsOf, madeOf, type TransitionEffect, transitionsOf } from "./decision.ts";
import { CORE_VERSION, type Decision, readDecision } from "./decision-text.ts";
import type { IncidentRecord } from "./incident.ts";
import type { NodeEvent, NodeState, Step } from "./node-state.ts";
import { step } from "./step.ts";

export type Replay =
  | { readonly agrees: true }
  | { readonly agrees: false; readonly differences: readonly string[] }
  /** It could not be run again. */
  | { readonly agrees: null; readonly why: string };

export type IncidentIdOf = (key: string) => IncidentId;

export interface ReplayedDecision {
  /** `declared`, `declared+committed`, `refused`, ... */
  readonly what: string;
  readonly core: string;
  /** When it was made, ms; null when the text is damaged. */
  readonly at: number | null;
  readonly transitions: readonly number[];
  readonly result: Replay;
}

export interface IncidentReplay {
  /** `incomplete`: nothing differs, but not everything could be run. */
  readonly verdict: "agrees" | "differs" | "incomplete";
  readonly decisions: readonly ReplayedDecision[];
  /** Transitions whose inputs are no longer kept, or never were. */
  readonly notKept: readonly number[];
}

const DIFFERENCES_MAX = 20;
const VALUE_CHARS_MAX = 200;

/** All decisions of an incident that are kept. Never throws, whatever the store holds. */
export function replayIncident(incident: IncidentRecord, idOf: IncidentIdOf): IncidentReplay {
  const decisions = decisionsOf(incident).map((text) => replayText(text, incident, idOf));
  const kept = new Set(decisions.flatMap((one) => one.transitions));
  const notKept = incident.transitions.map((one) => one.number).filter((one) => !kept.has(one));
  const results = decisions.map((one) => one.result.agrees);
  const verdict = results.includes(false)
    ? "differs"
    : results.includes(null) || results.length === 0
      ? "incomplete"
      : "agrees";
  return { verdict, decisions, notKept };
}

export function replayText(
  text: string,
  incident: IncidentRecord | null,
  idOf: IncidentIdOf,
): ReplayedDecision {
  const read = readDecision(text);
  if (read.kind === "damaged") {
    const why = `its recorded inputs are damaged: ${read.why}`;
    return { what: read.what, core: "", at: null, transitions: [], result: { agrees: null, why } };
  }
  if (read.kind === "omitted") {
    const why = `its inputs had ${read.chars} characters, too many to keep`;
    const result: Replay = { agrees: null, why };
    return { what: read.what, core: read.core, at: null, transitions: [], result };
  }
  const { decision, what } = read;
  if (decision.core !== CORE_VERSION) {
    const why = `it was decided by core ${cut(decision.core)}, this is core ${CORE_VERSION}`;
    const result: Replay = { agrees: null, why };
    return { what, core: decision.core, at: null, transitions: [], result };
  }
  let result: Replay;
  let transitions: readonly number[] = [];
  try {
    if (decision.outcome.kind === "made") {
      transitions = decision.outcome.made.map((one) => one.number);
    }
    result = replay(decision, incident, idOf);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    result = { agrees: null, why: `the core cannot run on its recorded inputs: ${cut(said)}` };
  }
  return { what, core: decision.core, at: decision.wall, transitions, result };
}

/** The same arguments again; throws on arguments that no core of this version could have had. */
export function rerun(
  decision: Decision,
  idOf: IncidentIdOf,
  change: { readonly state?: NodeState; readonly event?: NodeEvent } = {},
): Step {
  return step(
    change.state ?? decision.state,
    change.event ?? decision.event,
    { listening: listeningMs(decision.listening), wall: unixMs(decision.wall) },
    { ...decision.config, incidentIdOf: idOf },
  );
}

/** `incident` is what the store holds now; null for a refusal, which has none yet. */
export function replay(
  decision: Decision,
  incident: IncidentRecord | null,
  idOf: IncidentIdOf,
): Replay {
  const again = rerun(decision, idOf);
  const differences: string[] = [];
  if (decision.outcome.kind === "refused") {
    const { stateReason } = again.state.record;
    compare(decision.outcome.because, stateReason, "because", differences);
    compare([], madeOf(again.effects, decision.key), "made", differences);
  } else if (decision.outcome.kind === "held") {
    const held = again.effects.find((one) => one.kind === "hold");
    compare(
      decision.outcome.hold,
      held?.kind === "hold" ? held.incident.hold : "none",
      "hold",
      differences,
    );
  } else {
    compare(decision.outcome.made, madeOf(again.effects, decision.key), "made", differences);
    if (incident !== null) {
      for (const effect of transitionsOf(again.effects, decision.key)) {
        compareRecorded(incident, effect, differences);
      }
    }
  }
  return differences.length === 0 ? { agrees: true } : { agrees: false, differences };
}

/** What never changes in an incident's life, and the transition as it stands in the timeline. */
function compareRecorded(
  incident: IncidentRecord,
  { incident: again, transition }: TransitionEffect,
  differences: string[],
): void {
  const constant = (one: IncidentRecord): unknown => ({
    id: one.id,
    node: one.node,
    shard: one.shard,
    bootId: one.bootId,
    family: one.family,
    origin: one.origin,
    subject: one.subject,
    onset: one.onset,
    openedAt: one.openedAt,
    labels: one.labels,
    hostname: one.hostname,
  });
  compare(constant(incident), constant(again), "incident", differences);
  const recorded = incident.transitions.find((one) => one.number === transition.number);
  // Dropped from a long timeline: there is nothing to compare it with.
  if (recorded !== undefined) {
    compare(recorded, transition, `transition ${transition.number}`, differences);
  }
}

/** Deeply, as the JSON that is stored. */
function compare(recorded: unknown, again: unknown, at: string, differences: string[]): void {
  const normal: unknown = again === undefined ? undefined : JSON.parse(JSON.stringify(again));
  difference(recorded, normal, at, differences);
}

function difference(recorded: unknown, again: unknown, at: string, found: string[]): void {
  if (found.length >= DIFFERENCES_MAX || Object.is(recorded, again)) return;
  if (!isObject(recorded) || !isObject(again) || Array.isArray(recorded) !== Array.isArray(again)) {
    found.push(`${cut(at)}: recorded ${shown(recorded)}, now ${shown(again)}`);
    return;
  }
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(again)])) {
    difference(own(recorded, name), own(again, name), `${at}.${name}`, found);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX)}...`;
}
