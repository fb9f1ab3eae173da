/**
 * What a new session tells: the same boot refutes silence, another boot proves that the host went
 * down in between. Pure.
 */
import type { Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import { AGENT, endAgentIncident } from "./agent-verdict.ts";
import { ALIVE, SILENCE } from "./failure-detector.ts";
import type { HealthStep } from "./health-step.ts";
import type { Evidence } from "./incident.ts";
import type { NodeRecord } from "./node-record.ts";
import type { HelloFacts, Instant, NodeState, Verdict } from "./node-state.ts";

/** Origin of verdicts about who speaks for a node. */
export const IDENTITY = "identity";
/** Origin of verdicts about what an agent remembers. */
export const SESSION = "session";

/** No verdict for this long after two live sessions claimed the same name; then the conflict is over. */
export const CONFLICT_QUIET_MS = 30_000;

export function conflictVerdict(state: NodeState, detail: string, now: Instant): Verdict {
  return {
    kind: "open",
    origin: IDENTITY,
    subject: "",
    onset: state.record.incarnation,
    failureClass: "identity-conflict",
    grade: 0,
    reason: "TwoLiveSessions",
    message: detail,
    evidence: [
      {
        kind: "stream-live",
        source: "self",
        outcome: "two-sessions",
        age: durationMs(0),
        at: now.wall,
        detail,
      },
    ],
    rule: {
      name: "two-live-sessions",
      thresholdsMs: {},
      because:
        "two live sessions that alternate are never believed: no verdicts, a person must look",
    },
    attributes: {},
    announce: true,
  };
}

export function onHello(
  state: NodeState,
  facts: HelloFacts,
  now: Instant,
): { readonly state: NodeState; readonly step: HealthStep } {
  const { record } = state;
  const known = record.bootId !== "";
  const rebooted = known && record.bootId !== facts.bootId;
  const lostState = known && !rebooted && facts.lastTransition < record.acknowledgedTransition;
  const verdicts: Verdict[] = [];
  if (state.incidents.some((one) => one.origin === AGENT)) {
    verdicts.push(endAgentIncident("the agent is back", now));
  }
  if (rebooted) verdicts.push(...rebootVerdicts(state, facts, now));
  else if (state.incidents.some((one) => one.origin === SILENCE)) {
    verdicts.push(endSilence("retracted", "a live session of the same boot is back", now));
  }
  const remembers = rebooted || (!lostState && record.processId !== facts.processId);
  if (remembers && state.incidents.some((one) => one.origin === SESSION)) {
    const message = rebooted
      ? "the host has booted again: what its agent had forgotten is over"
      : "the agent was restarted and has its state: it is kept again";
    verdicts.push({ ...endSilence("cleared", message, now), origin: SESSION });
  }
  if (lostState) verdicts.push(stateLost(state, facts, now));
  const stays = state.health.state === "committed";
  return {
    state: {
      ...state,
      connected: true,
      lastHeardAt: now.listening,
      record: recordAfter(record, facts, now, { rebooted, lostState }),
    },
    step: {
      health: stays ? state.health : ALIVE,
      because: stays ? null : reasonOf(known, rebooted, record, facts),
      verdicts,
      ask: "kernel",
    },
  };
}

/**
 * A conflict ends when nobody has contested the name for a while, not with the next hello: the two
 * would take turns, and each turn would be told.
 */
export function endConflict(
  state: NodeState,
  now: Instant,
): { readonly state: NodeState; readonly verdicts: readonly Verdict[] } | null {
  const { conflictAt } = state;
  if (conflictAt === null || now.listening - conflictAt < CONFLICT_QUIET_MS) return null;
  const isOpen = state.incidents.some((one) => one.origin === IDENTITY);
  const message = "no two sessions claimed this name for half a minute";
  return {
    state: { ...state, conflictAt: null },
    verdicts: isOpen ? [{ ...endSilence("cleared", message, now), origin: IDENTITY }] : [],
  };
}

function reasonOf(
  known: boolean,
  rebooted: boolean,
  record: NodeRecord,
  facts: HelloFacts,
): string {
  if (!known) return "registered by its first hello";
  if (rebooted) return "back with a new boot";
  return record.processId === facts.processId ? "its session is back" : "its agent was restarted";
}

function recordAfter(
  record: NodeRecord,
  facts: HelloFacts,
  now: Instant,
  what: { readonly rebooted: boolean; readonly lostState: boolean },
): NodeRecord {
  const sameProcess = record.processId === facts.processId;
  const incarnation = Math.max(record.incarnation, facts.incarnation);
  return {
    ...record,
    hostname: facts.hostname,
    address: facts.address,
    labels: facts.labels,
    networks: facts.networks,
    bootId: facts.bootId,
    hardwareId: facts.hardwareId,
    processId: facts.processId,
    incarnation: (sameProcess && incarnation > 0
      ? incarnation
      : incarnation === 0
        ? Math.floor(now.wall / 1000)
        : incarnation + 1) as Incarnation,
    sessionEpoch: Math.max(record.sessionEpoch, facts.sessionEpoch, 1) as SessionEpoch,
    // An agent that lost its state counts anew from what it has; its first whole list says what holds.
    acknowledgedTransition: what.lostState ? facts.lastTransition : record.acknowledgedTransition,
    agentVersion: facts.agentVersion,
    heartbeatIntervalMs: facts.heartbeatIntervalMs,
    inventoryJson: facts.inventoryJson === "" ? record.inventoryJson : facts.inventoryJson,
    lastSeenAt: now.wall,
  };
}

function rebootVerdicts(state: NodeState, facts: HelloFacts, now: Instant): Verdict[] {
  const { health, record } = state;
  const orderly = health.state === "left" && health.wholeHost;
  const evidence: Evidence = {
    kind: "new-boot-id",
    source: "agent",
    outcome: "rebooted",
    age: durationMs(0),
    at: now.wall,
    detail: `boot id was ${record.bootId}, is ${facts.bootId}${sameHardware(record, facts) ? " on the same hardware" : ""}`,
  };
  if (orderly) return [];
  return [
    {
      kind: "open",
      origin: SILENCE,
      subject: "",
      onset: record.sessionEpoch,
      failureClass: "host-rebooted",
      grade: sameHardware(record, facts) ? 4 : 0,
      reason: "NewBootId",
      message: "the host has booted again: everything that ran before is gone",
      evidence: [evidence],
      rule: {
        name: "new-boot-id",
        thresholdsMs: {},
        because:
          "a new boot id from the same hardware, with the old session dead, proves the reboot",
      },
      attributes: {},
      announce: true,
    },
    endSilence("cleared", "the host is back with a new boot", now),
  ];
}

function sameHardware(record: NodeRecord, facts: HelloFacts): boolean {
  return record.hardwareId !== "" && record.hardwareId === facts.hardwareId;
}

function stateLost(state: NodeState, facts: HelloFacts, now: Instant): Verdict {
  const message = `the agent came back with transition ${facts.lastTransition}, but ${state.record.acknowledgedTransition} was acknowledged: its state directory was lost or replaced`;
  return {
    kind: "open",
    origin: SESSION,
    subject: "",
    onset: state.record.acknowledgedTransition,
    failureClass: "state-lost",
    grade: 0,
    reason: "AgentStateLost",
    message,
    evidence: [
      {
        kind: "condition",
        source: "agent",
        outcome: "state-lost",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
    rule: {
      name: "same-boot-lower-state",
      thresholdsMs: {},
      because: "the same boot id with lower state is never ignored",
    },
    attributes: {},
    announce: true,
  };
}

function endSilence(
  as: "retracted" | "cleared",
  message: string,
  now: Instant,
): Extract<Verdict, { kind: "end" }> {
  return {
    kind: "end",
    origin: SILENCE,
    subject: "",
    as,
    message,
    evidence: [
      {
        kind: "stream-live",
        source: "self",
        outcome: "hello",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
  };
}
