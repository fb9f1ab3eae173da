/** An incident explained: what was seen, which rule decided, what holds it, what would end it. */
import { gradeName } from "@herdbeat/shared/classes";
import { formatDuration } from "@herdbeat/shared/duration-text";
import { elapsed, type UnixMs } from "@herdbeat/shared/time";
import { decisionsOf } from "../../core/decision.ts";
import { type IncidentRecord, type IncidentTransition, isOpen } from "../../core/incident.ts";
import { type IncidentIdOf, replayIncident } from "../../core/replay.ts";
import { whatIf } from "../../core/what-if.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import type { Explanation, StoryLineDto } from "./dto.ts";
import { isoTime } from "./iso-time.ts";
import { subjectName, toEvidence } from "./map-incident.ts";
import { limitsOf, storyOf } from "./story.ts";

/** Older steps of an incident that flapped for hours are summed up in one line. */
const STORY_SHOWN = 24;

export interface StoryFacts {
  readonly incident: IncidentRecord;
  readonly deliveries: readonly DeliveryView[];
  readonly now: UnixMs;
  readonly incidentIdOf: IncidentIdOf;
}

export function explainIncident(facts: StoryFacts): Explanation {
  const { incident, deliveries, now, incidentIdOf } = facts;
  const verdict = decidingTransition(incident);
  const parts = {
    incident: incident.id,
    asOf: isoTime(now),
    summary: headline(incident, now),
    story: storyOf(incident, deliveries),
    evidence: verdict?.evidence.map(toEvidence) ?? [],
    rule: verdict?.rule ?? null,
    wouldHaveChanged: changers(incident, incidentIdOf),
    holds: holdLines(incident, now),
    wouldEnd: endLines(incident),
    replay: replayIncident(incident, incidentIdOf).verdict,
  };
  return { ...parts, lines: linesOf(parts, verdict, incident, deliveries) };
}

/** Of what began the incident; later decisions answer to what came later. */
function changers(incident: IncidentRecord, idOf: IncidentIdOf): readonly string[] {
  return decisionsOf(incident).flatMap((text) => {
    const refused = text.startsWith("refused");
    if (!refused && !text.startsWith("declared")) return [];
    const when = refused ? "While it was not judged: if" : "If";
    return whatIf(text, idOf).map(({ had, then }) => `${when} ${had}: ${then}.`);
  });
}

/** The last one that says what is wrong; a retraction only says that it no longer is. */
function decidingTransition(incident: IncidentRecord): IncidentTransition | undefined {
  return (
    incident.transitions.findLast((one) => one.kind === "declared" || one.kind === "changed") ??
    incident.transitions.at(-1)
  );
}

const REPLAY_WORDS: { readonly [V in Explanation["replay"]]: string } = {
  agrees: "yes, and with the same result: it follows from what was recorded.",
  differs: "yes, but the result differs: herdctl incident replay tells where.",
  incomplete: "not wholly: herdctl incident replay tells why.",
};

function linesOf(
  parts: Omit<Explanation, "lines">,
  verdict: IncidentTransition | undefined,
  incident: IncidentRecord,
  deliveries: readonly DeliveryView[],
): readonly string[] {
  const hidden = parts.story.length - STORY_SHOWN;
  const story = parts.story.slice(-STORY_SHOWN).map(storyText);
  return [
    ...parts.summary,
    ...section("What happened", hidden > 0 ? [`... ${hidden} earlier lines`, ...story] : story),
    ...section("Which rule decided", verdict === undefined ? [] : ruleLines(verdict)),
    ...section("What would have changed it", parts.wouldHaveChanged),
    ...section("Why nothing irreversible happens yet", parts.holds),
    ...section("What would end it", parts.wouldEnd),
    ...(deliveries.length === 0 ? section("Who was told", ["Nobody yet."]) : []),
    ...(incident.actions.length === 0 ? section("What was done", ["Nothing was reported."]) : []),
    ...section("Can it be run again", [REPLAY_WORDS[parts.replay]]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function storyText({ at, kind, text }: StoryLineDto): string {
  return `${at}  ${kind.padEnd(9)}  ${text}`;
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
  if (incident.drill !== undefined)
    lines.push(`Drill ${incident.drill}: the node only seemed to die; nothing was done to it.`);
  if (incident.shadow)
    lines.push("Shadow mode: decided and recorded, nothing is asked of anybody.");
  if (!incident.announced) lines.push("Not announced: it pages only if it lasts.");
  return lines;
}

function ruleLines(verdict: IncidentTransition): readonly string[] {
  const limits = limitsOf(verdict);
  return [
    `${verdict.rule.name}: ${verdict.rule.because}`,
    ...(limits === "" ? [] : [`limits: ${limits}`]),
  ];
}

const HOLD_WORDS: { readonly [R in NonNullable<IncidentRecord["hold"]>["reason"]]: string } = {
  "store-unavailable": "the store does not answer, so nothing can be made durable",
  "generation-mismatch": "the store is not the one that was known: it was wiped or lost writes",
  "census-incomplete":
    "not every owner has told its counts, so a larger outage cannot be ruled out",
  "disruption-guard":
    "too much of a failure domain is out at once; more likely a network or power fault",
  fencing: "its power is being cut; nothing is asked for before that is confirmed",
  "fencing-unanswered": "no fence device confirms that its power is off",
  "grade-too-low": "the proof is not good enough for what recovery would do",
  "sign-of-life": "somebody still gets an answer, so something of the host lives",
  denied: "an operator said no",
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
  const { origin } = incident;
  if (origin.startsWith("condition:")) {
    const monitor = origin.slice("condition:".length);
    const verb = incident.phase === "committed" ? "closes" : "clears";
    return [`The agent's monitor ${monitor} reported it: it ${verb} when that monitor reports ok.`];
  }
  if (incident.phase === "committed") {
    return [
      "Committed: it can no longer be retracted. It closes when recovery is complete and the node",
      "is back through its gate, or when an operator closes it.",
    ];
  }
  switch (origin) {
    case "silence":
      return [
        "It was made from silence: a live session of the same boot retracts it,",
        "a session with a new boot id turns it into host-rebooted.",
      ];
    case "silence:agent":
      return ["The host lives, its agent is not heard: it clears when the agent is heard again."];
    case "identity":
      return ["Two sessions claim the node: it clears when only one of them says hello."];
    default:
      return ["Nothing ends it by itself: a person must look."];
  }
}
