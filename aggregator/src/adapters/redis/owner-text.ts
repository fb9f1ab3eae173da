/** How owners and generations are written in single string values, so that one MGET reads them all. */
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { parseAggregatorId } from "@herdbeat/shared/ids";
import type { ShardOwner, StoreGeneration } from "../../core/shard-facts.ts";

const OWNER = /^(?<token>\d{1,15}):(?<id>.*)$/s;
const GENERATION = /^(?<id>[^:]+):(?<version>\d{1,15})$/s;

export function ownerText(owner: ShardOwner): string {
  return `${owner.token}:${owner.aggregator}`;
}

/** Null for nobody, undefined for a value that is not ours. */
export function parseOwner(value: string): ShardOwner | null | undefined {
  const groups = OWNER.exec(value)?.groups;
  if (groups === undefined) return undefined;
  if (groups["id"] === "") return null;
  const aggregator: AggregatorId | undefined = parseAggregatorId(groups["id"] ?? "");
  if (aggregator === undefined) return undefined;
  return { aggregator, token: Number(groups["token"]) as FencingToken };
}

/** The token of a shard that was given up; null for a value that is another one. */
export function parseReleased(value: string): FencingToken | null {
  const groups = OWNER.exec(value)?.groups;
  return groups?.["id"] === "" ? (Number(groups["token"]) as FencingToken) : null;
}

/** Undefined for a value that is not ours. */
export function parseGeneration(value: string): StoreGeneration | undefined {
  const groups = GENERATION.exec(value)?.groups;
  if (groups === undefined) return undefined;
  return { id: groups["id"] ?? "", version: Number(groups["version"]) };
}
