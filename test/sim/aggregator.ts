/** The production engine as one simulated process, with simulated adapters on all its ports. */
import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import { GUARD_DEFAULTS } from "@herdbeat/aggregator/core/guard";
import type { AgentListener, AgentObserver } from "@herdbeat/aggregator/ports/agent-listener";
import type { KernelProbe } from "@herdbeat/aggregator/ports/kernel-probe";
import type { MirrorStore, ShardMirror } from "@herdbeat/aggregator/ports/mirror";
import { Engine } from "@herdbeat/aggregator/runtime/engine";
import type { EngineDeps } from "@herdbeat/aggregator/runtime/engine-deps";
import type { AggregatorId, DestinationName, ShardId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { durationMs } from "@herdbeat/shared/time";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { MemoryShardStore } from "../support/memory-shard-store.ts";
import { LIMITS } from "../support/node-driver.ts";
import { readableIncidentId } from "../support/replay-check.ts";
import { SimProcess } from "./clock.ts";
import { SimMesh } from "./mesh.ts";
import { NETWORK_DELAY, type SimSession } from "./session.ts";
import { noteStatePairs } from "./state-pairs.ts";
import { SimStreams } from "./streams.ts";
import type { SimWorld } from "./world.ts";

export class SimAggregator {
  readonly id: AggregatorId;
  readonly process: SimProcess;
  /** Unlike the id, never used again. */
  readonly life: string;
  readonly startedAt: number;
  readonly engine: Engine;
  readonly sessions = new Set<SimSession>();
  readonly fleet: MemoryFleetStore;
  readonly mesh: SimMesh;
  readonly streams: SimStreams;
  observer: AgentObserver | null = null;
  readonly #world: SimWorld;

  constructor(world: SimWorld, id: string, policy: Policy) {
    this.#world = world;
    this.id = id as AggregatorId;
    this.process = new SimProcess(world.time);
    this.life = world.nameLife(this);
    this.startedAt = world.time.now;
    this.fleet = new MemoryFleetStore(world.database, this.life);
    this.streams = new SimStreams(this.process, id);
    this.mesh = new SimMesh(world.fabric, this.process, world.random, id);
    this.engine = new Engine({ ...this.#settings(policy), ...this.#ports() });
    noteStatePairs(this.engine.turns, world.statePairs);
  }

  /** Whether this process can use the store, as its connection tells it. */
  storeState(state: "up" | "down"): void {
    if (this.fleet.storeHealth.state === state) return;
    const since = this.process.clock.wallNow();
    const detail = state === "up" ? "" : "no answer";
    this.fleet.storeHealth = { ...this.fleet.storeHealth, state, since, detail };
  }

  #settings(policy: Policy): Pick<EngineDeps, SettingNames> {
    const { id } = this;
    return {
      clock: this.process.clock,
      timers: this.process.timers,
      random: this.#world.random,
      logger: silentLogger,
      metrics: silentMetrics,
      detection: {
        aggregator: id,
        limits: LIMITS,
        policy,
        shadow: false,
        incidentIdOf: (key) => {
          const made = readableIncidentId(key);
          this.#world.onDecision({ aggregator: this, incident: made, key });
          return made;
        },
      },
      heartbeatInterval: durationMs(1_000),
      stallTolerance: durationMs(50),
      peacetimeInterval: durationMs(60_000),
      lostShareMax: 0.2,
      version: "0",
      weight: 1,
      clusterName: "sim",
      streamEndpoint: () => id,
      httpEndpoint: () => `http://${id}`,
      requestDestination: "receiver" as DestinationName,
      journal: { append: () => {} },
      onFatal: (error) => this.#world.failed(error),
    };
  }

  #ports(): Omit<EngineDeps, SettingNames> {
    const world = this.#world;
    return {
      shards: new MemoryShardStore(world.database, this.life),
      fleet: this.fleet,
      mirrors: this.#mirrors(),
      listener: this.#listener(),
      probePort: 9,
      // Simulated agents answer no echoes.
      echoes: { worthOf: () => "forged" },
      probe: this.#probe(),
      gateway: {
        check: () => {
          world.time.touch();
          const isSilent = world.gatewaySilentFor(this.id) !== null;
          return Promise.resolve(isSilent ? "silent" : world.gateway);
        },
      },
      sender: {
        destinations: () => ["receiver" as DestinationName],
        send: (row) => world.receive(row, this),
      },
      sendNotice: (notice, state) => {
        world.time.touch();
        world.log(`${this.id} notice ${notice.kind} ${state}`);
        return Promise.resolve(true);
      },
      mesh: this.mesh,
      guard: GUARD_DEFAULTS,
      fenceDevices: [],
      deviceTests: {
        interval: durationMs(600_000),
        testedWithin: durationMs(1_800_000),
        concurrency: 2,
      },
      canFence: () => world.fencing,
    };
  }

  #listener(): AgentListener {
    return {
      start: (observer) => {
        this.observer = observer;
        this.streams.start(observer);
        return Promise.resolve();
      },
      stop: () => {
        this.observer = null;
        for (const session of this.sessions) session.hostDied();
        this.mesh.died();
        return Promise.resolve();
      },
      endpoint: () => this.id,
    };
  }

  /** On the disk of the machine: a next life of the same name finds them. */
  #mirrors(): MirrorStore {
    const kept: Map<ShardId, ShardMirror> = this.#world.mirrorsOf(this.id);
    const { time } = this.#world;
    return {
      load: () => Promise.resolve({ mirrors: [...kept.values()], damaged: [] }),
      save: (mirror) => {
        time.touch();
        kept.set(mirror.shard, mirror);
        return Promise.resolve();
      },
      remove: (shard) => {
        time.touch();
        kept.delete(shard);
        return Promise.resolve();
      },
    };
  }

  /** The answer is input, its absence a timer: a stop of this process can swallow the answer. */
  #probe(): KernelProbe {
    const { time, agents, random } = this.#world;
    return {
      probe: (address, timeout) =>
        new Promise((answer) => {
          const node = agents.get(address);
          const trip =
            node?.powered === true ? node.paths.roundTrip(this.id, random, NETWORK_DELAY) : null;
          const settle = (outcome: Parameters<typeof answer>[0]) => (): void => {
            time.touch();
            answer(outcome);
          };
          if (trip !== null && trip < timeout) {
            const roundTrip = durationMs(trip);
            const outcome = { kind: "answered", how: "refused", roundTrip } as const;
            time.at(time.now + trip, this.process, settle(outcome), "input");
          }
          time.at(time.now + timeout, this.process, settle({ kind: "no-answer" }));
        }),
    };
  }

  kill(): void {
    this.process.crashed = true;
    this.observer = null;
    for (const session of this.sessions) session.hostDied();
    this.mesh.died();
  }
}

type SettingNames =
  | "clock"
  | "timers"
  | "random"
  | "logger"
  | "metrics"
  | "detection"
  | "heartbeatInterval"
  | "stallTolerance"
  | "peacetimeInterval"
  | "lostShareMax"
  | "version"
  | "weight"
  | "clusterName"
  | "streamEndpoint"
  | "httpEndpoint"
  | "requestDestination"
  | "journal"
  | "onFatal";
