/** "What is being done?" about one incident, in one line. Pure. */
import type { IncidentRow } from "../api/dto.ts";
import { countOf } from "../words/count.ts";
import { HOLD_WORDS, PHASE_WORDS, REQUEST_WORDS, wordsFor } from "../words/incident-words.ts";

export interface Doing {
  readonly text: string;
  /** `waiting` wants eyes: nothing happens until somebody or something releases it. */
  readonly tone: "waiting" | "moving" | "quiet" | "failed";
}

export function doingOf(incident: IncidentRow): Doing {
  if (!incident.open) return { text: PHASE_WORDS[incident.phase], tone: "quiet" };
  const { actions, hold } = incident;
  if (actions.failed > 0)
    return { text: `${countOf(actions.failed, "action")} failed`, tone: "failed" };
  if (actions.running > 0)
    return { text: `${countOf(actions.running, "action")} running`, tone: "moving" };
  if (incident.drill !== null) return { text: "Drill: the node only seems to die", tone: "quiet" };
  if (hold !== null)
    return { text: `On hold: ${wordsFor(HOLD_WORDS, hold.reason)}`, tone: "waiting" };
  if (incident.shadow) return { text: "Shadow mode: decided, nothing is sent", tone: "quiet" };
  if (incident.requestedAction !== "none") {
    const asked = wordsFor(REQUEST_WORDS, incident.requestedAction);
    return { text: `Recovery asked: ${asked}`, tone: "moving" };
  }
  if (actions.succeeded > 0)
    return { text: `${countOf(actions.succeeded, "action")} done`, tone: "quiet" };
  return incident.announced
    ? { text: "Announced; no recovery asked for", tone: "quiet" }
    : { text: "Recorded, not announced yet", tone: "quiet" };
}

/** Verdicts about a host that does not speak for itself; they carry a proof grade. */
const PROVEN_CLASSES: ReadonlySet<string> = new Set([
  "host-down",
  "host-rebooted",
  "host-isolated",
  "kernel-crash",
  "kernel-hang",
  "zone-outage",
  "node-returned",
]);
const SEEN_FROM_OUTSIDE: ReadonlySet<string> = new Set([
  "agent",
  "identity",
  "control-plane",
  "fencing",
]);

export const needsProof = (incident: Pick<IncidentRow, "class">): boolean =>
  PROVEN_CLASSES.has(incident.class);

/** Who says so, where no grade is needed. */
export const saidBy = (incident: Pick<IncidentRow, "family">): string =>
  SEEN_FROM_OUTSIDE.has(incident.family) ? "seen by the aggregator" : "reported by its agent";

/** Most urgent first: what is final, then what may become so, hosts before parts of them. */
export function compareUrgency(a: IncidentRow, b: IncidentRow): number {
  return (
    Number(b.phase === "committed") - Number(a.phase === "committed") ||
    Number(needsProof(b)) - Number(needsProof(a)) ||
    (a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : 0)
  );
}
