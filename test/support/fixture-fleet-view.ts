/**
 * A fleet made of fixtures behind the read and command ports: what the API's tests and the
 * dashboard's development run against. Changes are made by calling its methods; each is announced.
 */
import type { DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import {
  type IncidentAction,
  type IncidentRecord,
  isOpen,
} from "@herdbeat/aggregator/core/incident";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import type { QualityFigures } from "@herdbeat/aggregator/core/quality";
import type { AuditEntry, StoreHealth } from "@herdbeat/aggregator/ports/fleet-store";
import type {
  AggregatorView,
  CommandOutcome,
  DeliveryView,
  FleetChange,
  FleetCommands,
  FleetView,
  NodeView,
  NoticeView,
  QualityView,
  ShardView,
} from "@herdbeat/aggregator/ports/fleet-view";
import type { HistoryEntry } from "@herdbeat/aggregator/ports/shard-store";
import type {
  AggregatorId,
  DestinationName,
  IncidentId,
  NodeId,
  ShardId,
} from "@herdbeat/shared/ids";
import { type UnixMs, unixMs } from "@herdbeat/shared/time";
import { fixtureAggregators, fixtureShards } from "./fixture-cluster.ts";
import { CONTROLLER, fixtureDeliveries, fixtureIncidents, PAGER } from "./fixture-incidents.ts";
import {
  FIXTURE_PEER,
  FIXTURE_SELF,
  FIXTURE_START,
  fixtureNodeId,
  fixtureRecord,
  fixtureView,
} from "./fixture-nodes.ts";
import { fixtureDrill, fixtureDrills, fixtureQuality } from "./fixture-quality.ts";

export interface FixtureOptions {
  readonly now?: () => UnixMs;
  readonly self?: AggregatorId;
  /** When given, commands on the shards of the other aggregator answer `elsewhere` with it. */
  readonly peerEndpoint?: () => string;
  /** Replaces the twenty nodes. */
  readonly nodes?: readonly NodeView[];
}

export class FixtureFleetView implements FleetView, FleetCommands {
  readonly self: AggregatorId;
  readonly clusterId = "fixture-cluster";
  readonly #options: FixtureOptions;
  readonly #now: () => UnixMs;
  readonly #records: Map<NodeId, NodeRecord> = new Map();
  readonly #incidents: Map<IncidentId, IncidentRecord> = new Map();
  readonly #listeners: Set<(change: FleetChange) => void> = new Set();
  readonly #audit: AuditEntry[] = [];
  readonly #drills: DrillRecord[] = fixtureDrills();
  #notices: NoticeView[];
  #isAdopted = false;
  #disarm: ReturnType<FleetCommands["disarm"]> = null;
  #store: StoreHealth;
  #made = 0;
  /** How often the whole fleet was read; tests look at it. */
  nodesReads = 0;
  ready = true;
  /** Set to make every read fail. */
  failure: Error | null = null;

  constructor(options: FixtureOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? (() => FIXTURE_START);
    this.self = options.self ?? FIXTURE_SELF;
    for (let index = 0; index < 20; index++) {
      this.#records.set(fixtureNodeId(index), fixtureRecord(index));
    }
    for (const incident of fixtureIncidents()) this.#incidents.set(incident.id, incident);
    const since = unixMs(FIXTURE_START - 3_600_000);
    this.#notices = [
      {
        kind: "fencing-impossible",
        since,
        message: "3 nodes have no way of fencing",
        nodes: [fixtureNodeId(3)],
      },
    ];
    this.#store = {
      state: "up",
      since,
      detail: "",
      description: "redis 7.0.15 standalone (fixture)",
    };
    this.#audit.push({
      at: since,
      who: "alice",
      what: "maintenance-set",
      json: '{"node":"hv-06"}',
    });
  }

  async nodes(): Promise<readonly NodeView[]> {
    this.nodesReads += 1;
    this.#check();
    return this.#options.nodes ?? [...this.#records.values()].map((record) => this.#toView(record));
  }

  async node(id: NodeId): Promise<NodeView | null> {
    this.#check();
    const record = this.#records.get(id);
    return record === undefined ? null : this.#toView(record);
  }

  async incidents(): Promise<readonly IncidentRecord[]> {
    this.#check();
    return [...this.#incidents.values()];
  }

  async incident(id: IncidentId): Promise<IncidentRecord | null> {
    this.#check();
    return this.#incidents.get(id) ?? null;
  }

  async nodeHistory(id: NodeId, limit: number): Promise<readonly HistoryEntry[]> {
    const lines = [90_000, 60_000, 30_000].map((ago, index): HistoryEntry => {
      const states = ["suspect", "alive", "suspect"];
      const json = JSON.stringify({
        from: states[index],
        to: states[(index + 1) % 3],
        reason: "fixture",
      });
      return { at: unixMs(this.#now() - ago), node: id, kind: "state", json };
    });
    return lines.reverse().slice(0, limit);
  }

  async deliveries(incident: IncidentId | null): Promise<readonly DeliveryView[]> {
    const wanted = [...this.#incidents.values()].filter(
      (each) => incident === null || each.id === incident,
    );
    return wanted.flatMap(fixtureDeliveries);
  }

  destinations(): readonly DestinationName[] {
    return [CONTROLLER, PAGER];
  }

  async shards(): Promise<readonly ShardView[]> {
    return this.#shards();
  }

  #shards(): readonly ShardView[] {
    const all = fixtureShards(
      this.self,
      [...this.#records.values()],
      [...this.#incidents.values()],
    );
    if (!this.#isAdopted) return all;
    return all.map((one) =>
      one.status === "held" ? { ...one, status: "owned-elsewhere", heldBecause: "" } : one,
    );
  }

  aggregators(): readonly AggregatorView[] {
    return fixtureAggregators(this.self, this.#options.peerEndpoint?.());
  }

  notices(): readonly NoticeView[] {
    return this.#notices;
  }

  store(): StoreHealth {
    return this.#store;
  }

  async quality(): Promise<QualityView> {
    this.#check();
    return fixtureQuality([this.self, FIXTURE_PEER]);
  }

  async drills(): Promise<readonly DrillRecord[]> {
    this.#check();
    return this.#drills;
  }

  async startDrill(node: NodeId, by: string): Promise<CommandOutcome<DrillRecord>> {
    const record = this.#records.get(node);
    if (record === undefined) return { kind: "not-found" };
    const httpEndpoint = this.#options.peerEndpoint?.();
    if (httpEndpoint !== undefined && this.#toView(record).owner !== this.self)
      return { kind: "elsewhere", httpEndpoint };
    if (record.state !== "alive")
      return { kind: "refused", why: `it is ${record.state}, not alive` };
    const drill = fixtureDrill(`drill-${this.#drills.length + 1}`, record, by, this.#now());
    this.#drills.unshift(drill);
    return { kind: "done", value: drill };
  }

  nodeQuality(id: NodeId): CommandOutcome<QualityFigures> {
    const record = this.#records.get(id);
    if (record === undefined) return { kind: "not-found" };
    const { owner } = this.#toView(record);
    const httpEndpoint = this.#options.peerEndpoint?.();
    if (httpEndpoint !== undefined && owner !== this.self)
      return { kind: "elsewhere", httpEndpoint };
    return { kind: "done", value: fixtureQuality([this.self]).fleet };
  }

  async audit(limit: number): Promise<readonly AuditEntry[]> {
    return this.#audit.slice(-limit).reverse();
  }

  selfStatus(): ReturnType<FleetView["selfStatus"]> {
    return {
      startedAt: unixMs(FIXTURE_START - 7_200_000),
      ready: this.ready,
      notReadyBecause: this.ready ? [] : ["shard 63 is held"],
      connections: 11,
      loopLagMsMax: 4.2,
      stallDiscountedMs: 0,
      ownedShards: 32,
    };
  }

  subscribe(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  async addAction(
    id: IncidentId,
    action: Parameters<FleetCommands["addAction"]>[1],
  ): Promise<CommandOutcome<IncidentAction>> {
    const found = this.#writable(id);
    if (found.kind !== "done") return found;
    const known = found.value.actions.find((each) => each.id === action.id);
    if (known !== undefined) return { kind: "done", value: known };
    if (found.value.actions.length >= 5)
      return { kind: "refused", why: "the incident has too many actions" };
    this.#made += 1;
    const now = this.#now();
    const made = {
      ...action,
      id: action.id ?? `action-${this.#made}`,
      createdAt: now,
      updatedAt: now,
    };
    this.setIncident({ ...found.value, actions: [...found.value.actions, made] });
    this.#note(action.by, "action-added", { incident: id, action: made.id });
    return { kind: "done", value: made };
  }

  async updateAction(
    id: IncidentId,
    actionId: string,
    patch: Parameters<FleetCommands["updateAction"]>[2],
  ): Promise<CommandOutcome<IncidentAction>> {
    // A store takes its time; whoever checked before must not be overtaken meanwhile.
    await new Promise(setImmediate);
    const found = this.#writable(id);
    if (found.kind !== "done") return found;
    const known = found.value.actions.find((each) => each.id === actionId);
    if (known === undefined) return { kind: "not-found" };
    const updated = { ...known, ...patch, updatedAt: this.#now() };
    const actions = found.value.actions.map((each) => (each.id === actionId ? updated : each));
    this.setIncident({ ...found.value, actions });
    return { kind: "done", value: updated };
  }

  confirmOff(id: IncidentId, by: string, reason: string): ReturnType<FleetCommands["confirmOff"]> {
    const incident = this.#incidents.get(id);
    if (incident?.hold?.reason !== "fencing-unanswered")
      return Promise.resolve({ kind: "refused", why: "it does not wait for that" });
    return this.addAction(id, {
      kind: "confirm-off",
      state: "succeeded",
      progress: null,
      message: reason,
      by,
    });
  }

  closeIncident(
    id: IncidentId,
    by: string,
    reason: string,
  ): ReturnType<FleetCommands["closeIncident"]> {
    if (this.#incidents.get(id)?.phase !== "committed")
      return Promise.resolve({ kind: "refused", why: "it is not committed" });
    const said = { kind: "close", state: "succeeded", progress: null } as const;
    return this.addAction(id, { ...said, message: reason, by });
  }

  disarm(): ReturnType<FleetCommands["disarm"]> {
    return this.#disarm;
  }

  async reviewHold(
    id: IncidentId,
    { word, by, reason }: Parameters<FleetCommands["reviewHold"]>[1],
  ): ReturnType<FleetCommands["reviewHold"]> {
    this.#check();
    const incident = await this.incident(id);
    if (incident === null) return { kind: "not-found" };
    if (incident.phase !== "declared") return { kind: "refused", why: `it is ${incident.phase}` };
    return { kind: "done", value: { ...incident, review: { word, by, reason, at: this.#now() } } };
  }

  setDisarm(by: string, reason: string | null): Promise<void> {
    this.#check();
    this.#disarm = reason === null ? null : { by, reason, since: this.#now() };
    return Promise.resolve();
  }

  restorable(): ReturnType<FleetCommands["restorable"]> {
    const held = this.#shards().filter((shard) => shard.status === "held");
    return held.map(({ shard, nodes }) => {
      return { shard, from: "memory", generation: { id: "0f0f0f0f", version: 103 }, nodes };
    });
  }

  async adoptStore(
    by: string,
    source: "mirror" | "as-is",
    _only: readonly ShardId[] | null,
  ): ReturnType<FleetCommands["adoptStore"]> {
    if (this.#isAdopted) return { kind: "refused", why: "no shard is on hold" };
    this.#isAdopted = true;
    this.#note(by, "store-adopted", { source });
    return {
      kind: "done",
      value: { shards: 1, nodes: this.#records.size, incidents: this.#incidents.size },
    };
  }

  /** Puts a node and tells the listeners. */
  setNode(record: NodeRecord): void {
    this.#records.set(record.id, record);
    this.#tell({ kind: "node", node: record.id });
  }

  removeNode(id: NodeId): void {
    this.#records.delete(id);
    this.#tell({ kind: "node", node: id });
  }

  setIncident(record: IncidentRecord): void {
    this.#incidents.set(record.id, record);
    this.#tell({ kind: "incident", incident: record.id });
  }

  setNotices(notices: readonly NoticeView[]): void {
    this.#notices = [...notices];
    this.#tell({ kind: "notices" });
  }

  setStore(store: StoreHealth): void {
    this.#store = store;
  }

  #tell(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #note(who: string, what: string, detail: unknown): void {
    this.#audit.push({ at: this.#now(), who, what, json: JSON.stringify(detail) });
  }

  #check(): void {
    if (this.failure !== null) throw this.failure;
  }

  #writable(id: IncidentId): CommandOutcome<IncidentRecord> {
    const incident = this.#incidents.get(id);
    if (incident === undefined) return { kind: "not-found" };
    const owner = incident.shard % 2 === 0 ? FIXTURE_SELF : FIXTURE_PEER;
    const endpoint = this.#options.peerEndpoint?.();
    if (endpoint !== undefined && owner !== this.self)
      return { kind: "elsewhere", httpEndpoint: endpoint };
    return { kind: "done", value: incident };
  }

  #toView(record: NodeRecord): NodeView {
    const open = [...this.#incidents.values()].filter(
      (each) => each.node === record.id && isOpen(each.phase),
    );
    const ids = open.map((each) => each.id);
    return fixtureView(record, ids, this.#now());
  }
}
