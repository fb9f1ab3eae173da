/** An incident as a story in the order of time: what was heard, asked, decided, told and done. */
import { gradeName } from "@herdbeat/shared/classes";
import { formatDuration } from "@herdbeat/shared/duration-text";
import { type UnixMs, unixMs } from "@herdbeat/shared/time";
import { decisionsOf } from "../../core/decision.ts";
import { CORE_VERSION, readDecision } from "../../core/decision-text.ts";
import type {
  Evidence,
  IncidentAction,
  IncidentRecord,
  IncidentTransition,
} from "../../core/incident.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import type { StoryLineDto } from "./dto.ts";
import { isoTime } from "./iso-time.ts";

interface StoryLine {
  readonly at: UnixMs;
  readonly kind: StoryLineDto["kind"];
  readonly text: string;
}

/** Sorted by time; what is equally old stays in the order of cause and effect. */
export function storyOf(
  incident: IncidentRecord,
  deliveries: readonly DeliveryView[],
): readonly StoryLineDto[] {
  const lines: readonly StoryLine[] = [
    ...incident.transitions
      .slice(0, 1)
      .flatMap((first) => first.evidence.map((one) => observed(one, first.at))),
    ...refusals(incident),
    ...incident.transitions.map(decided),
    ...deliveries.map(told),
    ...incident.actions.map(done),
  ];
  return lines
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, kind, text }) => ({ at: isoTime(at), kind, text }));
}

/** An observation stands where it was made, which is before the verdict that it led to. */
function observed(evidence: Evidence, judgedAt: UnixMs): StoryLine {
  const at = unixMs(Math.max(0, judgedAt - evidence.age));
  const { source, outcome, detail } = evidence;
  switch (evidence.kind) {
    case "heartbeat-silence":
      return { at, kind: "heard", text: `the last heartbeat that ${source} heard` };
    case "kernel-probe":
      return { at, kind: "asked", text: `${source} asked its kernel: ${outcome}. ${detail}` };
    case "gateway-probe":
      return { at, kind: "asked", text: `${source} asked its own gateway: ${outcome}. ${detail}` };
    case "witness":
      return { at, kind: "asked", text: `${source} looked at it: ${outcome}. ${detail}` };
    case "fence-device":
      return { at, kind: "asked", text: `${source} read its power: ${outcome}. ${detail}` };
    case "census":
      return { at, kind: "heard", text: `${source} counted: ${outcome}. ${detail}` };
    case "stream-closed":
    case "stream-live":
    case "condition":
    case "new-boot-id":
    case "goodbye":
    case "operator":
      return { at, kind: "heard", text: `${source}: ${evidence.kind} ${outcome}. ${detail}` };
  }
}

function refusals(incident: IncidentRecord): readonly StoryLine[] {
  return decisionsOf(incident).flatMap((text): readonly StoryLine[] => {
    const read = readDecision(text);
    if (read.kind !== "ok" || read.decision.core !== CORE_VERSION) return [];
    const { outcome, wall } = read.decision;
    if (outcome.kind === "held") {
      const text =
        outcome.hold === null
          ? "nothing holds it any more"
          : `on hold, ${outcome.hold.reason}, until: ${outcome.hold.releasedBy}`;
      return [{ at: unixMs(wall), kind: "held-back", text }];
    }
    if (outcome.kind !== "refused") return [];
    return [{ at: unixMs(wall), kind: "held-back", text: outcome.because }];
  });
}

function decided(transition: IncidentTransition): StoryLine {
  const { number, kind, failureClass, grade, rule, message } = transition;
  const proof = `${failureClass}, proof grade ${grade} (${gradeName(grade)})`;
  return {
    at: transition.at,
    kind: "decided",
    text: `${number}. ${kind}: ${proof}, by rule ${rule.name}. ${message}`,
  };
}

function told(row: DeliveryView): StoryLine {
  const what = `${row.destination} of transition ${row.transition} (${row.kind})`;
  const tries = `${row.attempts} ${row.attempts === 1 ? "attempt" : "attempts"}`;
  const status = row.lastStatus === null ? "" : `, last status ${row.lastStatus}`;
  const error = row.lastError === "" ? "" : `, last error: ${row.lastError}`;
  const at = row.settledAt ?? row.lastAttemptAt ?? row.createdAt;
  switch (row.state) {
    case "delivered":
      return { at, kind: "told", text: `told ${what}: accepted after ${tries}${status}` };
    case "superseded":
      return { at, kind: "told", text: `no longer tells ${what}: superseded${error}` };
    case "parked":
      return {
        at,
        kind: "not-told",
        text: `could not tell ${what}: parked after ${tries}${status}${error}; an operator must look`,
      };
    case "sending":
      return { at, kind: "not-told", text: `is telling ${what}: ${tries}` };
    case "waiting":
      return {
        at,
        kind: "not-told",
        text: `has not told ${what} yet: ${tries}${status}${error}; next at ${isoTime(row.nextAttemptAt)}`,
      };
  }
}

function done(action: IncidentAction): StoryLine {
  const progress = action.progress === null ? "" : ` ${action.progress} %`;
  const message = action.message === "" ? "" : `: ${action.message}`;
  return {
    at: action.updatedAt,
    kind: "done",
    text: `${action.by} reports ${action.kind} ${action.state}${progress}${message}`,
  };
}

/** `suspectAfter 1.5s, declareAfter 3s`; empty when the rule has no limits. */
export function limitsOf(transition: IncidentTransition): string {
  return Object.entries(transition.rule.thresholdsMs)
    .map(([name, ms]) => `${name} ${formatDuration(ms as Evidence["age"])}`)
    .join(", ");
}
