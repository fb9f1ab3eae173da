/** From the durable incidents and deliveries to the API's. */
import { gradeName } from "@herdbeat/shared/classes";
import type { UnixMs } from "@herdbeat/shared/time";
import { decisionsOf } from "../../core/decision.ts";
import {
  type ActionState,
  type Evidence,
  type IncidentAction,
  type IncidentRecord,
  type IncidentTransition,
  isOpen,
  lastTransitionNumber,
} from "../../core/incident.ts";
import type { IncidentReplay, ReplayedDecision } from "../../core/replay.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import type {
  ActionDto,
  DeliveryDto,
  EvidenceDto,
  IncidentDetail,
  IncidentRow,
  ReplayDto,
  ReplayedDecisionDto,
  TransitionDto,
} from "./dto.ts";
import { isoTime as iso } from "./iso-time.ts";

/** What a list row and the full record have in common. */
function toCommon(record: IncidentRecord): Omit<IncidentRow, "actions"> {
  return {
    id: record.id,
    node: record.node,
    hostname: record.hostname,
    shard: record.shard,
    phase: record.phase,
    open: isOpen(record.phase),
    class: record.failureClass,
    family: record.family,
    origin: record.origin,
    subject: record.subject,
    subjectName: subjectName(record),
    grade: record.grade,
    gradeName: gradeName(record.grade),
    reason: record.reason,
    message: record.message,
    hold:
      record.hold === null
        ? null
        : {
            reason: record.hold.reason,
            since: iso(record.hold.since),
            releasedBy: record.hold.releasedBy,
          },
    announced: record.announced,
    shadow: record.shadow,
    drill: record.drill ?? null,
    openedAt: iso(record.openedAt),
    endedAt: record.endedAt === null ? null : iso(record.endedAt),
    requestedAction: record.requestedAction,
    labels: record.labels,
    transition: lastTransitionNumber(record),
  };
}

export function toIncidentRow(record: IncidentRecord): IncidentRow {
  const actions: Record<ActionState, number> = { pending: 0, running: 0, succeeded: 0, failed: 0 };
  for (const action of record.actions) actions[action.state] += 1;
  return { ...toCommon(record), actions };
}

export function toIncidentDetail(
  record: IncidentRecord,
  deliveries: readonly DeliveryView[],
): IncidentDetail {
  const last = record.transitions.at(-1);
  return {
    ...toCommon(record),
    bootId: record.bootId,
    onset: record.onset,
    evidence: last?.evidence.map(toEvidence) ?? [],
    rule: last?.rule ?? null,
    timeline: record.transitions.map(toTransition),
    deliveries: deliveries.map(toDelivery),
    actions: record.actions.map(toAction),
    attributes: record.attributes,
    replayable: decisionsOf(record).length > 0,
  };
}

function toTransition(transition: IncidentTransition): TransitionDto {
  return {
    number: transition.number,
    kind: transition.kind,
    at: iso(transition.at),
    class: transition.failureClass,
    grade: transition.grade,
    gradeName: gradeName(transition.grade),
    message: transition.message,
    evidence: transition.evidence.map(toEvidence),
    rule: transition.rule,
  };
}

export function toEvidence(evidence: Evidence): EvidenceDto {
  return {
    kind: evidence.kind,
    source: evidence.source,
    outcome: evidence.outcome,
    ageMs: Math.round(evidence.age),
    at: iso(evidence.at),
    detail: evidence.detail,
  };
}

export function toAction(action: IncidentAction): ActionDto {
  return {
    id: action.id,
    kind: action.kind,
    state: action.state,
    progress: action.progress,
    message: action.message,
    by: action.by,
    createdAt: iso(action.createdAt),
    updatedAt: iso(action.updatedAt),
  };
}

export function toDelivery(row: DeliveryView): DeliveryDto {
  const ended = row.state === "delivered" || row.state === "superseded" || row.state === "parked";
  return {
    id: row.rowId,
    webhookId: row.webhookId,
    destination: row.destination,
    incident: row.incident,
    transition: row.transition,
    node: row.node,
    kind: row.kind,
    state: row.state,
    createdAt: iso(row.createdAt),
    attempts: row.attempts,
    lastAttemptAt: row.lastAttemptAt === null ? null : iso(row.lastAttemptAt),
    nextAttemptAt: ended ? null : iso(row.nextAttemptAt),
    settledAt: row.settledAt === undefined ? null : iso(row.settledAt),
    claimedBy: row.claimedBy,
    lastStatus: row.lastStatus,
    lastError: row.lastError,
  };
}

export function toReplay(incident: string, replayed: IncidentReplay, now: UnixMs): ReplayDto {
  return {
    incident,
    asOf: iso(now),
    verdict: replayed.verdict,
    decisions: replayed.decisions.map(toReplayedDecision),
    notKept: replayed.notKept,
  };
}

export function toReplayedDecision(one: ReplayedDecision): ReplayedDecisionDto {
  const { agrees } = one.result;
  return {
    what: one.what,
    core: one.core,
    at: one.at === null ? null : iso(one.at as UnixMs),
    transitions: one.transitions,
    result: agrees === null ? "not-run" : agrees ? "agrees" : "differs",
    differences: agrees === false ? one.result.differences : [],
    why: agrees === null ? one.result.why : "",
  };
}

/** What people call it: a guest's name instead of its UUID. */
export function subjectName(record: Pick<IncidentRecord, "subject" | "attributes">): string {
  return record.subject === "" ? "" : (record.attributes["name"] ?? record.subject);
}
