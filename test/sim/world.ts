/**
 * A small world around the production engine: simulated agents, kernels, receiver and store. One
 * database, any number of aggregators; every process can be paused and killed.
 */

import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { AgentListener, AgentObserver } from "@herdbeat/aggregator/ports/agent-listener";
import type { Mesh } from "@herdbeat/aggregator/ports/mesh";
import type { ShardMirror } from "@herdbeat/aggregator/ports/mirror";
import type { SendOutcome } from "@herdbeat/aggregator/ports/webhook";
import { Engine } from "@herdbeat/aggregator/runtime/engine";
import type { AggregatorId, DestinationName, NodeId, ShardId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { type Random, seededRandom } from "@herdbeat/shared/random";
import { durationMs } from "@herdbeat/shared/time";
import { MemoryDatabase } from "../support/memory-database.ts";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { MemoryShardStore } from "../support/memory-shard-store.ts";
import { LIMITS } from "../support/node-driver.ts";
import { assertDatabaseReplays, readableIncidentId } from "../support/replay-check.ts";
import { NETWORK_DELAY, SimAgent, type SimSession } from "./agents.ts";
import { SimProcess, SimTime } from "./clock.ts";

/** Without hints only the store tells who lives: the slower of the two ways. */
const noMesh: Mesh = {
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  setPeers: () => {},
  isConnected: () => false,
  broadcastPulse: () => {},
  broadcastGeneration: () => 0,
  broadcastDisarm: () => {},
  askCensus: () => {},
  answerCensus: () => {},
};

export class SimAggregator {
  readonly id: AggregatorId;
  readonly process: SimProcess;
  readonly engine: Engine;
  readonly sessions = new Set<SimSession>();
  readonly fleet: MemoryFleetStore;
  observer: AgentObserver | null = null;

  constructor(world: SimWorld, id: string, policy: Policy) {
    this.id = id as AggregatorId;
    this.process = new SimProcess(world.time);
    this.fleet = new MemoryFleetStore(world.database);
    const listener: AgentListener = {
      start: (observer) => {
        this.observer = observer;
        return Promise.resolve();
      },
      stop: () => {
        this.observer = null;
        for (const session of this.sessions) session.hostDied();
        return Promise.resolve();
      },
      endpoint: () => id,
    };
    const mirrors = world.mirrorsOf(id);
    this.engine = new Engine({
      clock: this.process.clock,
      timers: this.process.timers,
      random: world.random,
      logger: silentLogger,
      metrics: silentMetrics,
      detection: {
        aggregator: this.id,
        limits: LIMITS,
        policy,
        shadow: false,
        incidentIdOf: readableIncidentId,
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
      shards: new MemoryShardStore(world.database),
      fleet: this.fleet,
      mirrors: {
        load: () => Promise.resolve({ mirrors: [...mirrors.values()], damaged: [] }),
        save: (mirror) => {
          mirrors.set(mirror.shard, mirror);
          return Promise.resolve();
        },
        remove: (shard) => {
          mirrors.delete(shard);
          return Promise.resolve();
        },
      },
      listener,
      probePort: 9,
      probe: {
        probe: (address, timeout) =>
          new Promise((answer) => {
            const agent = world.agents.get(address);
            const alive = agent?.powered === true && !agent.isolated;
            const delay = alive ? NETWORK_DELAY * 2 : timeout;
            world.time.at(world.time.now + delay, this.process, () =>
              answer(
                alive
                  ? { kind: "answered", how: "refused", roundTrip: durationMs(2) }
                  : { kind: "no-answer" },
              ),
            );
          }),
      },
      gateway: { check: () => Promise.resolve(world.gateway) },
      requestDestination: "receiver" as DestinationName,
      sender: {
        destinations: () => ["receiver" as DestinationName],
        send: (row) => world.receive(row, this),
      },
      journal: { append: () => {} },
      sendNotice: (notice, state) => {
        world.log(`${this.id} notice ${notice.kind} ${state}`);
        return Promise.resolve(true);
      },
      onFatal: (error) => {
        throw error;
      },
      mesh: noMesh,
    });
  }

  kill(): void {
    this.process.crashed = true;
    this.observer = null;
    for (const session of this.sessions) session.hostDied();
  }
}

export class SimWorld {
  readonly time = new SimTime();
  readonly random: Random;
  readonly database = new MemoryDatabase();
  readonly agents = new Map<string, SimAgent>();
  readonly aggregators: SimAggregator[] = [];
  /** Webhook ids in the order in which the receiver took effect, each once. */
  readonly effects: { readonly at: number; readonly row: OutboxRow; readonly body: Body }[] = [];
  readonly lines: string[] = [];
  repeats = 0;
  gateway: "answers" | "silent" | "none" = "answers";
  receiver: "accepts" | "away" = "accepts";
  beforeReceive: () => void = () => {};
  readonly #storeHost = new SimProcess(this.time);
  readonly #mirrors = new Map<string, Map<ShardId, ShardMirror>>();
  readonly #seen = new Set<string>();

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  async aggregator(id: string, policy: Policy = {}): Promise<SimAggregator> {
    const one = new SimAggregator(this, id, policy);
    this.aggregators.push(one);
    await one.engine.start();
    return one;
  }

  addAgents(count: number): void {
    for (let i = 0; i < count; i++) {
      const id = `node-${this.agents.size + 1}`;
      this.agents.set(id, new SimAgent(this, id, Math.floor(this.random.next() * 1_000)));
    }
  }

  agent(id: string): SimAgent {
    const found = this.agents.get(id);
    if (found === undefined) throw new Error(`no agent ${id}`);
    return found;
  }

  mirrorsOf(id: string): Map<ShardId, ShardMirror> {
    const known = this.#mirrors.get(id);
    if (known !== undefined) return known;
    const made = new Map<ShardId, ShardMirror>();
    this.#mirrors.set(id, made);
    return made;
  }

  /** Whom an agent would reach: any that runs, the shard's owner if there is one. */
  hostFor(node: NodeId): SimAggregator | null {
    const running = this.aggregators.filter((one) => !one.process.crashed && one.observer !== null);
    const owner = running.find((one) => one.engine.table.indexOf(node) !== undefined);
    if (owner !== undefined) return owner;
    return running.length === 0
      ? null
      : (running[Math.floor(this.random.next() * running.length)] ?? null);
  }

  /** Every request to the store, and every reply, takes up to so long: order is not kept. */
  slowStore(milliseconds: number): void {
    this.database.travel = () =>
      new Promise((arrived) => {
        const at = this.time.now + Math.ceil(this.random.next() * milliseconds);
        this.time.at(at, this.#storeHost, () => arrived());
      });
  }

  receive(row: OutboxRow, from: SimAggregator): Promise<SendOutcome> {
    this.beforeReceive();
    if (this.receiver === "away")
      return Promise.resolve({ kind: "not-sent", detail: "connection refused" });
    if (this.#seen.has(row.webhookId)) this.repeats += 1;
    else {
      this.#seen.add(row.webhookId);
      const body = JSON.parse(row.body) as Body;
      this.effects.push({ at: this.time.now, row, body });
      this.log(`${from.id} delivers ${row.node} ${body.incident.class} ${body.transition.kind}`);
    }
    return Promise.resolve({ kind: "answered", status: 204, retryAfter: null, bodyExcerpt: "" });
  }

  log(what: string): void {
    this.lines.push(`${this.time.now} ${what}`);
  }

  async run(duration: number): Promise<void> {
    await this.time.runUntil(this.time.now + duration);
    assertDatabaseReplays(this.database);
  }

  delivered(failureClass: string, kind = "declared"): readonly string[] {
    return this.effects
      .filter(
        (one) => one.body.incident.class === failureClass && one.body.transition.kind === kind,
      )
      .map((one) => one.row.node);
  }
}

interface Body {
  readonly incident: { readonly class: string };
  readonly transition: { readonly kind: string };
}
