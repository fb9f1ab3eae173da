/** What witnesses have seen of a node, and what it amounts to. Pure. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { DurationMs, ListeningMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "./detection-config.ts";
import type {
  Instant,
  NodeEvent,
  NodeState,
  WitnessMemory,
  WitnessObservation,
} from "./node-state.ts";

/** Three witnesses with as many probes as one request may hold. */
export const WITNESS_PATHS_MAX = 48;

type Witnessed = Extract<NodeEvent, { kind: "witnessed" }>;

/** Newest questions last. What was not asked for `provenWithin` can not count any more and is dropped. */
export function rememberWitness(
  memories: readonly WitnessMemory[],
  event: Witnessed,
  now: Instant,
  limits: DetectionLimits,
): readonly WitnessMemory[] {
  const kept = memories.filter((one) => now.listening - one.lastAskedAt <= limits.provenWithin);
  const fresh: WitnessMemory[] = [];
  for (const seen of event.observations) {
    const at = kept.findIndex(
      (one) =>
        one.witness === event.witness && one.kind === seen.kind && one.network === seen.network,
    );
    const before = at < 0 ? undefined : kept[at];
    // A question older than what is known already says nothing new.
    if (before !== undefined && before.lastAskedAt > event.askedAt) continue;
    if (at >= 0) kept.splice(at, 1);
    fresh.push(observed(before, event, seen, now));
  }
  return [...kept, ...fresh].slice(-WITNESS_PATHS_MAX);
}

function observed(
  before: WitnessMemory | undefined,
  event: Witnessed,
  seen: WitnessObservation,
  now: Instant,
): WitnessMemory {
  const { witness, domain, askedAt } = event;
  const { kind, network, outcome } = seen;
  const base = { witness, domain, kind, network, lastAskedAt: askedAt, lastOutcome: outcome };
  if (outcome === "answered") {
    return {
      ...base,
      provenAt: now.wall,
      lastAnsweredAt: askedAt,
      failingSince: null,
      authenticated: seen.authenticated,
    };
  }
  const failingSince = before?.failingSince ?? null;
  return {
    ...base,
    provenAt: before?.provenAt ?? null,
    lastAnsweredAt: before?.lastAnsweredAt ?? null,
    failingSince: outcome === "no-answer" ? (failingSince ?? askedAt) : failingSince,
    authenticated: before?.authenticated ?? false,
  };
}

export interface WitnessView {
  /** Who got an answer in this doubt, and has not gone without one for the full timeout since. */
  readonly seeing: readonly NodeId[];
  /** One of those answers could have come from the node alone. */
  readonly authenticated: boolean;
  /** Who reached the node before and gets no answer now, in no way and over no network. */
  readonly blind: readonly NodeId[];
  /** In how many failure domains those are. */
  readonly blindDomains: number;
}

export const NOBODY_LOOKED: WitnessView = {
  seeing: [],
  authenticated: false,
  blind: [],
  blindDomains: 0,
};

/**
 * What witnesses say in a doubt that began at `since`. Questions asked before it say nothing.
 * `failedFor`: how long a witness must have gone without an answer to count as blind.
 */
export function witnessView(
  state: NodeState,
  since: ListeningMs,
  now: Instant,
  limits: DetectionLimits,
  failedFor: DurationMs,
): WitnessView {
  if (state.witnesses.length === 0) return NOBODY_LOOKED;
  const seeing: NodeId[] = [];
  const blind: NodeId[] = [];
  const domains = new Set<string>();
  let authenticated = false;
  for (const [witness, paths] of byWitness(state.witnesses)) {
    const answered = paths.filter((one) => isAnswered(one, since, now, limits));
    if (answered.length > 0) {
      seeing.push(witness);
      authenticated ||= answered.some((one) => one.authenticated);
    } else if (isBlind(state, paths, since, now, limits, failedFor)) {
      blind.push(witness);
      for (const { domain } of paths.slice(-1)) domains.add(domain);
    }
  }
  return { seeing, authenticated, blind, blindDomains: domains.size };
}

function byWitness(
  memories: readonly WitnessMemory[],
): ReadonlyMap<NodeId, readonly WitnessMemory[]> {
  const all = new Map<NodeId, WitnessMemory[]>();
  for (const one of memories) {
    const paths = all.get(one.witness);
    if (paths === undefined) all.set(one.witness, [one]);
    else paths.push(one);
  }
  return all;
}

/** An answer holds until its absence was seen for as long as anybody's is, or nobody looked for long. */
function isAnswered(
  path: WitnessMemory,
  since: ListeningMs,
  now: Instant,
  limits: DetectionLimits,
): boolean {
  const { lastAnsweredAt, failingSince } = path;
  if (lastAnsweredAt === null || lastAnsweredAt < since) return false;
  if (failingSince !== null && now.listening - failingSince >= limits.declareAfter) return false;
  return now.listening - lastAnsweredAt <= limits.reconnectBound;
}

/** Absence proves nothing where presence was never seen: only proven paths count, and all of them. */
function isBlind(
  state: NodeState,
  paths: readonly WitnessMemory[],
  since: ListeningMs,
  now: Instant,
  limits: DetectionLimits,
  failedFor: DurationMs,
): boolean {
  const asked = paths.filter(
    (one) =>
      one.lastAskedAt >= since &&
      now.listening - one.lastAskedAt <= limits.reconnectBound &&
      isProvenPath(state, one, limits),
  );
  return (
    asked.length > 0 &&
    asked.every(
      (one) =>
        one.lastOutcome === "no-answer" &&
        one.failingSince !== null &&
        now.listening - one.failingSince >= failedFor,
    )
  );
}

/** Whether this path's silence may count: the same rule as for our own probe. */
export function isProvenPath(
  state: NodeState,
  path: WitnessMemory,
  limits: DetectionLimits,
): boolean {
  return path.provenAt !== null && state.record.lastSeenAt - path.provenAt <= limits.provenWithin;
}

/** What a view amounts to. */
export type WitnessSaying =
  /** Nobody who counts has looked. */
  | "nothing"
  /** Proven witnesses in different failure domains get no answer, and nobody does. */
  | "unreachable"
  /** Somebody gets an answer. */
  | "reached"
  /** One gets an answer that anybody could have given; two or more proven ones get none. */
  | "outvoted";

/** Fewer witnesses than this, or all of them in one failure domain, prove nothing of their own. */
const DOMAINS_MIN = 2;

export function sayingOf(view: WitnessView): WitnessSaying {
  const isUnreached = view.blindDomains >= DOMAINS_MIN;
  if (view.seeing.length === 0) return isUnreached ? "unreachable" : "nothing";
  return view.seeing.length === 1 && !view.authenticated && isUnreached ? "outvoted" : "reached";
}
