/**
 * How many nodes of each failure domain are out, as one owner counts its own and as all of them
 * count together. Pure.
 *
 * Guarantee: a census is complete only if every shard was counted by its owner. Counts that do not
 * fit one answer name no shards, so that whoever asked never takes a part for the whole.
 */
import { fnv1a32, type NodeId, SHARD_COUNT, type ShardId } from "@herdbeat/shared/ids";
import type { ListeningMs } from "@herdbeat/shared/time";
import type { NodeState } from "./node-state.ts";
import { failureDomain } from "./witness-choice.ts";

/** All nodes together, with or without labels. No label makes a domain of this name. */
export const FLEET = "fleet";
/** Racks of one owner in one answer; with long names BYTES_MAX is met before. */
const DOMAINS_MAX = 1_023;
/** Of a mesh frame's 64 KiB, with room for its envelope and the shards. */
const BYTES_MAX = 56_000;
/** Five numbers, two lengths and their tags. */
const NUMBERS_BYTES = 48;
const NAME_CHARS_MAX = 64;

export interface DomainCount {
  /** `rack:r1`, `az:a` or FLEET. Hosts without labels are counted in the fleet alone. */
  readonly domain: string;
  /** Who counts at all: not awaited, not gone in order, not retired. */
  readonly nodes: number;
  /** Not heard for `suspectAfter` and not judged yet. */
  readonly overdue: number;
  /** Of those, in doubt. */
  readonly suspect: number;
  /** Declared down or committed. */
  readonly declared: number;
  /** Who carries the incident of the domain's outage, or would: the lowest that is out; "" = nobody is. */
  readonly lead: NodeId | "";
  /** The lead carries an open incident of this domain. */
  readonly told: boolean;
}

export interface OwnerCount {
  /** Empty: the domains are too many to be told. */
  readonly shards: readonly ShardId[];
  readonly domains: readonly DomainCount[];
}

/** Origin of incidents of whole domains; their subject is the domain's name. */
export const ZONE = "zone";

interface Running {
  nodes: number;
  overdue: number;
  suspect: number;
  declared: number;
  lead: NodeId | "";
  told: boolean;
}

/** `lastHeardAt` is by the same index as `states`. */
export function countOwn(
  states: readonly (NodeState | null)[],
  lastHeardAt: ArrayLike<number>,
  limit: ListeningMs,
  shards: readonly ShardId[],
): OwnerCount {
  const counts = new Map<string, Running>();
  const fleet = running(counts, FLEET);
  for (let index = 0; index < states.length; index++) {
    const state = states[index];
    if (state === null || state === undefined) continue;
    const standing = standingOf(state, (lastHeardAt[index] ?? 0) <= limit);
    if (standing !== "uncounted") {
      add(fleet, state.record.id, standing);
      const domain = domainOf(state);
      if (domain !== null) add(running(counts, domain), state.record.id, standing);
    }
    if (state.incidents.length > 0) noteTold(counts, state);
  }
  const domains = [...counts].map(([domain, count]) => ({ domain, ...count }));
  return { shards: fits(domains) ? shards : [], domains: fits(domains) ? domains : [] };
}

type Standing = "uncounted" | "well" | "overdue" | "suspect" | "declared";

function standingOf({ record, health, drill }: NodeState, silent: boolean): Standing {
  if (record.retired) return "uncounted";
  // Who only plays dead is what it really is.
  if (drill !== null) return silent ? "overdue" : "well";
  switch (health.state) {
    case "alive":
      return silent ? "overdue" : "well";
    case "suspect":
      return silent ? "suspect" : "well";
    case "agent-down":
    case "agent-stalled":
      return "well";
    case "declared":
    case "committed":
      return "declared";
    case "awaited":
    case "unseen":
    case "left":
      return "uncounted";
  }
}

function add(count: Running, node: NodeId, standing: Standing): void {
  count.nodes += 1;
  if (standing === "well") return;
  if (standing === "declared") count.declared += 1;
  else count.overdue += 1;
  if (standing === "suspect") count.suspect += 1;
  if (!count.told && (count.lead === "" || node < count.lead)) count.lead = node;
}

function noteTold(counts: Map<string, Running>, { record, incidents }: NodeState): void {
  for (const { origin, subject } of incidents) {
    if (origin !== ZONE) continue;
    const count = running(counts, subject);
    if (!count.told || count.lead === "" || record.id < count.lead) count.lead = record.id;
    count.told = true;
  }
}

function running(counts: Map<string, Running>, domain: string): Running {
  const known = counts.get(domain);
  if (known !== undefined) return known;
  const made: Running = { nodes: 0, overdue: 0, suspect: 0, declared: 0, lead: "", told: false };
  counts.set(domain, made);
  return made;
}

const DOMAINS = new WeakMap<NodeState["record"]["labels"], string | null>();

/** What fails together with the node, by its labels; null: nothing is known of it. */
export function domainOf({ record }: NodeState): string | null {
  const { id, labels } = record;
  const known = DOMAINS.get(labels);
  if (known !== undefined) return known;
  const name = failureDomain(id, labels);
  const domain = name.startsWith("host:") ? null : domainName(name);
  DOMAINS.set(labels, domain);
  return domain;
}

/** A label is a stranger's text; whatever is too long or not plain is told by its hash. */
function domainName(text: string): string {
  if (text.length <= NAME_CHARS_MAX && /^[\x20-\x7e]*$/.test(text)) return text;
  const kind = text.slice(0, text.indexOf(":"));
  return `${kind}:~${fnv1a32(text).toString(16).padStart(8, "0")}`;
}

function fits(domains: readonly DomainCount[]): boolean {
  const bytes = domains.reduce(
    (sum, { domain, lead }) => sum + domain.length + lead.length + NUMBERS_BYTES,
    0,
  );
  return domains.length <= DOMAINS_MAX && bytes <= BYTES_MAX;
}

export interface Census {
  readonly isComplete: boolean;
  readonly domains: ReadonlyMap<string, DomainCount>;
}

export const NOTHING_COUNTED: Census = { isComplete: false, domains: new Map() };

export function merged(parts: readonly OwnerCount[]): Census {
  const shards = new Set<ShardId>();
  const domains = new Map<string, DomainCount>();
  for (const part of parts) {
    for (const shard of part.shards) shards.add(shard);
    for (const count of part.domains) {
      const before = domains.get(count.domain);
      domains.set(count.domain, before === undefined ? count : sum(before, count));
    }
  }
  return { isComplete: shards.size === SHARD_COUNT, domains };
}

function sum(a: DomainCount, b: DomainCount): DomainCount {
  return {
    domain: a.domain,
    nodes: a.nodes + b.nodes,
    overdue: a.overdue + b.overdue,
    suspect: a.suspect + b.suspect,
    declared: a.declared + b.declared,
    lead: leadOf(a, b),
    told: a.told || b.told,
  };
}

/** Who tells of the outage already goes before whoever could. */
function leadOf(a: DomainCount, b: DomainCount): NodeId | "" {
  if (a.told !== b.told) return a.told ? a.lead : b.lead;
  if (a.lead === "" || b.lead === "") return a.lead === "" ? b.lead : a.lead;
  return a.lead < b.lead ? a.lead : b.lead;
}
