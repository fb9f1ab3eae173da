/** What a declaration of `host-down` rests on: the proven-probe rule, our own sight, the evidence. */

import { formatDuration } from "@herdbeat/shared/duration-text";
import { type DurationMs, durationMs, type ListeningMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "./detection-config.ts";
import type { ZoneSight } from "./guard.ts";
import type { Evidence } from "./incident.ts";
import type { Instant, NodeState, OwnSight, Verdict } from "./node-state.ts";
import { contradiction } from "./witness-evidence.ts";
import type { WitnessView } from "./witness-memory.ts";

/**
 * Absence proves nothing where presence was never seen: a probe counts against a node only if one
 * was answered within `provenWithin` before the node's last sign of life.
 */
export function probeIsProven(state: NodeState, limits: DetectionLimits): boolean {
  const { provenAt, lastAnsweredAt } = state.probe;
  // What answered this very process is dated by its own listening: a wall clock may have been set.
  if (lastAnsweredAt !== null && state.lastHeardAt - lastAnsweredAt <= limits.provenWithin) {
    return true;
  }
  return provenAt !== null && state.record.lastSeenAt - provenAt <= limits.provenWithin;
}

/** Every probe asked during the last `span` of listening went unanswered, and one was asked at its start. */
export function probeFailedFor(state: NodeState, now: Instant, span: DurationMs): boolean {
  const { failingSince, lastAskedAt, lastOutcome } = state.probe;
  if (lastOutcome !== "no-answer" || failingSince === null || lastAskedAt === null) return false;
  // While nobody asked (the store was away) nothing was proven: the questions begin anew.
  return now.listening - lastAskedAt <= span && now.listening - failingSince >= span;
}

/** A question asked since the doubt began went unanswered. */
export function probeFailedSince(state: NodeState, since: ListeningMs): boolean {
  const { lastOutcome, outcomeAskedAt } = state.probe;
  return lastOutcome === "no-answer" && outcomeAskedAt !== null && outcomeAskedAt >= since;
}

/**
 * Why this process can not trust its own eyes now, or null when it can. A silent gateway means that
 * we are cut off. Without a gateway, all nodes silent at once means the same.
 */
export function sightTrouble(own: OwnSight): string | null {
  switch (own.gateway) {
    case "answers":
      return null;
    case "silent":
      return "our own gateway does not answer, so it may be us who are cut off";
    case "unknown":
      return "our own gateway has not been asked yet";
    case "none":
      if (own.othersTotal > 0 && own.othersHeard === 0) {
        return `none of the ${own.othersTotal} other nodes is heard either and there is no gateway to ask, so it may be us who are cut off`;
      }
      return null;
  }
}

export function describeSilence(state: NodeState, now: Instant, tail: string): string {
  const silence = durationMs(Math.max(0, now.listening - state.lastHeardAt));
  const text = `no heartbeat for ${formatDuration(silence)}`;
  return tail === "" ? text : `${text}; ${tail}`;
}

/** How a declaration came about. */
export interface DownBasis {
  readonly rule: string;
  /** 1: proven witnesses in different failure domains get no answer either, and nobody does. */
  readonly grade: 0 | 1;
  readonly view: WitnessView;
  readonly witnesses: readonly Evidence[];
}

/** The verdict. Of grade 0 or 1: declared, never committed by itself. */
export function declareDown(
  state: NodeState,
  own: OwnSight,
  outage: ZoneSight | null,
  now: Instant,
  limits: DetectionLimits,
  basis: DownBasis,
): Extract<Verdict, { kind: "open" }> {
  const proven = probeIsProven(state, limits);
  return {
    kind: "open",
    origin: "silence",
    subject: "",
    onset: state.record.sessionEpoch,
    failureClass: "host-down",
    grade: basis.grade,
    reason: reasonOf(basis, proven),
    message: describeSilence(state, now, wordsOf(basis, proven)),
    evidence: [
      silence(state, now),
      kernelProbe(state, now, proven),
      ...basis.witnesses,
      gateway(own, now),
    ],
    rule: {
      name: basis.rule,
      thresholdsMs: {
        suspectAfter: limits.suspectAfter,
        declareWithWitnesses: limits.declareWithWitnesses,
        declareAfter: limits.declareAfter,
        probeTimeout: limits.probeTimeout,
        provenWithin: limits.provenWithin,
        reconnectBound: limits.reconnectBound,
      },
      because:
        basis.grade === 1
          ? `witnesses in ${basis.view.blindDomains} failure domains reached it before and get no answer; never committed without grade 3 or better`
          : "too few healthy witnesses besides the owner: declared after the longest timeout, never committed without grade 3 or better",
    },
    // A part of an outage is recorded and held like any other, and told by the outage's incident.
    attributes: outage === null ? {} : { zone: outage.name },
    announce: outage === null,
  };
}

function reasonOf(basis: DownBasis, proven: boolean): string {
  if (basis.grade === 1) return "SilentAndUnreachable";
  return proven ? "SilentAndKernelSilent" : "Silent";
}

function wordsOf({ grade, view }: DownBasis, proven: boolean): string {
  const kernel = proven
    ? "its kernel no longer answers probes that it answered before"
    : "no probe of its kernel was ever answered, so their silence proves nothing";
  if (grade === 1) return `${kernel}, neither ours nor those of ${view.blind.join(" and ")}`;
  return view.seeing.length === 0 ? kernel : `${kernel}; but ${contradiction(view)}`;
}

function silence(state: NodeState, now: Instant): Evidence {
  return {
    kind: "heartbeat-silence",
    source: "self",
    outcome: "silent",
    age: durationMs(Math.max(0, now.listening - state.lastHeardAt)),
    at: now.wall,
    detail: `last heartbeat ${describeSilence(state, now, "").slice("no heartbeat for ".length)} ago (time in which this aggregator listened)`,
  };
}

function kernelProbe(state: NodeState, now: Instant, proven: boolean): Evidence {
  const { probe } = state;
  const age = durationMs(Math.max(0, now.listening - (probe.lastAskedAt ?? now.listening)));
  const provenText =
    probe.provenAt === null
      ? "never answered by this node"
      : `last answered ${formatDuration(durationMs(Math.max(0, now.wall - probe.provenAt)))} ago`;
  return {
    kind: "kernel-probe",
    source: "self",
    outcome: proven ? probe.lastOutcome : "never-proven",
    age,
    at: now.wall,
    detail: `TCP to a closed port of ${state.record.address}: ${probe.lastDetail === "" ? "not asked" : probe.lastDetail}; ${provenText}`,
  };
}

function gateway(own: OwnSight, now: Instant): Evidence {
  const detail =
    own.gateway === "none"
      ? `this machine has no default gateway; ${own.othersHeard} of ${own.othersTotal} other nodes are heard`
      : `our own default gateway: ${own.gateway}; ${own.othersHeard} of ${own.othersTotal} other nodes are heard`;
  return {
    kind: "gateway-probe",
    source: "self",
    outcome: own.gateway,
    age: durationMs(0),
    at: now.wall,
    detail,
  };
}
