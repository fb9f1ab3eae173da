/**
 * One incident for the outage of a whole failure domain, carried by one of its nodes: the lowest
 * that is out when all owners have counted. Pure.
 *
 * Guarantee: it asks for nothing and ends by itself. Its children are the nodes' own incidents,
 * which are recorded and held but not told one by one; a child that outlasts the outage is told.
 */
import { durationMs } from "@herdbeat/shared/time";
import { FLEET, ZONE } from "./census.ts";
import type { DetectionLimits } from "./detection-config.ts";
import type { GuardSight, ZoneSight } from "./guard.ts";
import type { Evidence, IncidentRecord } from "./incident.ts";
import type { Instant, NodeState, OwnSight, Verdict } from "./node-state.ts";

/** The outage that explains the node's silence; null: it stands for itself. */
export function outageOf({ isCounted, zones }: GuardSight): ZoneSight | null {
  if (!isCounted) return null;
  return zones.find((zone) => zone.level === "full") ?? null;
}

export function carriesZone({ incidents }: Pick<NodeState, "incidents">): boolean {
  return incidents.some((one) => one.origin === ZONE);
}

/** What a tick of this node says of the domains that it speaks for. */
export function zoneVerdicts(
  state: NodeState,
  guard: GuardSight,
  own: OwnSight,
  now: Instant,
  limits: DetectionLimits,
): readonly Verdict[] {
  if (!guard.isCounted) return [];
  const ended = state.incidents
    .filter((one) => one.origin === ZONE && isOver(one, guard))
    .map((one) => over(one, now));
  const outage = outageOf(guard);
  if (outage === null || outage.told || outage.lead !== state.record.id) return ended;
  const silence = now.listening - state.lastHeardAt;
  const isDue = silence >= limits.declareWithWitnesses + guard.patience;
  // A gateway that does not answer says that it is us; nobody heard says it less surely.
  if (!isDue || own.gateway === "silent" || own.gateway === "unknown") return ended;
  return [...ended, opened(state, outage, own, now)];
}

function isOver({ subject }: IncidentRecord, { zones }: GuardSight): boolean {
  return zones.every((zone) => zone.name !== subject);
}

function opened(state: NodeState, zone: ZoneSight, own: OwnSight, now: Instant): Verdict {
  const cutOff = own.gateway === "none" && own.othersTotal > 0 && own.othersHeard === 0;
  const where = zone.name === FLEET ? "the fleet" : zone.name;
  const what = `${zone.out} of ${zone.nodes} nodes of ${where} are silent at once`;
  const likely = cutOff
    ? "nobody is heard, so it may be this aggregator that is cut off"
    : "more likely their network or their power than each of them by itself";
  return {
    kind: "open",
    origin: ZONE,
    subject: zone.name,
    onset: state.record.sessionEpoch,
    failureClass: "zone-outage",
    grade: 0,
    reason: "SilentTogether",
    message: `${what}; ${likely}`,
    evidence: [census(zone, now)],
    rule: {
      name: "silent-together",
      thresholdsMs: {},
      because:
        "many nodes of one failure domain that fall silent together are one failure, told once",
    },
    attributes: { zone: zone.name, nodes: `${zone.nodes}`, out: `${zone.out}` },
    announce: true,
  };
}

function census(zone: ZoneSight, now: Instant): Evidence {
  return {
    kind: "census",
    source: "self",
    outcome: zone.level,
    age: durationMs(0),
    at: now.wall,
    detail: `${zone.out} of ${zone.nodes} nodes of ${zone.name} are silent or declared, by the counts of all owners`,
  };
}

function over(incident: IncidentRecord, now: Instant): Verdict {
  const message = `${incident.subject} is no longer disrupted; nodes of it that are still out are told by themselves`;
  return {
    kind: "end",
    origin: ZONE,
    subject: incident.subject,
    as: "cleared",
    message,
    evidence: [
      {
        kind: "census",
        source: "self",
        outcome: "normal",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
  };
}
