/**
 * A small world around the production engine: simulated agents, kernels, receiver and store. One
 * database, any number of aggregators; every process can be paused and killed.
 */
import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { ShardMirror } from "@herdbeat/aggregator/ports/mirror";
import type { SendOutcome } from "@herdbeat/aggregator/ports/webhook";
import type { IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import { type Random, seededRandom } from "@herdbeat/shared/random";
import { MemoryDatabase } from "../support/memory-database.ts";
import { assertDatabaseReplays } from "../support/replay-check.ts";
import { SimAgent } from "./agents.ts";
import { SimAggregator } from "./aggregator.ts";
import { SimProcess, SimTime } from "./clock.ts";
import { MeshFabric } from "./mesh-fabric.ts";

export type { SimAggregator } from "./aggregator.ts";

/** The core was about to open an incident under this id, in this very turn. */
export interface Decision {
  readonly aggregator: SimAggregator;
  readonly incident: IncidentId;
  /** JSON of `[cluster, node, boot id, family, origin and subject, onset]`. */
  readonly key: string;
}

/** One arrival at the receiver, repeats included. */
export interface Arrival {
  readonly at: number;
  readonly row: OutboxRow;
  readonly body: Body;
  readonly repeated: boolean;
}

const ACCEPTED: SendOutcome = { kind: "answered", status: 204, retryAfter: null, bodyExcerpt: "" };
/** What a sender waits for an answer. */
const SEND_TIMEOUT_MS = 5_000;

export class SimWorld {
  readonly time = new SimTime();
  readonly fabric = new MeshFabric(this.time);
  readonly random: Random;
  readonly database = new MemoryDatabase();
  readonly agents = new Map<string, SimAgent>();
  readonly aggregators: SimAggregator[] = [];
  /** Webhook ids in the order in which the receiver took effect, each once. */
  readonly effects: Arrival[] = [];
  readonly lines: string[] = [];
  repeats = 0;
  /** Which event met which state, in any aggregator. */
  readonly statePairs = new Set<string>();
  /** Seconds of all nodes in which an agent ran. */
  framesStepped = 0;
  gateway: "answers" | "silent" | "none" = "answers";
  /** Whether hosts have a fence device that answers. */
  fencing: "none" | "ready" = "none";
  receiver: "accepts" | "away" = "accepts";
  /** Share of answers of the receiver that are lost on their way back. */
  answersLost = 0;
  /** How long a message and its answer travel; 0: at once. */
  receiverDelayMs = 0;
  beforeReceive: () => void = () => {};
  onDecision: (decision: Decision) => void = () => {};
  onAcknowledged: (agent: SimAgent, transition: number) => void = () => {};
  onLine: (what: string) => void = () => {};
  onArrival: (arrival: Arrival) => void = () => {};
  readonly #storeHost = new SimProcess(this.time);
  readonly #mirrors = new Map<string, Map<ShardId, ShardMirror>>();
  readonly #seen = new Set<string>();
  readonly #lives = new Map<string, SimAggregator>();
  readonly #gatewaysBack = new Map<string, number>();
  readonly #silentGateways = new Map<string, number>();
  #failure: { readonly error: unknown } | null = null;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
    this.database.now = () => this.time.now;
    this.database.travel = () => {
      this.time.touch();
      return Promise.resolve();
    };
  }

  async aggregator(id: string, policy: Policy = {}): Promise<SimAggregator> {
    const one = new SimAggregator(this, id, policy);
    this.aggregators.push(one);
    await one.engine.start();
    return one;
  }

  /** As `aggregator`, for a store that is slow or away: the start goes on while time does. */
  startAggregator(id: string, policy: Policy = {}): SimAggregator {
    const one = new SimAggregator(this, id, policy);
    this.aggregators.push(one);
    this.time.touch();
    one.engine.start().catch((error: unknown) => this.failed(error));
    return one;
  }

  /** A defect: no outcome that the engine knows of. The run ends with it. */
  failed(error: unknown): void {
    this.#failure ??= { error };
  }

  addAgents(count: number): void {
    const phases = Array.from({ length: count }, () => Math.floor(this.random.next() * 1_000));
    // In the order in which they beat, so that each second walks through memory in order: twice as fast.
    for (const phase of phases.sort((one, other) => one - other)) {
      const id = `node-${this.agents.size + 1}`;
      this.agents.set(id, new SimAgent(this, id, phase));
    }
  }

  agent(id: string): SimAgent {
    const found = this.agents.get(id);
    if (found === undefined) throw new Error(`no agent ${id}`);
    return found;
  }

  /** The life of this name that is not over. */
  running(id: string): SimAggregator | null {
    return this.aggregators.find((one) => one.id === id && !one.process.crashed) ?? null;
  }

  get living(): readonly SimAggregator[] {
    return this.aggregators.filter((one) => !one.process.crashed);
  }

  /** A name for one life of a process, by which the store's replies find it. */
  nameLife(one: SimAggregator): string {
    const name = `${one.id}#${this.#lives.size + 1}`;
    this.#lives.set(name, one);
    return name;
  }

  lifeOf(name: string): SimAggregator | null {
    return this.#lives.get(name) ?? null;
  }

  /** What the gateway of a machine does, for this and later lives of the process there. */
  gatewayOf(id: string, answer: "answers" | "silent"): void {
    if (this.#silentGateways.delete(id)) this.#gatewaysBack.set(id, this.time.now);
    if (answer === "silent") this.#silentGateways.set(id, this.time.now);
  }

  /** How long the gateway of a machine has not answered; null: it does. */
  gatewaySilentFor(id: string): number | null {
    const since = this.#silentGateways.get(id);
    return since === undefined ? null : this.time.now - since;
  }

  /** When the gateway of a machine last began to answer again; before all time: it always did. */
  gatewayBackAt(id: string): number {
    return this.#gatewaysBack.get(id) ?? Number.NEGATIVE_INFINITY;
  }

  mirrorsOf(id: string): Map<ShardId, ShardMirror> {
    const known = this.#mirrors.get(id);
    if (known !== undefined) return known;
    const made = new Map<ShardId, ShardMirror>();
    this.#mirrors.set(id, made);
    return made;
  }

  /** Whom an agent would reach: any that runs, the shard's owner if there is one. */
  hostFor(node: NodeId, avoided: SimAggregator | null = null): SimAggregator | null {
    const listening = this.living.filter((one) => one.observer !== null);
    const others = listening.filter((one) => one !== avoided);
    const running = others.length > 0 ? others : listening;
    const owner = running.find((one) => one.engine.table.indexOf(node) !== undefined);
    if (owner !== undefined) return owner;
    return running.length === 0
      ? null
      : (running[Math.floor(this.random.next() * running.length)] ?? null);
  }

  /**
   * Every request to the store, and every reply, takes up to so long: order is not kept. A reply to
   * a process that was killed meanwhile does not arrive.
   */
  slowStore(milliseconds: number): void {
    this.database.travel = (caller, leg) =>
      new Promise((arrived) => {
        const at = this.time.now + Math.ceil(this.random.next() * milliseconds);
        const process = leg === "reply" ? this.#lives.get(caller)?.process : undefined;
        const land = (): void => {
          this.time.touch();
          arrived();
        };
        this.time.at(at, process ?? this.#storeHost, land, "input");
      });
  }

  receive(row: OutboxRow, from: SimAggregator): Promise<SendOutcome> {
    this.time.touch();
    this.beforeReceive();
    if (this.receiver === "away")
      return Promise.resolve({ kind: "not-sent", detail: "connection refused" });
    if (this.receiverDelayMs === 0) {
      this.#arrived(row, from);
      return Promise.resolve(ACCEPTED);
    }
    return new Promise((answer) => {
      const there = 1 + Math.floor(this.random.next() * this.receiverDelayMs);
      const back = 1 + Math.floor(this.random.next() * this.receiverDelayMs);
      const isLost = this.random.next() < this.answersLost;
      const settle = (outcome: SendOutcome) => (): void => {
        this.time.touch();
        answer(outcome);
      };
      this.time.at(this.time.now + there, null, () => this.#arrived(row, from), "input");
      if (isLost) {
        const outcome = settle({ kind: "timed-out", detail: "no answer" });
        this.time.at(this.time.now + SEND_TIMEOUT_MS, from.process, outcome);
      } else {
        this.time.at(this.time.now + there + back, from.process, settle(ACCEPTED), "input");
      }
    });
  }

  #arrived(row: OutboxRow, from: SimAggregator): void {
    const body = JSON.parse(row.body) as Body;
    const repeated = this.#seen.has(row.webhookId);
    const arrival: Arrival = { at: this.time.now, row, body, repeated };
    if (repeated) this.repeats += 1;
    else {
      this.#seen.add(row.webhookId);
      this.effects.push(arrival);
      this.log(`${from.id} delivers ${row.node} ${body.incident.class} ${body.transition.kind}`);
    }
    this.onArrival(arrival);
  }

  log(what: string): void {
    this.lines.push(`${this.time.now} ${what}`);
    this.onLine(what);
  }

  async run(duration: number): Promise<void> {
    await this.time.runUntil(this.time.now + duration);
    if (this.#failure !== null) throw this.#failure.error;
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
  readonly incident: { readonly id: string; readonly class: string };
  readonly transition: { readonly kind: string; readonly number: number };
}
