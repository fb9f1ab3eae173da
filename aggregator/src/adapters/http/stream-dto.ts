/**
 * What `GET /api/v1/stream` sends (server-sent events):
 *
 *   event: snapshot   data: StreamSnapshot   the whole picture; first after a new connection
 *   event: delta      data: StreamDelta      what changed since the event before; at most 4 a second
 *   event: resync     data: {}               Last-Event-ID is too old: a snapshot follows at once
 *   event: time       data: StreamTime       every 5 s, no id; the freshness stamp
 *   : heartbeat                              a comment every 15 s
 *
 * Each snapshot and delta has an id; a browser that reconnects with it gets the deltas it missed.
 * A delta replaces whole rows: keep a map by id, set what comes, delete what is in `removed`.
 */
import type { NodeStateName } from "../../core/node-record.ts";
import type { AggregatorDto, NoticeDto, SelfDto, ShardDto, StoreDto } from "./cluster-dto.ts";
import type { IncidentRow } from "./dto.ts";

/** Order of the state numbers in stream tuples; also sent as `states` in each snapshot. */
export const STREAM_STATES: readonly NodeStateName[] = [
  "awaited",
  "alive",
  "suspect",
  "agent-down",
  "agent-stalled",
  "left",
  "declared",
  "committed",
  "unseen",
];

/** Bits of a node's `flags`. `live`: the streaming aggregator owns it, else the row is as old as its last store read. */
export const STREAM_FLAGS = { live: 1, connected: 2, shadow: 4, retired: 8 } as const;

/** One node, as a tuple: ten thousand of them travel in one snapshot. */
export type StreamNode = readonly [
  id: string,
  hostname: string,
  /** Index into `states`. */
  state: number,
  /** Unix ms. */
  stateSince: number,
  az: string,
  row: string,
  rack: string,
  role: string,
  shard: number,
  flags: number,
  problems: number,
  openIncidents: number,
];

export interface StreamSnapshot {
  readonly cluster: string;
  readonly self: string;
  /** Unix ms. */
  readonly asOf: number;
  readonly states: readonly NodeStateName[];
  readonly nodes: readonly StreamNode[];
  /** Open ones and those ended lately, newest first, at most 1,000. */
  readonly incidents: readonly IncidentRow[];
  readonly shards: readonly ShardDto[];
  readonly aggregators: readonly AggregatorDto[];
  readonly notices: readonly NoticeDto[];
}

/** Absent fields did not change. Lists other than `nodes` and `incidents` are complete. */
export interface StreamDelta {
  readonly asOf: number;
  readonly nodes?: readonly StreamNode[];
  /** Ids of nodes that are gone. */
  readonly removed?: readonly string[];
  readonly incidents?: readonly IncidentRow[];
  /** Ids of incidents that left the hot set. */
  readonly removedIncidents?: readonly string[];
  readonly shards?: readonly ShardDto[];
  readonly aggregators?: readonly AggregatorDto[];
  readonly notices?: readonly NoticeDto[];
}

export interface StreamTime {
  readonly asOf: number;
  readonly self: SelfDto;
  readonly store: StoreDto;
}
