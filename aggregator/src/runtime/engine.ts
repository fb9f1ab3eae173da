/**
 * The whole aggregator between its ports: what production and the simulator both run. Adapters are
 * given; nothing here knows a socket, a file or a real clock.
 */
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { DestinationName, IncidentId, ShardId } from "@herdbeat/shared/ids";
import type { Startable } from "@herdbeat/shared/lifecycle";
import { durationMs } from "@herdbeat/shared/time";
import { DELIVERY_DEFAULTS } from "../core/delivery.ts";
import type { DetectionConfig } from "../core/detection-config.ts";
import { highest } from "../core/generation-guard.ts";
import { nativeBody } from "../core/webhook-body.ts";
import type { AggregatorRecord } from "../ports/fleet-store.ts";
import { ClusterIdentity } from "./cluster-identity.ts";
import { Commands } from "./commands.ts";
import { DeliveryReconciler } from "./delivery-reconciler.ts";
import { DisarmKeeper } from "./disarm-keeper.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { Fencing } from "./fencing.ts";
import { type Guarding, guarding } from "./guarding.ts";
import { installLooking } from "./looking.ts";
import { type Measuring, measuring } from "./measuring.ts";
import { MeshDesk } from "./mesh-desk.ts";
import { MirrorKeeper } from "./mirror-keeper.ts";
import { NodeTable } from "./node-table.ts";
import { type Notices, noticeBoard } from "./notices.ts";
import { OutboxDesk } from "./outbox-desk.ts";
import { OwnSightKeeper } from "./own-sight.ts";
import { httpEndpointOf } from "./owner-endpoint.ts";
import { ProofKeeper } from "./proof-keeper.ts";
import { ReadSide } from "./read-side.ts";
import { notReadyBecause, shardsOnHold } from "./readiness.ts";
import { SessionDesk } from "./session-desk.ts";
import { ShardDesk } from "./shard-desk.ts";
import { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";
import { StandingNotices } from "./standing-notices.ts";
import { TurnLoop } from "./turn-loop.ts";

const ESTABLISH_RETRY = durationMs(500);

export class Engine implements Startable {
  readonly table: NodeTable = new NodeTable();
  readonly runners: Map<ShardId, ShardRunner> = new Map();
  readonly manager: ShardManager;
  readonly view: ReadSide;
  readonly commands: Commands;
  readonly sessions: SessionDesk;
  readonly turns: TurnLoop;
  readonly notices: Notices;
  readonly delivery: DeliveryReconciler;
  readonly #deps: EngineDeps;
  readonly #desk: ShardDesk;
  readonly #mirrors: MirrorKeeper;
  readonly #identity: ClusterIdentity;
  readonly #meshDesk: MeshDesk;
  readonly #disarm: DisarmKeeper;
  readonly #fencing: Fencing;
  readonly #outbox: OutboxDesk;
  readonly #measuring: Measuring;
  readonly #standing: StandingNotices;
  readonly #guarding: Guarding;
  #draining = false;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    const { clock, random, fleet, clusterName } = deps;
    this.#identity = new ClusterIdentity(fleet, clock, random, clusterName);
    const config = this.#detection();
    this.#disarm = new DisarmKeeper({
      ...deps,
      tellPeers: (notice) => deps.mesh.broadcastDisarm(notice),
      isStoreWhole: async () =>
        this.manager.foreign.size === 0 && (await deps.fleet.meta(null)) !== null,
    });
    this.#measuring = measuring(deps, {
      table: this.table,
      runners: this.runners,
      turns: () => this.turns,
      elsewhere: (shard) => httpEndpointOf(this.manager, shard),
    });
    this.notices = noticeBoard(deps, () => this.view.publish({ kind: "notices" }));
    this.#fencing = new Fencing(deps, {
      table: this.table,
      runners: this.runners,
      onChange: (node) => this.view.publish({ kind: "node", node }),
      turns: () => this.turns,
      commands: () => this.commands,
      waitsBecause: () => this.#disarm.waitsBecause,
    });
    this.#standing = new StandingNotices(this.notices, this.table, this.runners);
    const guardDeps = { canFence: this.#fencing.canFence, ...deps };
    this.#guarding = guarding(guardDeps, config, this, () => this.#disarm.waitsBecause);
    this.turns = this.#turnLoop(config);
    const { turns, table } = this;
    const witnesses = installLooking({ ...deps, turns, table, limits: config.limits });
    this.turns.permits = this.#guarding.permits;
    this.#mirrors = new MirrorKeeper({
      ...deps,
      store: deps.mirrors,
      table,
      runners: this.runners,
      clusterId: () => this.#identity.id,
    });
    this.#desk = this.#shardDesk();
    this.manager = this.#shardManager();
    this.sessions = new SessionDesk({
      ...deps,
      table,
      runners: this.runners,
      turns,
      witnesses,
      shadow: deps.detection.shadow,
      endpointOf: (shard) => this.manager.endpointOf(shard),
    });
    this.#meshDesk = new MeshDesk({
      ...deps,
      self: deps.detection.aggregator,
      manager: this.manager,
      runners: this.runners,
      lostShare: () => this.turns.lostShare,
      census: this.#guarding.census,
      onDisarm: (notice) => this.#disarm.hint(notice),
    });
    this.#outbox = this.#outboxDesk();
    this.delivery = this.#delivery();
    this.view = this.#readSide();
    this.commands = this.#commands();
  }

  async start(): Promise<void> {
    await this.#mirrors.start();
    await this.#deps.listener.start(this.sessions);
    this.turns.start();
    this.#fencing.start();
    await this.delivery.start();
    await this.#meshDesk.start();
    await this.#establish();
  }

  /** A store that is away at start is waited for: agents are told to come back, nobody is judged. */
  async #establish(): Promise<void> {
    if (this.#draining) return;
    try {
      await this.#identity.establish(this.#mirrors.clusterId(), () => this.manager.selfRecord());
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      this.#deps.timers.after(ESTABLISH_RETRY, () => {
        // Anything but a store that is away is an operating error that only a person can end.
        this.#establish().catch((failure: unknown) => this.#deps.onFatal(failure));
      });
      return;
    }
    this.manager.start();
    this.#disarm.start();
    this.#measuring.quality.start();
  }

  /** Hands everything over and says goodbye; what is not through in time is the next owner's. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#measuring.drills.end("this aggregator stops");
    this.#disarm.stop();
    this.#fencing.stop();
    const heir = this.manager.members.find((one) => one.id !== this.#deps.detection.aggregator);
    await this.#measuring.quality.stop();
    await this.manager.stop();
    await this.delivery.stop();
    await this.#meshDesk.stop();
    await this.#deps.listener.stop(heir?.streamEndpoint ?? null);
    this.turns.stop();
    this.notices.stop();
    await this.#mirrors.stop();
  }

  get clusterId(): string {
    return this.#identity.id;
  }

  #detection(): DetectionConfig {
    const identity = this.#identity;
    return {
      ...this.#deps.detection,
      get clusterId() {
        return identity.id;
      },
    };
  }

  #turnLoop(config: DetectionConfig): TurnLoop {
    const { clock, timers, logger, gateway, fleet, shards } = this.#deps;
    const proofs = new ProofKeeper(shards, this.runners, logger);
    return new TurnLoop({
      clock,
      timers,
      logger,
      table: this.table,
      runners: this.runners,
      config,
      sight: new OwnSightKeeper(gateway, clock, config.limits.declareAfter),
      guard: this.#guarding.guard,
      storeUp: () => fleet.health().state === "up",
      stallTolerance: this.#deps.stallTolerance,
      peacetimeInterval: this.#deps.peacetimeInterval,
      storeWriteAge: () => this.manager.storeWriteAge(),
      quality: this.#measuring.quality,
      onStall: () => this.#measuring.drills.end("this aggregator stalled"),
      afterTurn: () => {
        this.#measuring.drills.turn(fleet.health().state === "up");
        proofs.turn(fleet.health().state === "up");
        this.#standing.follow({
          store: fleet.health(),
          held: shardsOnHold(this.manager, this.runners),
          tooSick: this.turns.tooSick(this.#deps.lostShareMax),
          lostShareMax: this.#deps.lostShareMax,
          censusBecause: this.#guarding.guard.incompleteBecause,
          disarmedBecause: this.#disarm.disarm === null ? null : this.#disarm.waitsBecause,
          fencing: this.#fencing,
          requests: this.#outbox,
        });
      },
    });
  }

  #shardDesk(): ShardDesk {
    const { clock, logger, shards, sender, detection, httpEndpoint } = this.#deps;
    return new ShardDesk({
      table: this.table,
      runners: this.runners,
      turns: this.turns,
      quality: this.#measuring.quality,
      clock,
      logger,
      runner: {
        store: shards,
        logger,
        destinations: () => sender.destinations(),
        requestDestination: () => this.#deps.requestDestination,
        bodyOf: (incident, transition, node, kind) =>
          nativeBody({
            incident,
            transition,
            kind,
            cluster: this.#identity.id,
            aggregator: detection.aggregator,
            node,
            httpEndpoint: httpEndpoint(),
          }),
        onRows: () => this.delivery.kick(),
        onLost: (shard, why) => this.#lost(shard, why),
        onHeld: (shard, why) => this.#held(shard, why),
        onPersisted: (_shard, incidents, nodes) => {
          this.#guarding.permits.onPersisted(incidents);
          this.#measuring.drills.persisted(incidents);
          for (const one of incidents) this.view.publish({ kind: "incident", incident: one.id });
          for (const node of nodes) this.view.publish({ kind: "node", node });
        },
      },
      endpointOf: (id) => this.manager.members.find((one) => one.id === id)?.streamEndpoint ?? null,
      onChange: () => this.view.publish({ kind: "shards" }),
    });
  }

  #commands(): Commands {
    const { clock, random, logger, shards, fleet, detection } = this.#deps;
    return new Commands({
      self: detection.aggregator,
      clock,
      random,
      logger,
      view: this.view,
      table: this.table,
      runners: this.runners,
      manager: this.manager,
      desk: this.#desk,
      listeningNow: () => this.turns.now(),
      post: (index, node, event) => this.turns.post(index, node, event),
      mirrors: this.#mirrors,
      shards,
      fleet,
      disarmKeeper: this.#disarm,
      drills: this.#measuring.drills,
      recreateMeta: () => this.#identity.recreate(),
    });
  }

  #shardManager(): ShardManager {
    const { clock, timers, random, logger, fleet, shards, detection } = this.#deps;
    const startedAt = clock.wallNow();
    return new ShardManager({
      clock,
      timers,
      random,
      logger,
      fleet,
      shards,
      census: () => this.#guarding.census.forStore(),
      self: (): Omit<AggregatorRecord, "counter" | "census"> => ({
        id: detection.aggregator,
        streamEndpoint: this.#deps.streamEndpoint(),
        httpEndpoint: this.#deps.httpEndpoint(),
        startedAt,
        version: this.#deps.version,
        weight: this.#deps.weight,
        draining: this.#draining,
      }),
      seen: (shard) =>
        highest(this.runners.get(shard)?.generation ?? null, this.#mirrors.generationOf(shard)),
      hasRecord: async () => (await fleet.meta(null)) !== null,
      tooSick: () => this.turns.tooSick(this.#deps.lostShareMax),
      onClaimed: (ownership, snapshot, generation) =>
        this.#desk.claimed(ownership, snapshot, generation),
      onGive: (shard, to) => this.#desk.give(shard, to),
      onLost: (shard, why) => this.#desk.lost(shard, why),
      onForeign: (shard, why) => this.#held(shard, why),
      onViewChanged: () => this.view.publish({ kind: "shards" }),
    });
  }

  #outboxDesk(): OutboxDesk {
    return new OutboxDesk({
      table: this.table,
      runners: this.runners,
      clock: this.#deps.clock,
      waitsBecause: () => this.#disarm.waitsBecause,
      fencing: this.#fencing,
      onStale: (shard) => this.#lost(shard, "a delivery was refused: another token exists"),
      onGenerationMismatch: (shard) => this.#held(shard, "the store's generation changed"),
      onRowGone: (row) => this.#measuring.drills.rowGone(row),
      onRowChanged: (incident: IncidentId) => this.view.publish({ kind: "incident", incident }),
    });
  }

  #delivery(): DeliveryReconciler {
    return new DeliveryReconciler({
      ...this.#deps,
      source: this.#outbox,
      store: this.#deps.shards,
      config: DELIVERY_DEFAULTS,
      alert: (alert) => {
        const kind = `destination ${alert.destination}`;
        if (alert.kind === "destination-recovered") this.notices.clear(kind);
        // What is parked stands as a notice of its own for as long as it is.
        else if (alert.kind !== "row-parked")
          this.notices.raise(kind, `${alert.kind}: ${alert.because}`);
      },
    });
  }

  #readSide(): ReadSide {
    const { clock, fleet, shards, sender, detection } = this.#deps;
    return new ReadSide({
      clock,
      self: detection.aggregator,
      clusterId: () => this.#identity.id,
      table: this.table,
      runners: this.runners,
      turns: this.turns,
      manager: this.manager,
      shards,
      fleet,
      quality: this.#measuring.desk,
      notices: () => this.notices.list(),
      fenceDevices: (state) => this.#fencing.viewOf(state),
      destinations: (): readonly DestinationName[] => sender.destinations(),
      connections: () => this.sessions.connections,
      meshConnected: (id) => this.#deps.mesh.isConnected(id),
      startedAt: clock.wallNow(),
      notReadyBecause: () =>
        notReadyBecause(fleet.health(), this.manager, this.runners, this.#draining),
    });
  }

  #lost(shard: ShardId, why: string): void {
    this.manager.forgetShard(shard);
    this.#desk.lost(shard, why);
  }

  #held(shard: ShardId, why: string): void {
    // What is in memory is held first; that comes back here, once.
    if (this.runners.get(shard)?.held === false) {
      this.#desk.hold(shard, why);
      return;
    }
    this.#deps.logger.error("a shard is on hold: nothing of it is judged, written or handed off", {
      shard,
      why,
    });
    this.#desk.hold(shard, why);
  }
}
