/** Phases, holds, requests, evidence and deliveries in plain words. */
import type {
  ActionState,
  Evidence,
  Hold,
  IncidentPhase,
  RequestedAction,
  TransitionKind,
} from "@herdbeat/aggregator/core/incident";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";

export const PHASE_WORDS: { readonly [P in IncidentPhase]: string } = {
  declared: "Declared",
  committed: "Committed",
  retracted: "Retracted",
  cleared: "Cleared",
  closed: "Closed",
};

export const PHASE_MEANING: { readonly [P in IncidentPhase]: string } = {
  declared: "Recorded and announced. It can still be taken back.",
  committed: "Something irreversible has begun. It is final until the incident closes.",
  retracted: "Taken back: the node showed that it lives.",
  cleared: "Over: the condition that was reported no longer holds.",
  closed: "Over: recovery has ended.",
};

export const TRANSITION_WORDS: { readonly [K in TransitionKind]: string } = {
  declared: "Declared",
  changed: "Changed",
  retracted: "Retracted",
  cleared: "Cleared",
  committed: "Committed",
  closed: "Closed",
  "node-returned": "Node returned",
};

export const HOLD_WORDS: { readonly [R in Hold["reason"]]: string } = {
  "store-unavailable": "the store does not answer",
  "generation-mismatch": "the store is not the one we knew",
  "census-incomplete": "not every aggregator has been heard yet",
  "disruption-guard": "too many nodes fail at once",
  "grade-too-low": "the proof is not strong enough",
  "sign-of-life": "somebody still gets an answer from it",
  denied: "an operator said no",
  fencing: "its power is being cut",
  "fencing-unanswered": "no device confirms that its power is off",
  disarmed: "recovery is switched off for the whole cluster",
  maintenance: "the node is in maintenance",
};

export const REQUEST_WORDS: { readonly [A in RequestedAction]: string } = {
  none: "no recovery asked for",
  "restart-guest": "restart the guest",
  migrate: "migrate guests away",
  "fence-and-resurrect": "fence the host, then start its guests elsewhere",
  "restart-service": "restart the service",
};

export const EVIDENCE_WORDS: { readonly [K in Evidence["kind"]]: string } = {
  "heartbeat-silence": "Heartbeats",
  "stream-closed": "Stream closed",
  "stream-live": "Stream live",
  "kernel-probe": "Kernel probe",
  "gateway-probe": "Own gateway",
  witness: "Witness",
  "fence-device": "Fence device",
  condition: "Condition",
  "new-boot-id": "Boot id",
  goodbye: "Goodbye",
  census: "Census",
  operator: "Operator",
};

export const ACTION_STATE_WORDS: { readonly [S in ActionState]: string } = {
  pending: "waiting to start",
  running: "running",
  succeeded: "succeeded",
  failed: "failed",
};

export const DELIVERY_STATE_WORDS: { readonly [S in OutboxRow["state"]]: string } = {
  waiting: "waiting",
  sending: "being sent",
  parked: "parked: needs somebody",
  delivered: "accepted",
  superseded: "superseded",
};

/** The words of `table` for `key`, or the key itself when a newer aggregator sends an unknown one. */
export function wordsFor(table: Readonly<Record<string, string>>, key: string): string {
  return Object.hasOwn(table, key) ? (table[key] ?? key) : key.replaceAll("-", " ");
}

/** `declareAfterMs` → `declare after`: names of thresholds, as the rule gives them. */
export function thresholdWords(name: string): string {
  return name
    .replace(/Ms$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/[-_]/g, " ")
    .toLowerCase();
}
