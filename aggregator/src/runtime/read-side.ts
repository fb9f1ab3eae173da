/**
 * What people see. Shards owned here are shown live from memory; the others as the store has them,
 * read at most once a second and only while somebody asks.
 */
import type {
  AggregatorId,
  DestinationName,
  IncidentId,
  NodeId,
  ShardId,
} from "@herdbeat/shared/ids";
import { allShards, shardOf } from "@herdbeat/shared/ids";
import {
  type Clock,
  durationMs,
  elapsed,
  type MonotonicMs,
  type UnixMs,
  unixMs,
} from "@herdbeat/shared/time";
import type { DrillRecord } from "../core/drill-record.ts";
import { type IncidentRecord, isOpen } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { NodeState } from "../core/node-state.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { QualityFigures } from "../core/quality.ts";
import type { AuditEntry, FleetStore, StoreHealth } from "../ports/fleet-store.ts";
import type {
  AggregatorView,
  CommandOutcome,
  DeviceTestView,
  FleetChange,
  FleetView,
  NodeView,
  NoticeView,
  QualityView,
  ShardView,
} from "../ports/fleet-view.ts";
import type { HistoryEntry, ShardSnapshot, ShardStore } from "../ports/shard-store.ts";
import type { NodeTable } from "./node-table.ts";
import { httpEndpointOf } from "./owner-endpoint.ts";
import { pastDeliveries } from "./past-deliveries.ts";
import type { QualityDesk } from "./quality-desk.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { TurnLoop } from "./turn-loop.ts";

/** Data of shards owned elsewhere may be this old when shown. */
const REMOTE_FRESH = durationMs(1_000);

export interface ReadSideDeps {
  readonly clock: Clock;
  readonly self: AggregatorId;
  readonly clusterId: () => string;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly turns: TurnLoop;
  readonly manager: ShardManager;
  readonly shards: ShardStore;
  readonly fleet: FleetStore;
  readonly quality: QualityDesk;
  readonly notices: () => readonly NoticeView[];
  readonly fenceDevices: (node: NodeState) => readonly DeviceTestView[];
  readonly destinations: () => readonly DestinationName[];
  readonly connections: () => number;
  readonly meshConnected: (id: AggregatorId) => boolean | null;
  readonly startedAt: UnixMs;
  readonly notReadyBecause: () => readonly string[];
}

export class ReadSide implements FleetView {
  readonly self: AggregatorId;
  readonly #deps: ReadSideDeps;
  readonly #listeners = new Set<(change: FleetChange) => void>();
  readonly #remote = new Map<
    ShardId,
    { readonly at: MonotonicMs; readonly asOf: UnixMs; readonly snapshot: ShardSnapshot }
  >();
  #loopLagMax = 0;

  constructor(deps: ReadSideDeps) {
    this.#deps = deps;
    this.self = deps.self;
  }

  get clusterId(): string {
    return this.#deps.clusterId();
  }

  publish(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  subscribe(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async nodes(): Promise<readonly NodeView[]> {
    const views: NodeView[] = [];
    for (const runner of this.#deps.runners.values()) {
      for (const index of runner.indexes) views.push(this.#live(index));
    }
    for (const [, remote] of await this.#remoteShards()) {
      for (const record of remote.snapshot.nodes) views.push(this.#stored(record, remote));
    }
    return views;
  }

  async node(id: NodeId): Promise<NodeView | null> {
    const index = this.#deps.table.indexOf(id);
    if (index !== undefined) return this.#live(index);
    const shard = shardOf(id);
    if (this.#deps.runners.has(shard)) return null;
    const remote = await this.#remoteShard(shard);
    const record = remote?.snapshot.nodes.find((one) => one.id === id);
    return record === undefined || remote === null ? null : this.#stored(record, remote);
  }

  async incidents(): Promise<readonly IncidentRecord[]> {
    const found: IncidentRecord[] = [];
    for (const runner of this.#deps.runners.values()) {
      for (const index of runner.indexes) found.push(...this.#deps.table.state(index).incidents);
      found.push(...runner.ended.values());
    }
    for (const [, remote] of await this.#remoteShards()) found.push(...remote.snapshot.incidents);
    return found;
  }

  async incident(id: IncidentId): Promise<IncidentRecord | null> {
    return (await this.incidents()).find((one) => one.id === id) ?? null;
  }

  async nodeHistory(id: NodeId, limit: number): Promise<readonly HistoryEntry[]> {
    const found: HistoryEntry[] = [];
    let before: string | null = null;
    // A shard has many nodes: pages of 500 until enough of this one's lines are found.
    for (let page = 0; page < 8 && found.length < limit; page++) {
      const { entries } = await this.#deps.shards.history(shardOf(id), 500, before);
      for (const entry of entries) if (entry.node === id) found.push(entry);
      before = entries.at(-1)?.cursor ?? null;
      if (entries.length < 500) break;
    }
    return found.slice(0, limit);
  }

  async deliveries(incident: IncidentId | null): Promise<readonly OutboxRow[]> {
    const rows: OutboxRow[] = [];
    for (const runner of this.#deps.runners.values()) rows.push(...runner.outbox.values());
    for (const [, remote] of await this.#remoteShards()) rows.push(...remote.snapshot.outbox);
    if (incident === null) return rows;
    const open = rows.filter((row) => row.incident === incident);
    const record = await this.incident(incident);
    if (record === null) return open;
    try {
      const waiting = new Set(open.map((row) => row.rowId));
      const past = await pastDeliveries(this.#deps.shards, record);
      return [...past.filter((row) => !waiting.has(row.rowId)), ...open];
    } catch {
      // Without the store the open ones are all that is known.
      return open;
    }
  }

  destinations(): readonly DestinationName[] {
    return this.#deps.destinations();
  }

  async shards(): Promise<readonly ShardView[]> {
    const { runners, manager, table } = this.#deps;
    const remote = await this.#remoteShards();
    return [...allShards()].map((shard) => {
      const runner = runners.get(shard);
      const foreign = manager.foreign.get(shard) ?? "";
      const stored = remote.get(shard)?.snapshot;
      const owner = runner?.ownership ?? manager.owners.get(shard) ?? null;
      const heldBecause = runner?.heldBecause || foreign;
      const open =
        runner === undefined
          ? (stored?.incidents.filter((one) => isOpen(one.phase)).length ?? 0)
          : [...runner.indexes].reduce(
              (sum, index) => sum + table.state(index).incidents.length,
              0,
            );
      return {
        shard,
        owner: owner === null ? null : { aggregator: owner.aggregator, token: owner.token },
        generation: runner?.generation ?? manager.generationOf(shard),
        status:
          heldBecause !== ""
            ? "held"
            : runner !== undefined
              ? "owned-here"
              : owner === null
                ? "unowned"
                : "owned-elsewhere",
        heldBecause,
        nodes: runner?.indexes.size ?? stored?.nodes.length ?? 0,
        openIncidents: open,
        outbox: runner?.outbox.size ?? stored?.outbox.length ?? 0,
      };
    });
  }

  aggregators(): readonly AggregatorView[] {
    const { manager } = this.#deps;
    const counts = new Map<AggregatorId, number>();
    for (const owner of manager.owners.values()) {
      if (owner !== null) counts.set(owner.aggregator, (counts.get(owner.aggregator) ?? 0) + 1);
    }
    return manager.members.map((record) => ({
      record,
      self: record.id === this.self,
      lastChangeAge: manager.unchangedFor(record.id),
      shards: record.id === this.self ? this.#deps.runners.size : (counts.get(record.id) ?? 0),
      meshConnected: record.id === this.self ? null : this.#deps.meshConnected(record.id),
    }));
  }

  notices(): readonly NoticeView[] {
    return this.#deps.notices();
  }

  store(): StoreHealth {
    return this.#deps.fleet.health();
  }

  quality(): Promise<QualityView> {
    return this.#deps.quality.view();
  }

  drills(): Promise<readonly DrillRecord[]> {
    return this.#deps.quality.drills();
  }

  nodeQuality(id: NodeId): CommandOutcome<QualityFigures> {
    const { quality, runners, manager } = this.#deps;
    const figures = quality.node(id);
    if (figures !== null) return { kind: "done", value: figures };
    const shard = shardOf(id);
    if (runners.has(shard)) return { kind: "not-found" };
    const httpEndpoint = httpEndpointOf(manager, shard);
    return httpEndpoint === null
      ? { kind: "refused", why: `shard ${shard} has no owner at the moment` }
      : { kind: "elsewhere", httpEndpoint };
  }

  audit(limit: number): Promise<readonly AuditEntry[]> {
    return this.#deps.fleet.audit(limit);
  }

  selfStatus(): ReturnType<FleetView["selfStatus"]> {
    this.#loopLagMax = Math.max(this.#loopLagMax * 0.9, this.#deps.turns.takeMaxLag());
    const notReadyBecause = this.#deps.notReadyBecause();
    return {
      startedAt: this.#deps.startedAt,
      ready: notReadyBecause.length === 0,
      notReadyBecause,
      connections: this.#deps.connections(),
      loopLagMsMax: this.#loopLagMax,
      stallDiscountedMs: this.#deps.turns.discounted,
      ownedShards: this.#deps.runners.size,
    };
  }

  #live(index: number): NodeView {
    const { table, turns, clock } = this.#deps;
    const state = table.state(index);
    const now = turns.now();
    const heardAt = table.lastHeardAt[index] ?? 0;
    const everHeard = state.health.state !== "awaited" && state.health.state !== "unseen";
    return {
      // The record is written at transitions only; what is live here is newer.
      record: everHeard
        ? { ...state.record, lastSeenAt: unixMs(clock.wallNow() - Math.max(0, now - heardAt)) }
        : state.record,
      shard: table.shards[index] ?? shardOf(state.record.id),
      owner: this.self,
      live: true,
      lastHeartbeatAge: everHeard ? durationMs(Math.max(0, now - heardAt)) : null,
      connected: table.sessions[index] !== null,
      ownLagMs: table.ownLagMs[index] ?? null,
      kernelProbe: probeView(state, now),
      fenceDevices: this.#deps.fenceDevices(state),
      openIncidents: state.incidents.map((one) => one.id),
      asOf: clock.wallNow(),
    };
  }

  #stored(
    record: NodeRecord,
    remote: { readonly asOf: UnixMs; readonly snapshot: ShardSnapshot },
  ): NodeView {
    return {
      record,
      shard: shardOf(record.id),
      owner: this.#deps.manager.owners.get(shardOf(record.id))?.aggregator ?? null,
      live: false,
      lastHeartbeatAge: null,
      connected: null,
      ownLagMs: null,
      kernelProbe: { lastAnswerAge: null, lastOutcome: "shown by the owner only" },
      fenceDevices: null,
      openIncidents: remote.snapshot.incidents
        .filter((one) => one.node === record.id && isOpen(one.phase))
        .map((one) => one.id),
      asOf: remote.asOf,
    };
  }

  async #remoteShards(): Promise<
    ReadonlyMap<ShardId, { readonly asOf: UnixMs; readonly snapshot: ShardSnapshot }>
  > {
    const wanted = [...allShards()].filter((shard) => !this.#deps.runners.has(shard));
    const found = await Promise.all(wanted.map((shard) => this.#remoteShard(shard)));
    const result = new Map<ShardId, { readonly asOf: UnixMs; readonly snapshot: ShardSnapshot }>();
    wanted.forEach((shard, i) => {
      const one = found[i];
      if (one !== null && one !== undefined) result.set(shard, one);
    });
    return result;
  }

  async #remoteShard(
    shard: ShardId,
  ): Promise<{ readonly asOf: UnixMs; readonly snapshot: ShardSnapshot } | null> {
    const { clock, shards } = this.#deps;
    const cached = this.#remote.get(shard);
    if (cached !== undefined && elapsed(cached.at, clock.now()) < REMOTE_FRESH) return cached;
    try {
      const snapshot = await shards.load(shard);
      const entry = { at: clock.now(), asOf: clock.wallNow(), snapshot };
      this.#remote.set(shard, entry);
      return entry;
    } catch {
      // The store does not answer: what was read last is shown with its age.
      return cached ?? null;
    }
  }
}

function probeView(state: NodeState, now: number): NodeView["kernelProbe"] {
  const answered = state.probe.lastAnsweredAt;
  return {
    lastAnswerAge: answered === null ? null : durationMs(Math.max(0, now - answered)),
    lastOutcome:
      state.probe.lastDetail === ""
        ? state.probe.lastOutcome
        : `${state.probe.lastOutcome}: ${state.probe.lastDetail}`,
  };
}
