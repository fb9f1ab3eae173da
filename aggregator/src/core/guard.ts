/**
 * The disruption guard: what the state of a whole failure domain, and of the fleet, holds back.
 * Many hosts that fall silent at once are more likely one failed switch than so many failed hosts.
 * Pure: counts in, sight out; the sight is recorded with every decision that it was part of.
 *
 *   normal ──partialPercent out──► partial ──fullPercent, or all──► full: one `zone-outage`
 *     ▲                                                               │
 *     └── stormCooldown, after fewer than partialPercent are out ◄────┘
 */
import type { NodeId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import { type Census, type DomainCount, FLEET } from "./census.ts";
import type { Hold } from "./incident.ts";

export interface GuardLimits {
  /** Share of a domain, or of the fleet, that is out when commits without proof stop. */
  readonly partialPercent: number;
  /** Share at which the outage is the domain's, told as one incident. */
  readonly fullPercent: number;
  /** A larger share of the fleet must be well for a commit without proof. */
  readonly minHealthyPercent: number;
  /** How long after a disruption nothing is committed without proof in the domain. */
  readonly stormCooldown: DurationMs;
  /** So many commits at most within such a time, by all aggregators together. */
  readonly rate: { readonly max: number; readonly within: DurationMs };
  /** Domains in which an operator lets nothing be committed: `rack:a1`, `az:eu-1`. */
  readonly paused: readonly string[];
}

export const GUARD_DEFAULTS: GuardLimits = {
  partialPercent: 55,
  fullPercent: 80,
  minHealthyPercent: 51,
  stormCooldown: durationMs(60_000),
  rate: { max: 10, within: durationMs(10_000) },
  paused: [],
};

/** In smaller domains one node is too large a share. */
export const PERCENT_FROM_NODES = 5;

export type ZoneLevel = "normal" | "partial" | "full";

export interface Brake {
  readonly reason: Hold["reason"];
  /** What releases it. The same words as long as the same thing does. */
  readonly releasedBy: string;
}

/** A disruption that the node is a part of. */
export interface ZoneSight {
  readonly name: string;
  /** `cooling`: it was disrupted so shortly before that a storm may go on. */
  readonly level: Exclude<ZoneLevel, "normal"> | "cooling";
  readonly nodes: number;
  readonly out: number;
  readonly lead: NodeId | "";
  readonly told: boolean;
}

export interface GuardSight {
  /** All owners' counts were at hand, none older than a second. */
  readonly isCounted: boolean;
  /** So much longer than the limits say a silence must last, because others fall silent too. */
  readonly patience: DurationMs;
  /** Of the fleet, then of its domain; only those that are not normal. */
  readonly zones: readonly ZoneSight[];
  /** What holds a commit that rests on silence alone; null: nothing. */
  readonly commit: Brake | null;
  /** What holds any commit, however well the end of the host is proven; null: nothing. */
  readonly anyCommit: Brake | null;
  /** Whether the node can be fenced. */
  readonly fencing: "none" | "ready";
}

/** Nothing is disrupted, nothing is known to be fenced. */
export const CLEAR_GUARD: GuardSight = {
  isCounted: true,
  patience: durationMs(0),
  zones: [],
  commit: null,
  anyCommit: null,
  fencing: "none",
};

export function levelOf(
  count: Pick<DomainCount, "nodes" | "overdue" | "declared">,
  limits: GuardLimits,
): ZoneLevel {
  const { nodes } = count;
  const out = outOf(count);
  // Two hosts that share a switch and fall silent together say as much as twenty.
  if (nodes >= 2 && out >= nodes) return "full";
  if (nodes < PERCENT_FROM_NODES) return "normal";
  if (out * 100 >= nodes * limits.fullPercent) return "full";
  return out * 100 >= nodes * limits.partialPercent ? "partial" : "normal";
}

export function outOf({ overdue, declared }: Pick<DomainCount, "overdue" | "declared">): number {
  return overdue + declared;
}

export interface GuardQuestion {
  /** The node's failure domain; null: its labels name none. */
  readonly domain: string | null;
  /** Labels of the node as names of domains, for `paused`. */
  readonly names: readonly string[];
  readonly census: Census;
  readonly limits: GuardLimits;
  /** What one heartbeat takes. */
  readonly interval: DurationMs;
  /** Whether a domain was disrupted less than stormCooldown ago. */
  readonly isCooling: (domain: string) => boolean;
  /** Why nothing at all is committed: disarmed. */
  readonly disarmed: Brake | null;
  readonly fencing: GuardSight["fencing"];
}

export function judgeGuard(question: GuardQuestion): GuardSight {
  const { domain, census, fencing, interval } = question;
  const fleet = census.domains.get(FLEET);
  const own = domain === null ? undefined : census.domains.get(domain);
  const zones = [fleet, own].flatMap((count) =>
    count === undefined ? [] : zoneOf(count, question),
  );
  const isCrowd = (own?.overdue ?? 0) >= 2 || zones.some(({ level }) => level !== "cooling");
  return {
    isCounted: census.isComplete,
    patience: isCrowd ? interval : durationMs(0),
    zones,
    commit: silentBrake(question, zones, fleet),
    anyCommit: anyBrake(question),
    fencing,
  };
}

function zoneOf(count: DomainCount, { limits, isCooling }: GuardQuestion): readonly ZoneSight[] {
  const { domain: name, nodes, lead, told } = count;
  const now = levelOf(count, limits);
  const level = now === "normal" && isCooling(name) ? "cooling" : now;
  return level === "normal" ? [] : [{ name, level, nodes, out: outOf(count), lead, told }];
}

/** Ordered by who must act: an operator, the missing owner, then whatever ends the disruption. */
function anyBrake({ names, census, limits, disarmed }: GuardQuestion): Brake | null {
  if (disarmed !== null) return disarmed;
  const paused = names.find((name) => limits.paused.includes(name));
  if (paused !== undefined) {
    return {
      reason: "disruption-guard",
      releasedBy: `taking ${paused} out of guard.pausedZones`,
    };
  }
  if (census.isComplete) return null;
  return {
    reason: "census-incomplete",
    releasedBy: "the counts of every owner of every shard, none older than a second",
  };
}

function silentBrake(
  { limits }: GuardQuestion,
  zones: readonly ZoneSight[],
  fleet: DomainCount | undefined,
): Brake | null {
  const zone = zones.find(({ level }) => level !== "cooling") ?? zones[0];
  if (zone?.level === "cooling") {
    return disrupted(
      zone.name,
      `the end of guard.stormCooldown after the disruption of ${zone.name}`,
    );
  }
  if (zone !== undefined) {
    return disrupted(zone.name, `less than ${limits.partialPercent} % of ${zone.name} out`);
  }
  if (fleet === undefined || fleet.nodes < PERCENT_FROM_NODES) return null;
  const well = fleet.nodes - outOf(fleet);
  if (well * 100 >= fleet.nodes * limits.minHealthyPercent) return null;
  return disrupted(FLEET, `${limits.minHealthyPercent} % of the fleet well`);
}

function disrupted(name: string, releasedBy: string): Brake {
  const proof = "or proof of grade 3 or better that this host is off";
  return {
    reason: "disruption-guard",
    releasedBy: `${releasedBy} (${name} is disrupted), ${proof}`,
  };
}
