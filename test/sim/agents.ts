/** Simulated agents and their streams: what a real agent does, as far as the engine can tell. */
import type {
  AgentCondition,
  AgentObserver,
  AgentSession,
  WitnessRequest,
} from "@herdbeat/aggregator/ports/agent-listener";
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import { SimProcess } from "./clock.ts";
import { look } from "./witnesses.ts";
import type { SimAggregator, SimWorld } from "./world.ts";

export const NETWORK_DELAY = 1;

export class SimAgent {
  readonly id: NodeId;
  readonly process: SimProcess;
  /** False: the machine is off, nothing of it answers, nobody is told. */
  powered = true;
  /** Nothing passes between it and any aggregator, unnoticed by either; agents reach each other. */
  isolated = false;
  capabilities: readonly string[] = [];
  labels: Readonly<Record<string, string>> = {};
  bootId = "boot-1";
  processId = "process-1";
  transition = 0;
  incarnation = 0;
  epoch = 0;
  /** Events not acknowledged yet, by transition. */
  readonly spool = new Map<number, AgentCondition>();
  readonly #world: SimWorld;
  #session: SimSession | null = null;
  #sequence = 0;

  constructor(world: SimWorld, id: string, phase: number) {
    this.#world = world;
    this.id = id as NodeId;
    this.process = new SimProcess(world.time);
    world.time.at(world.time.now + phase, this.process, () => this.#tick());
  }

  get connected(): boolean {
    return this.#session !== null;
  }

  /** Power loss: no FIN, no RST, nothing. */
  die(): void {
    this.powered = false;
    this.process.crashed = true;
    this.#session = null;
  }

  /** kill -9 of the agent: its kernel closes the stream. */
  kill(): void {
    const session = this.#session;
    this.#session = null;
    this.process.crashed = true;
    session?.peerClosed();
  }

  #tick(): void {
    this.#world.time.at(this.#world.time.now + 1_000, this.process, () => this.#tick());
    if (this.#session === null) {
      this.#connect();
      return;
    }
    this.#sequence += 1;
    this.#session.heartbeat(this.#sequence, this.transition);
    for (const [transition, condition] of this.spool) this.#session.event(transition, condition);
  }

  #connect(): void {
    const host = this.#world.hostFor(this.id);
    if (host?.observer === null || host === null) return;
    this.#sequence = 0;
    const session = new SimSession(this.#world, this, host);
    session.hello();
  }

  welcomed(session: SimSession, incarnation: number, epoch: number, acknowledged: number): void {
    this.#session = session;
    this.incarnation = incarnation;
    this.epoch = epoch;
    this.acknowledged(acknowledged);
  }

  dropped(session: SimSession): void {
    if (this.#session === session) this.#session = null;
  }

  acknowledged(transition: number): void {
    for (const one of this.spool.keys()) if (one <= transition) this.spool.delete(one);
  }

  report(status: "ok" | "problem", failureClass: string, subject = ""): void {
    this.transition += 1;
    this.spool.set(this.transition, {
      monitor: "test",
      subject,
      status,
      failureClass,
      reason: "Test",
      message: `${failureClass} ${status}`,
      sinceAge: durationMs(0),
      transition: this.transition,
      attributes: {},
    });
  }
}

/** Frames queue for a paused aggregator and are all delivered when it goes on, before its timers judge. */
export class SimSession implements AgentSession {
  node = -1;
  readonly remoteAddress: string;
  readonly #world: SimWorld;
  readonly #agent: SimAgent;
  readonly #host: SimAggregator;
  #open = true;

  constructor(world: SimWorld, agent: SimAgent, host: SimAggregator) {
    this.#world = world;
    this.#agent = agent;
    this.#host = host;
    this.remoteAddress = agent.id;
    host.sessions.add(this);
  }

  hello(): void {
    this.#toHost((observer) =>
      observer.onHello(this, {
        nodeId: this.#agent.id,
        authenticated: true,
        version: 1,
        hostname: this.#agent.id,
        address: this.#agent.id,
        bootId: this.#agent.bootId as BootId,
        hardwareId: `hardware of ${this.#agent.id}`,
        processId: this.#agent.processId,
        incarnation: this.#agent.incarnation as Incarnation,
        sessionEpoch: this.#agent.epoch as SessionEpoch,
        lastTransition: this.#agent.transition,
        agentVersion: "0",
        heartbeatInterval: durationMs(1_000),
        labels: this.#agent.labels,
        networks: [],
        uptime: durationMs(0),
        capabilities: this.#agent.capabilities,
        inventoryJson: "",
      }),
    );
  }

  heartbeat(sequence: number, transition: number): void {
    this.#toHost((observer) => observer.onHeartbeat(this, sequence, 0, transition, 0));
  }

  event(transition: number, condition: AgentCondition): void {
    this.#toHost((observer) => observer.onEvent(this, transition, condition, durationMs(0)));
  }

  peerClosed(): void {
    this.#toHost((observer) => {
      this.#open = false;
      observer.onClosed(this, "peer-closed");
    });
  }

  /** The aggregator's process ended: its kernel tells the agent. */
  hostDied(): void {
    this.#open = false;
    this.#world.time.at(this.#world.time.now + NETWORK_DELAY, null, () =>
      this.#agent.dropped(this),
    );
  }

  #toHost(act: (observer: AgentObserver) => void): void {
    if (this.#agent.isolated) return;
    this.#world.time.at(this.#world.time.now + NETWORK_DELAY, this.#host.process, () => {
      const { observer } = this.#host;
      if (observer !== null && this.#open) act(observer);
    });
  }

  #toAgent(act: () => void): void {
    this.#world.time.at(this.#world.time.now + NETWORK_DELAY, this.#agent.process, act);
  }

  welcome(welcome: Parameters<AgentSession["welcome"]>[0]): void {
    this.#toAgent(() =>
      this.#agent.welcomed(
        this,
        welcome.incarnation,
        welcome.sessionEpoch,
        welcome.acknowledgedTransition,
      ),
    );
  }

  ackHeartbeat(): void {}

  witness(request: WitnessRequest): void {
    this.#toAgent(() =>
      look(this.#world, this.#agent, request, (report) =>
        this.#toHost((observer) => observer.onWitnessReport(this, report)),
      ),
    );
  }

  ackEvent(transition: number): void {
    this.#toAgent(() => this.#agent.acknowledged(transition));
  }

  goodbye(): void {
    this.#open = false;
    this.#toAgent(() => this.#agent.dropped(this));
  }
}
