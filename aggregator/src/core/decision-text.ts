/**
 * The text that one decision is stored as, and how it is read back. Pure.
 *
 *   <what it did> <checksum> {"core", "key", "listening", "wall", "state", "event", "config", "outcome"}
 */
import { fnv1a32 } from "@herdbeat/shared/ids";
import type { DetectionConfig } from "./detection-config.ts";
import type { IncidentRecord, IncidentTransition } from "./incident.ts";
import type { NodeEvent, NodeState } from "./node-state.ts";
import {
  anything,
  count,
  incidentRecordCheck,
  listOf,
  mapOf,
  nodeRecordCheck,
  oneOf,
  shape,
  text,
} from "./record-shapes.ts";

/** Raised with every change that lets `step` answer the same arguments in another way. */
export const CORE_VERSION = "12";

/** Real ones have 1 to 4 KB. */
export const DECISION_CHARS_MAX = 32_768;
/** Which incident of the node was decided about. */
export interface DecisionKey {
  readonly origin: string;
  readonly subject: string;
}

/** One transition as the core made it, without what the incident's timeline holds anyway. */
export interface Made {
  readonly number: number;
  readonly kind: IncidentTransition["kind"];
  readonly expect: "declared" | "committed" | null;
  readonly deliver: boolean;
  readonly request: boolean;
  readonly phase: IncidentRecord["phase"];
  readonly failureClass: IncidentRecord["failureClass"];
  readonly grade: IncidentRecord["grade"];
  readonly reason: string;
  readonly hold: IncidentRecord["hold"];
  readonly announced: boolean;
  readonly shadow: boolean;
  readonly requestedAction: IncidentRecord["requestedAction"];
}

export type Outcome =
  | { readonly kind: "made"; readonly made: readonly Made[] }
  | { readonly kind: "refused"; readonly because: string }
  /** What held the commit of the incident changed. */
  | { readonly kind: "held"; readonly hold: IncidentRecord["hold"] };

export interface Decision {
  readonly core: string;
  readonly key: DecisionKey;
  readonly listening: number;
  readonly wall: number;
  readonly state: NodeState;
  readonly event: NodeEvent;
  readonly config: Omit<DetectionConfig, "incidentIdOf">;
  readonly outcome: Outcome;
}

export type DecisionReading =
  | { readonly kind: "ok"; readonly what: string; readonly decision: Decision }
  | {
      readonly kind: "omitted";
      readonly what: string;
      readonly core: string;
      readonly chars: number;
    }
  | { readonly kind: "damaged"; readonly what: string; readonly why: string };

/** Text of a decision with its checksum, which finds accidents, not forgers. */
export function sealed(what: string, json: string): string {
  return `${what} ${checksum(what, json)} ${json}`;
}

function checksum(what: string, json: string): string {
  return fnv1a32(`${what} ${json}`).toString(16).padStart(8, "0");
}

/** Reads a text back that somebody else may have written. Never throws. */
export function readDecision(text: string): DecisionReading {
  const found = /^(?<what>[a-z+-]{1,100}) (?<sum>[0-9a-f]{8}) (?<json>\{.*\})$/s.exec(
    text.length > DECISION_CHARS_MAX * 2 ? "" : text,
  );
  const { what = "unknown", sum = "", json = "" } = found?.groups ?? {};
  const damaged = (why: string): DecisionReading => ({ kind: "damaged", what, why });
  if (text.length > DECISION_CHARS_MAX * 2) return damaged("it is longer than any that is written");
  if (found === null) return damaged("it is not the text of a decision");
  if (checksum(what, json) !== sum) return damaged("its checksum does not match");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return damaged("it is not JSON");
  }
  const { core, omitted } = value as { readonly core?: unknown; readonly omitted?: unknown };
  if (typeof core !== "string") return damaged("it does not name the version of the core");
  if (typeof omitted === "number") return { kind: "omitted", what, core, chars: omitted };
  // Nothing is known of the shape that another version gives it.
  const problem = core === CORE_VERSION ? decisionShape(value, "it") : null;
  if (problem !== null) return damaged(problem);
  return { kind: "ok", what, decision: value as Decision };
}

const decisionShape = shape<Omit<Decision, "core">>({
  key: shape<DecisionKey>({ origin: text(), subject: text() }),
  listening: count(),
  wall: count(),
  state: (value, at) => stateShape(value, at),
  event: (value, at) => eventShape(value, at),
  config: (value, at) => configShape(value, at),
  outcome: (value, at) =>
    madeShape(value, at) === null || heldShape(value, at) === null ? null : refusedShape(value, at),
});
const eventShape = shape<{ readonly kind: string }>({ kind: text() });
const configShape = shape({ limits: mapOf(anything()), policy: mapOf(anything()) });
const stateShape = shape({
  record: nodeRecordCheck,
  health: shape({ state: text() }),
  probe: shape({ lastOutcome: text() }),
  lastHeardAt: count(),
  incidents: listOf(incidentRecordCheck),
});
const madeShape = shape({
  kind: oneOf({ made: true }),
  made: listOf(shape({ number: count(), kind: text() })),
});
const heldShape = shape({ kind: oneOf({ held: true }), hold: anything() });
const refusedShape = shape({ kind: oneOf({ refused: true }), because: text() });
