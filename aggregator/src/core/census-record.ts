/** Counts that another aggregator wrote beside its counter, as they are read back. Pure. */
import type { DomainCount, OwnerCount } from "./census.ts";
import { type Check, count, flag, listOf, shape, text } from "./record-shapes.ts";

const LIST_MAX = 1_024;
/** More than any process looks after. */
const NODES_MAX = 1_000_000;

const whole: Check<number> = (value, at) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= NODES_MAX
    ? null
    : `${at} is no count`;

const domainCheck = shape<DomainCount>({
  domain: text(),
  nodes: whole,
  overdue: whole,
  suspect: whole,
  declared: whole,
  lead: text(),
  told: flag(),
});
const ownerCheck: Check<OwnerCount> = shape<OwnerCount>({
  shards: listOf(count()),
  domains: listOf(domainCheck),
});

/** Null: nothing is said, or nothing that can be understood, which is the same as no count. */
export function ownerCountOf(value: unknown): OwnerCount | null {
  if (typeof value !== "object" || value === null) return null;
  const { shards, domains } = value as Partial<Record<keyof OwnerCount, unknown>>;
  const isBounded = [shards, domains].every((one) => Array.isArray(one) && one.length <= LIST_MAX);
  return isBounded && ownerCheck(value, "it") === null ? (value as OwnerCount) : null;
}
