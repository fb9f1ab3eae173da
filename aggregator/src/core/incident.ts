/**
 * The durable record of one failure.
 *
 *      (open)                         (ended)
 *   declared ──retract / clear──────► retracted | cleared
 *      │
 *      └──commit──► committed ──close──► closed
 *
 * The phase is one field; commit and retract compare-and-set it and the first one wins (design
 * invariant "retract or commit, never both"). Retracted: made from silence, and a live session of
 * the same boot refuted it. Cleared: the reported condition is over. After commit only a close ends it.
 */
import type { ClassFamily, FailureClass, Grade } from "@herdbeat/shared/classes";
import type { BootId, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";

export type IncidentPhase = "declared" | "committed" | "retracted" | "cleared" | "closed";

export function isOpen(phase: IncidentPhase): boolean {
  return phase === "declared" || phase === "committed";
}

/** One typed observation that a verdict rests on. */
export interface Evidence {
  readonly kind:
    | "heartbeat-silence"
    | "stream-closed"
    | "stream-live"
    | "kernel-probe"
    | "gateway-probe"
    | "witness"
    | "condition"
    | "new-boot-id"
    | "goodbye"
    | "fence-device"
    | "census"
    | "operator";
  /** Who observed: an aggregator id, a witness's node id, `agent`, an operator's name. */
  readonly source: string;
  /** What was seen, in one token: `silent`, `answered`, `no-answer`, `never-proven`, `problem` ... */
  readonly outcome: string;
  /** How old the observation was when the verdict was made. */
  readonly age: DurationMs;
  /** When it was made, for people. */
  readonly at: UnixMs;
  /** One sentence for people. */
  readonly detail: string;
}

/** Which rule of the decision table decided, and with which limits. */
export interface RuleApplied {
  readonly name: string;
  readonly thresholdsMs: Readonly<Record<string, number>>;
  readonly because: string;
}

/** What a transition of an incident says to the world; each kind is one fact or request. */
export type TransitionKind =
  | "declared"
  | "changed"
  | "retracted"
  | "cleared"
  | "committed"
  | "closed"
  | "node-returned";

export interface IncidentTransition {
  /** 1, 2, ...; with the incident's id it makes the webhook-id. */
  readonly number: number;
  readonly kind: TransitionKind;
  readonly at: UnixMs;
  readonly failureClass: FailureClass;
  readonly grade: Grade;
  readonly message: string;
  readonly evidence: readonly Evidence[];
  readonly rule: RuleApplied;
}

/** Why nothing irreversible happens yet, and what would release it. */
export interface Hold {
  readonly reason:
    | "store-unavailable"
    | "generation-mismatch"
    | "census-incomplete"
    | "disruption-guard"
    | "grade-too-low"
    | "sign-of-life"
    | "denied"
    | "fencing"
    | "fencing-unanswered"
    | "disarmed"
    | "maintenance";
  readonly since: UnixMs;
  readonly releasedBy: string;
}

export type ActionState = "pending" | "running" | "succeeded" | "failed";

/** What anyone did about an incident. */
export interface IncidentAction {
  readonly id: string;
  /** fence, evacuate, restart-guest, migrate, acknowledge, note, ... (the reporter's word, bounded). */
  readonly kind: string;
  readonly state: ActionState;
  /** 0..100, null when the reporter does not tell. */
  readonly progress: number | null;
  readonly message: string;
  readonly by: string;
  readonly createdAt: UnixMs;
  readonly updatedAt: UnixMs;
}

/** What recovery is asked to do; `none` for a pure fact. */
export type RequestedAction =
  | "none"
  | "restart-guest"
  | "migrate"
  | "fence-and-resurrect"
  | "restart-service";

export interface IncidentRecord {
  readonly id: IncidentId;
  readonly node: NodeId;
  readonly shard: ShardId;
  readonly bootId: BootId;
  readonly family: ClassFamily;
  /** Who made the verdict: `silence` (this aggregator) or `condition:<monitor>` (the agent). */
  readonly origin: string;
  /** Empty for the node itself; else an interface, a guest's UUID, a service ... */
  readonly subject: string;
  /** Agent's transition number, or session epoch for verdicts from silence. Part of the id. */
  readonly onset: number;
  readonly phase: IncidentPhase;
  readonly failureClass: FailureClass;
  readonly grade: Grade;
  /** Short CamelCase token. */
  readonly reason: string;
  readonly message: string;
  readonly hold: Hold | null;
  /** False until facts about it go out (some classes page only when they last). */
  readonly announced: boolean;
  readonly shadow: boolean;
  /** The drill that it was played for; absent: it is real. */
  readonly drill?: string;
  readonly openedAt: UnixMs;
  readonly endedAt: UnixMs | null;
  readonly requestedAction: RequestedAction;
  /** Bounded to TRANSITIONS_KEPT_MAX, oldest (but the first) dropped first; numbers keep counting. */
  readonly transitions: readonly IncidentTransition[];
  /** Bounded to ACTIONS_KEPT_MAX. */
  readonly actions: readonly IncidentAction[];
  /** Guest name, project, flavor ... as the agent told. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The node's labels when it was declared (az, rack, ...). */
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string;
  /**
   * What its decisions were made from, for `decisionsOf` in decision.ts. Nothing is checked here:
   * they are only read to explain and replay, and damage to them must not take the incident away.
   */
  readonly decisions?: unknown;
  /** What an operator said of its hold, for `reviewOf` in review.ts. Not checked here either. */
  readonly review?: unknown;
}

/** Derived: an incident that flaps for hours still fits in one Redis value. */
export const TRANSITIONS_KEPT_MAX = 64;
export const ACTIONS_KEPT_MAX = 100;
/** Of these, kept for fencing and an operator's word on it: a talkative controller must not prevent them. */
export const OWN_ACTIONS_MIN = 20;

export function lastTransitionNumber(incident: IncidentRecord): number {
  return incident.transitions.at(-1)?.number ?? 0;
}

/** Input of the hash that makes an incident's id: the same failure gives the same id, always. */
export function incidentKey(parts: {
  readonly cluster: string;
  readonly node: NodeId;
  readonly bootId: BootId;
  readonly family: ClassFamily;
  readonly subject: string;
  readonly onset: number;
}): string {
  return JSON.stringify([
    parts.cluster,
    parts.node,
    parts.bootId,
    parts.family,
    parts.subject,
    parts.onset,
  ]);
}
