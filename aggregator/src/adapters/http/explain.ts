/** An incident's story in plain words: what was seen, what was decided and why, what follows. */
import { gradeName } from "@herdbeat/shared/classes";
import { formatDuration } from "@herdbeat/shared/duration-text";
import { elapsed, type UnixMs } from "@herdbeat/shared/time";
import {
  type Evidence,
  type IncidentAction,
  type IncidentRecord,
  type IncidentTransition,
  isOpen,
} from "../../core/incident.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import { isoTime } from "./iso-time.ts";
import { subjectName } from "./map-incident.ts";

/** Older steps of an incident that flapped for hours are summed up in one line. */
const TIMELINE_SHOWN = 12;

export interface StoryFacts {
  readonly incident: IncidentRecord;
  readonly deliveries: readonly DeliveryView[];
  readonly now: UnixMs;
}

export function explainIncident({ incident, deliveries, now }: StoryFacts): readonly string[] {
  const last = incident.transitions.at(-1);
  return [
    ...headline(incident, now),
    ...section("What was seen", (last?.evidence ?? []).map(evidenceLine)),
    ...section("Which rule decided", last === undefined ? [] : ruleLines(last)),
    ...section("What happened when", timelineLines(incident)),
    ...section("Why nothing irreversible happens yet", holdLines(incident, now)),
    ...section("What would end it", endLines(incident)),
    ...section("Who was told", deliveries.map(deliveryLine), "No delivery is on record."),
    ...section("What was done", incident.actions.map(actionLine), "No action was reported."),
  ];
}

function section(title: string, lines: readonly string[], otherwise = ""): readonly string[] {
  const shown = lines.length === 0 && otherwise !== "" ? [otherwise] : lines;
  return shown.length === 0 ? [] : ["", `${title}:`, ...shown.map((line) => `  ${line}`)];
}

function headline(incident: IncidentRecord, now: UnixMs): readonly string[] {
  const called = subjectName(incident);
  const subject = called === "" ? "" : ` (${called})`;
  const proof = `proof grade ${incident.grade}, ${gradeName(incident.grade)}`;
  const name = incident.hostname === "" ? incident.node : incident.hostname;
  const age =
    incident.endedAt === null
      ? `open for ${formatDuration(elapsed(incident.openedAt, now))}`
      : `ended after ${formatDuration(elapsed(incident.openedAt, incident.endedAt))}`;
  const lines = [
    `${incident.failureClass} on ${name}${subject}: ${incident.phase}, ${proof}, ${age}.`,
    `${incident.reason}: ${incident.message}`,
    `Incident ${incident.id}, node ${incident.node}, boot ${incident.bootId}, shard ${incident.shard}.`,
  ];
  if (incident.shadow)
    lines.push("Shadow mode: decided and recorded, nothing is asked of anybody.");
  if (!incident.announced) lines.push("Not announced: it pages only if it lasts.");
  return lines;
}

function evidenceLine(evidence: Evidence): string {
  const seen = `${evidence.source}: ${evidence.kind} ${evidence.outcome}`;
  return `${isoTime(evidence.at)}  ${seen}, ${formatDuration(evidence.age)} old when judged. ${evidence.detail}`;
}

function ruleLines(last: IncidentTransition): readonly string[] {
  const limits = Object.entries(last.rule.thresholdsMs).map(
    ([name, ms]) => `${name} ${formatDuration(ms as Evidence["age"])}`,
  );
  return [
    `${last.rule.name}: ${last.rule.because}`,
    ...(limits.length === 0 ? [] : [`limits: ${limits.join(", ")}`]),
  ];
}

function timelineLines(incident: IncidentRecord): readonly string[] {
  const all = incident.transitions;
  const shown = all.slice(-TIMELINE_SHOWN);
  const hidden = (shown[0]?.number ?? 1) - 1;
  const lines = shown.map((each, index) => {
    const before = shown[index - 1];
    const gap = before === undefined ? "" : ` (+${formatDuration(elapsed(before.at, each.at))})`;
    const proof = `${each.failureClass}, grade ${each.grade} ${gradeName(each.grade)}`;
    return `${isoTime(each.at)}  ${each.number}. ${each.kind}${gap}: ${proof}. ${each.message}`;
  });
  return hidden > 0 ? [`... ${hidden} earlier steps`, ...lines] : lines;
}

const HOLD_WORDS: { readonly [R in NonNullable<IncidentRecord["hold"]>["reason"]]: string } = {
  "store-unavailable": "the store does not answer, so nothing can be made durable",
  "generation-mismatch": "the store is not the one that was known: it was wiped or lost writes",
  "census-incomplete":
    "not every owner has told its counts, so a larger outage cannot be ruled out",
  "disruption-guard":
    "too much of a failure domain is out at once; more likely a network or power fault",
  "grade-too-low": "the proof is not good enough for what recovery would do",
  disarmed: "an operator disarmed all commits",
  maintenance: "the node is in maintenance",
};

function holdLines(incident: IncidentRecord, now: UnixMs): readonly string[] {
  const { hold } = incident;
  if (hold === null || !isOpen(incident.phase)) return [];
  const held = formatDuration(elapsed(hold.since, now));
  return [
    `on hold since ${isoTime(hold.since)} (${held}), ${hold.reason}: ${HOLD_WORDS[hold.reason]}`,
    `released by: ${hold.releasedBy}`,
  ];
}

function endLines(incident: IncidentRecord): readonly string[] {
  if (!isOpen(incident.phase)) return [`nothing: it is ${incident.phase}.`];
  if (incident.phase === "committed") {
    return [
      "Committed: it can no longer be retracted. It closes when recovery is complete and the node",
      "is back through its gate, or when an operator closes it.",
    ];
  }
  if (incident.origin !== "silence") {
    const monitor = incident.origin.replace(/^condition:/, "");
    return [`The agent's monitor ${monitor} reported it: it clears when that monitor reports ok.`];
  }
  return [
    "It was made from silence: a live session of the same boot retracts it,",
    "a session with a new boot id turns it into host-rebooted.",
  ];
}

function deliveryLine(row: DeliveryView): string {
  const what = `transition ${row.transition} as ${row.kind} to ${row.destination}`;
  const tries = `${row.attempts} ${row.attempts === 1 ? "attempt" : "attempts"}`;
  const status = row.lastStatus === null ? "" : `, last status ${row.lastStatus}`;
  const error = row.lastError === "" ? "" : `, last error: ${row.lastError}`;
  const settledAt = row.settledAt ?? row.lastAttemptAt;
  const settled = settledAt === null ? "" : ` at ${isoTime(settledAt)}`;
  switch (row.state) {
    case "delivered":
      return `${what}: delivered${settled} after ${tries}${status}`;
    case "superseded":
      return `${what}: superseded${settled} after ${tries}${error}`;
    case "parked":
      return `${what}: parked after ${tries}${status}${error}; an operator must look`;
    case "sending":
      return `${what}: being sent, ${tries}`;
    case "waiting":
      return `${what}: waiting, ${tries}${status}${error}; next at ${isoTime(row.nextAttemptAt)}`;
  }
}

function actionLine(action: IncidentAction): string {
  const progress = action.progress === null ? "" : ` ${action.progress} %`;
  const message = action.message === "" ? "" : `: ${action.message}`;
  return `${isoTime(action.updatedAt)}  ${action.kind} by ${action.by}: ${action.state}${progress}${message}`;
}
