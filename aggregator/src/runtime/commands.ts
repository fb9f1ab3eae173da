/** What people and controllers may change: actions on incidents, and what the store's truth is. */
import {
  type AggregatorId,
  allShards,
  type FencingToken,
  type IncidentId,
  type NodeId,
  type ShardId,
} from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import { type Clock, type ListeningMs, listeningMs } from "@herdbeat/shared/time";
import type { DrillRecord } from "../core/drill-record.ts";
import { awaitsFencing, HEARD_LATELY } from "../core/fencing.ts";
import {
  ACTIONS_KEPT_MAX,
  type IncidentAction,
  type IncidentRecord,
  OWN_ACTIONS_MIN,
} from "../core/incident.ts";
import type { NodeEvent } from "../core/node-state.ts";
import { isClosable } from "../core/operator-close.ts";
import type { Review } from "../core/review.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import type {
  CommandOutcome,
  FleetCommands,
  FleetView,
  RestorableShard,
} from "../ports/fleet-view.ts";
import { APPLY_WRITES_MAX, type Ownership, type ShardStore } from "../ports/shard-store.ts";
import type { Disarm, DisarmKeeper } from "./disarm-keeper.ts";
import type { DrillKeeper } from "./drill-keeper.ts";
import type { MirrorKeeper } from "./mirror-keeper.ts";
import type { NodeTable } from "./node-table.ts";
import { httpEndpointOf } from "./owner-endpoint.ts";
import { restoringWrites, type ShardDesk } from "./shard-desk.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";

export interface CommandsDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: FleetView;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly manager: ShardManager;
  readonly listeningNow: () => ListeningMs;
  readonly post: (index: number, node: NodeId, event: NodeEvent) => boolean;
  readonly desk: ShardDesk;
  readonly mirrors: MirrorKeeper;
  readonly shards: ShardStore;
  readonly fleet: FleetStore;
  readonly disarmKeeper: DisarmKeeper;
  readonly drills: DrillKeeper;
  /** Writes the cluster's constants again after a wipe. */
  readonly recreateMeta: () => Promise<void>;
}

export class Commands implements FleetCommands {
  readonly #deps: CommandsDeps;

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
  }

  startDrill(node: NodeId, by: string): Promise<CommandOutcome<DrillRecord>> {
    return this.#deps.drills.start(node, by);
  }

  async addAction(
    id: IncidentId,
    action: Parameters<FleetCommands["addAction"]>[1],
  ): Promise<CommandOutcome<IncidentAction>> {
    const { clock, random } = this.#deps;
    const now = clock.wallNow();
    return this.#change(id, (incident) => {
      const known = incident.actions.find((one) => one.id === action.id);
      // The same id again is the same action: a repeat after a lost reply.
      if (known !== undefined) return { value: known, actions: incident.actions };
      const most = ACTIONS_KEPT_MAX - (action.isOwn === true ? 0 : OWN_ACTIONS_MIN);
      if (incident.actions.length >= most) {
        return { refused: `an incident keeps at most ${most} actions` };
      }
      const value: IncidentAction = {
        id: action.id ?? random.hex(8),
        kind: action.kind,
        state: action.state,
        progress: action.progress,
        message: action.message,
        by: action.by,
        createdAt: now,
        updatedAt: now,
      };
      return { value, actions: [...incident.actions, value] };
    });
  }

  async updateAction(
    id: IncidentId,
    actionId: string,
    patch: Parameters<FleetCommands["updateAction"]>[2],
  ): Promise<CommandOutcome<IncidentAction>> {
    const now = this.#deps.clock.wallNow();
    return this.#change(id, (incident) => {
      const known = incident.actions.find((one) => one.id === actionId);
      if (known === undefined) return { missing: true };
      const value: IncidentAction = { ...known, ...patch, updatedAt: now };
      return { value, actions: incident.actions.map((one) => (one === known ? value : one)) };
    });
  }

  confirmOff(id: IncidentId, by: string, reason: string): Promise<CommandOutcome<IncidentAction>> {
    const detail = `${by} saw that it has no power: ${reason}`;
    const operator = { kind: "operator", name: by } as const;
    const what = { kind: "fenced", incident: id, outcome: "off", by: operator, detail } as const;
    const refuse = (incident: IncidentRecord): string | null => {
      if (this.#isHeard(incident.node)) return "its node is heard: a host that speaks is not off";
      return awaitsFencing(incident) ? null : "it does not wait for a word that its host is off";
    };
    const said = { kind: "confirm-off", message: reason, by };
    return this.#say(id, said, refuse, (lastHeardAt) => ({ ...what, lastHeardAt }));
  }

  closeIncident(
    ...[id, by, reason]: Parameters<FleetCommands["closeIncident"]>
  ): ReturnType<FleetCommands["closeIncident"]> {
    const what = { kind: "close", incident: id, by, reason } as const;
    const why = "only a committed incident of a host is closed by an operator";
    const refuse = (one: IncidentRecord): string | null => (isClosable(one) ? null : why);
    const said = { kind: "close", message: reason, by };
    return this.#say(id, said, refuse, (lastHeardAt) => ({ ...what, lastHeardAt }));
  }

  /** An operator's word: an action of the incident, durable and audited before it has its effect. */
  async #say(
    id: IncidentId,
    { kind, message, by }: Pick<IncidentAction, "kind" | "message" | "by">,
    refuse: (incident: IncidentRecord) => string | null,
    eventOf: (lastHeardAt: ListeningMs) => NodeEvent,
  ): Promise<CommandOutcome<IncidentAction>> {
    const { fleet, clock, random, logger, table } = this.#deps;
    const at = clock.wallNow();
    const done = await this.#change(id, (incident) => {
      const refused = refuse(incident);
      if (refused !== null) return { refused };
      if (incident.actions.length >= ACTIONS_KEPT_MAX)
        return { refused: `an incident keeps at most ${ACTIONS_KEPT_MAX} actions` };
      const made = { id: random.hex(8), progress: null, createdAt: at, updatedAt: at };
      const value: IncidentAction = { kind, message, by, ...made, state: "succeeded" };
      return { value, actions: [...incident.actions, value] };
    });
    if (done.kind !== "done") return done;
    logger.warn("an operator decides about an incident", { incident: id, kind, by });
    const json = JSON.stringify({ incident: id, reason: message });
    await fleet.appendAudit({ at, who: by, what: `incident ${kind}`, json });
    const current = this.#find(id);
    const index = current === null ? undefined : table.indexOf(current.node);
    if (current === null || index === undefined) return { kind: "not-found" };
    const why = refuse(current);
    if (why !== null) return { kind: "refused", why };
    const event = eventOf(listeningMs(table.lastHeardAt[index] ?? 0));
    return this.#deps.post(index, current.node, event)
      ? done
      : { kind: "refused", why: "this aggregator is flooded; try again" };
  }

  async reviewHold(
    id: IncidentId,
    { word, by, reason }: Parameters<FleetCommands["reviewHold"]>[1],
  ): Promise<CommandOutcome<IncidentRecord>> {
    const at = this.#deps.clock.wallNow();
    const review: Review = { word, by, reason, at };
    const outcome = await this.#change(id, (incident) =>
      incident.phase === "declared"
        ? { value: review, review }
        : { refused: `it is ${incident.phase}: only what is declared can be approved or denied` },
    );
    if (outcome.kind !== "done") return outcome;
    const json = JSON.stringify({ incident: id, reason });
    await this.#deps.fleet.appendAudit({ at, who: by, what: `hold ${word}`, json });
    const value = this.#find(id);
    return value === null ? { kind: "not-found" } : { kind: "done", value };
  }

  async #change<T extends IncidentAction | Review>(
    id: IncidentId,
    change: (
      incident: IncidentRecord,
    ) =>
      | ({ readonly value: T } & Partial<Pick<IncidentRecord, "actions" | "review">>)
      | { readonly refused: string }
      | { readonly missing: true },
  ): Promise<CommandOutcome<T>> {
    const { view, manager, runners } = this.#deps;
    const seen = this.#find(id) ?? (await view.incident(id));
    if (seen === null) return { kind: "not-found" };
    const runner = runners.get(seen.shard);
    if (runner === undefined) {
      const endpoint = httpEndpointOf(manager, seen.shard);
      return endpoint === null
        ? { kind: "refused", why: `shard ${seen.shard} has no owner at the moment` }
        : { kind: "elsewhere", httpEndpoint: endpoint };
    }
    if (runner.held)
      return { kind: "refused", why: `shard ${seen.shard} is on hold: ${runner.heldBecause}` };
    const result = change(this.#find(id) ?? seen);
    if ("missing" in result) return { kind: "not-found" };
    if ("refused" in result) return { kind: "refused", why: result.refused };
    const { value, ...changed } = result;
    const incident = { ...(this.#find(id) ?? seen), ...changed };
    return new Promise((resolve) => {
      this.#replace(incident);
      runner.stageIncident(
        incident,
        JSON.stringify({ incident: id, action: value }),
        this.#deps.clock.wallNow(),
        (isDurable) =>
          resolve(
            isDurable
              ? { kind: "done", value }
              : {
                  kind: "refused",
                  why: `shard ${seen.shard} was lost or held while this was written: look before you repeat it`,
                },
          ),
      );
    });
  }

  /** Whatever anybody saw of its power: who speaks has some. */
  #isHeard(node: NodeId): boolean {
    const { table, listeningNow } = this.#deps;
    return table.isHeardWithin(node, HEARD_LATELY, listeningNow());
  }

  /** In the memory of an owned shard: open in its node's state, or ended not long ago. */
  #find(id: IncidentId): IncidentRecord | null {
    for (const runner of this.#deps.runners.values()) {
      const ended = runner.ended.get(id);
      if (ended !== undefined) return ended;
      for (const index of runner.indexes) {
        const open = this.#deps.table.state(index).incidents.find((one) => one.id === id);
        if (open !== undefined) return open;
      }
    }
    return null;
  }

  #replace(incident: IncidentRecord): void {
    const { table, runners } = this.#deps;
    const runner = runners.get(incident.shard);
    const index = table.indexOf(incident.node);
    if (runner?.ended.has(incident.id)) runner.ended.set(incident.id, incident);
    if (index === undefined) return;
    const state = table.state(index);
    table.put(index, {
      ...state,
      incidents: state.incidents.map((one) => (one.id === incident.id ? incident : one)),
    });
  }

  disarm(): Disarm | null {
    return this.#deps.disarmKeeper.disarm;
  }

  async setDisarm(by: string, reason: string | null): Promise<void> {
    const { clock, fleet, disarmKeeper } = this.#deps;
    const at = clock.wallNow();
    await disarmKeeper.set(reason === null ? null : { by, reason, since: at });
    const what = reason === null ? "disarm off" : "disarm on";
    await fleet.appendAudit({ at, who: by, what, json: JSON.stringify({ reason }) });
  }

  restorable(): readonly RestorableShard[] {
    const { runners, mirrors } = this.#deps;
    return this.#heldShards().flatMap((shard): readonly RestorableShard[] => {
      const runner = runners.get(shard);
      if (runner !== undefined) {
        const { generation, indexes } = runner;
        return [{ shard, from: "memory", generation, nodes: indexes.size }];
      }
      const mirror = mirrors.mirrorOf(shard);
      if (mirror === null) return [];
      const { generation, nodes } = mirror;
      return [{ shard, from: "mirror", generation, nodes: nodes.length }];
    });
  }

  #heldShards(): readonly ShardId[] {
    const { manager, runners } = this.#deps;
    return [...allShards()].filter(
      (shard) => manager.foreign.has(shard) || runners.get(shard)?.held === true,
    );
  }

  async adoptStore(
    by: string,
    source: "mirror" | "as-is",
    only: readonly ShardId[] | null,
  ): Promise<
    CommandOutcome<{ readonly shards: number; readonly nodes: number; readonly incidents: number }>
  > {
    const { manager, fleet, clock, logger } = this.#deps;
    const held = this.#heldShards().filter((shard) => only?.includes(shard) ?? true);
    if (held.length === 0)
      return { kind: "refused", why: "no shard is on hold: there is nothing to adopt" };
    // With it, shards that nobody knows may be made from nothing: not before all of them were restored.
    if (only === null) await this.#deps.recreateMeta();
    const { disarm } = this.#deps.disarmKeeper;
    if (disarm !== null) await this.#deps.disarmKeeper.set(disarm);
    const total = { shards: 0, nodes: 0, incidents: 0 };
    for (const shard of held) {
      const done =
        source === "mirror"
          ? await manager.restoring(shard, () => this.#restore(shard, only !== null))
          : await this.#acceptAsIs(shard);
      if (done === null) continue;
      total.shards += 1;
      total.nodes += done.nodes;
      total.incidents += done.incidents;
    }
    logger.warn("the store was adopted", { by, source, ...total });
    await fleet.appendAudit({
      at: clock.wallNow(),
      who: by,
      what: `store adopt --from ${source}`,
      json: JSON.stringify(total),
    });
    manager.wake();
    return { kind: "done", value: total };
  }

  async #restore(
    shard: ShardId,
    isBest: boolean,
  ): Promise<{ readonly nodes: number; readonly incidents: number } | null> {
    const { manager, desk, mirrors, shards, clock, random, self, logger } = this.#deps;
    const found = await shards.load(shard);
    if (!this.#deps.runners.has(shard)) {
      if (
        found.owner !== null &&
        found.generation !== null &&
        manager.isOwnerLiving(found.owner.aggregator)
      ) {
        // Its owner restored it already under a new generation: that is the truth from now on.
        await mirrors.forget(shard);
        manager.acceptGeneration(shard, found.generation);
        return { nodes: 0, incidents: 0 };
      }
      // What another living aggregator holds in memory is better than our disk: it restores its own.
      if (!isBest && manager.hasLivingPeers()) return null;
    }
    const knowledge = desk.knowledge(shard, mirrors.mirrorOf(shard));
    if (knowledge === null) return null;
    const claim = await shards.claim({
      shard,
      self,
      expected: found.owner,
      tokenSeen: (manager.heldShards.get(shard)?.token ?? 0) as FencingToken,
      now: clock.wallNow(),
      create: { generationId: random.hex(8) },
    });
    if (claim.kind !== "claimed") {
      logger.error("could not claim a shard to restore it", { shard, outcome: claim.kind });
      return null;
    }
    const ownership: Ownership = { ...claim.owner, shard, generationId: claim.generation.id };
    const writes = restoringWrites(knowledge, clock.wallNow());
    let generation = claim.generation;
    for (let from = 0; from < writes.length; from += APPLY_WRITES_MAX) {
      const outcome = await shards.apply(ownership, writes.slice(from, from + APPLY_WRITES_MAX));
      if (outcome.kind !== "applied") {
        logger.error("could not restore a shard", { shard, outcome: outcome.kind });
        return null;
      }
      generation = outcome.generation;
    }
    await mirrors.forget(shard);
    manager.acceptGeneration(shard, generation);
    manager.adopted(ownership);
    desk.restored(ownership, generation, knowledge);
    return { nodes: knowledge.nodes.length, incidents: knowledge.incidents.length };
  }

  /** The store is right and our memory is not: forget, and begin again with what it holds. */
  async #acceptAsIs(
    shard: ShardId,
  ): Promise<{ readonly nodes: number; readonly incidents: number }> {
    const { manager, desk, mirrors } = this.#deps;
    const nodes = this.#deps.runners.get(shard)?.indexes.size ?? 0;
    await mirrors.forget(shard);
    desk.lost(shard, "the store was adopted as it is");
    manager.forgetShard(shard);
    manager.acceptGeneration(shard, null);
    return { nodes, incidents: 0 };
  }
}
