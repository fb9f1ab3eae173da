/** Simulated agents: what a real agent does, as far as the engine can tell. */
import type { AgentCondition } from "@herdbeat/aggregator/ports/agent-listener";
import type { NodeId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import { HeartbeatFrame } from "../fleet/heartbeat-frame.ts";
import type { SimAggregator } from "./aggregator.ts";
import { SimProcess } from "./clock.ts";
import { NodePaths } from "./network.ts";
import { NO_MASK, SimSession } from "./session.ts";
import type { SimWorld } from "./world.ts";

/** The real agent's limits: a hello that is not welcomed, a stream that is not acknowledged. */
const HANDSHAKE_MS = 5_000;
const SILENT_STREAM_MS = 15_000;
/** The real agent keeps so many events; the newest are refused beyond. */
const SPOOL_MAX = 256;

export class SimAgent {
  readonly id: NodeId;
  readonly process: SimProcess;
  readonly paths = new NodePaths();
  /** False: the machine is off, nothing of it answers, nobody is told. */
  powered = true;
  poweredSince = 0;
  capabilities: readonly string[] = [];
  labels: Readonly<Record<string, string>> = {};
  bootId = "boot-1";
  processId = "process-1";
  transition = 0;
  incarnation = 0;
  epoch = 0;
  /** Events not acknowledged yet, by transition. */
  readonly spool = new Map<number, AgentCondition>();
  /** What holds now, by subject: told whole when a session begins. */
  readonly conditions = new Map<string, AgentCondition>();
  /** Where the last heartbeat that counts arrived, and when. */
  heardBy: SimAggregator | null = null;
  heardAt = 0;
  readonly #world: SimWorld;
  #session: SimSession | null = null;
  #pending: { readonly session: SimSession; readonly since: number } | null = null;
  #acknowledgedAt = 0;
  #reconnectAt = 0;
  #sequence = 0;
  readonly #frame = new HeartbeatFrame(NO_MASK, 0);
  #frameTransition = 0;
  #boots = 1;
  #processes = 1;
  /** Where the last attempt failed: another one is tried first. */
  #avoided: SimAggregator | null = null;

  constructor(world: SimWorld, id: string, phase: number) {
    this.#world = world;
    this.id = id as NodeId;
    this.process = new SimProcess(world.time);
    this.poweredSince = world.time.now;
    world.time.everySecond((world.time.now + phase) % 1_000, () => this.#tick());
  }

  /** Whether something is wrong with the paths to an aggregator now. */
  isCutFrom(aggregator: string): boolean {
    return this.paths.harmlessSince(aggregator) === null;
  }

  get connected(): boolean {
    return this.#session !== null;
  }

  get session(): SimSession | null {
    return this.#session;
  }

  /** Power loss: no FIN, no RST, nothing. */
  die(): void {
    this.powered = false;
    this.process.crashed = true;
    this.#forgetSession();
    this.spool.clear();
    this.conditions.clear();
  }

  /** Nothing passes between it and any aggregator, unnoticed by either; agents reach each other. */
  isolate(): void {
    const fault = {
      aggregator: null,
      direction: "both",
      loss: 0,
      delayMs: 0,
      duplicates: 0,
    } as const;
    this.paths.add({ ...fault, blocked: true });
  }

  /** The machine is on again: a new boot, what ran before is gone. */
  boot(): void {
    if (this.powered) return;
    this.powered = true;
    this.poweredSince = this.#world.time.now;
    this.#boots += 1;
    this.bootId = `boot-${this.#boots}`;
    this.#startProcess();
  }

  /** kill -9 of the agent: its kernel closes the stream. Unacknowledged events are gone. */
  kill(): void {
    const session = this.#session;
    this.#forgetSession();
    this.process.crashed = true;
    this.spool.clear();
    session?.peerClosed();
  }

  /** A new life of the agent on a host that went on. */
  restart(): void {
    if (this.powered && this.process.crashed) this.#startProcess();
  }

  #startProcess(): void {
    this.#processes += 1;
    this.processId = `process-${this.#processes}`;
    this.process.pausedUntil = 0;
    this.process.crashed = false;
    this.#avoided = null;
    this.#reconnectAt = 0;
  }

  #forgetSession(): void {
    this.#session = null;
    this.#pending = null;
  }

  #tick(): void {
    if (!this.powered || !this.process.runs) return;
    this.#world.framesStepped += 1;
    const session = this.#session;
    const now = this.#world.time.now;
    if (session === null) {
      this.#connect(now);
      return;
    }
    if (now - this.#acknowledgedAt > SILENT_STREAM_MS) {
      session.abandoned();
      this.#avoided = session.host;
      this.#forgetSession();
      this.#connect(now);
      return;
    }
    session.heartbeat(this.#nextFrame());
    if (this.spool.size === 0) return;
    for (const [transition, condition] of this.spool) session.event(transition, condition);
  }

  #nextFrame(): Buffer {
    this.#sequence += 1;
    if (this.#frameTransition !== this.transition) {
      this.#frameTransition = this.transition;
      this.#frame.lastTransition = this.transition;
    }
    return this.#frame.at(this.#sequence);
  }

  #connect(now: number): void {
    if (this.#pending !== null) {
      if (now - this.#pending.since < HANDSHAKE_MS) return;
      this.#pending.session.abandoned();
      this.#avoided = this.#pending.session.host;
      this.#pending = null;
    }
    if (now < this.#reconnectAt) return;
    const host = this.#world.hostFor(this.id, this.#avoided);
    if (host === null || host.observer === null) return;
    this.#sequence = 0;
    const session = new SimSession(this.#world, this, host);
    this.#pending = { session, since: now };
    session.hello();
  }

  welcomed(
    session: SimSession,
    welcome: {
      readonly incarnation: number;
      readonly sessionEpoch: number;
      readonly acknowledgedTransition: number;
    },
  ): void {
    if (this.#pending?.session !== session) return;
    this.#pending = null;
    this.#avoided = null;
    this.#session = session;
    this.#acknowledgedAt = this.#world.time.now;
    this.incarnation = welcome.incarnation;
    this.epoch = welcome.sessionEpoch;
    this.acknowledged(welcome.acknowledgedTransition);
    this.#sequence += 1;
    session.conditions(this.#sequence, [...this.conditions.values()]);
  }

  /** The stream is over; a goodbye says when to come back. */
  dropped(session: SimSession, reconnectAfterMs = 0): void {
    if (this.#session === session) this.#session = null;
    else if (this.#pending?.session === session) this.#pending = null;
    else return;
    this.#avoided = null;
    this.#reconnectAt = this.#world.time.now + reconnectAfterMs;
  }

  noteHeard(host: SimAggregator): void {
    this.heardBy = host;
    this.heardAt = this.#world.time.now;
  }

  heartbeatAcknowledged(session: SimSession): void {
    if (this.#session === session) this.#acknowledgedAt = this.#world.time.now;
  }

  acknowledged(transition: number): void {
    for (const one of this.spool.keys()) if (one <= transition) this.spool.delete(one);
  }

  report(status: "ok" | "problem", failureClass: string, subject = ""): void {
    if (this.spool.size >= SPOOL_MAX) return;
    this.transition += 1;
    const condition: AgentCondition = {
      monitor: "test",
      subject,
      status,
      failureClass,
      reason: "Test",
      message: `${failureClass} ${status}`,
      sinceAge: durationMs(0),
      transition: this.transition,
      attributes: {},
    };
    this.spool.set(this.transition, condition);
    this.conditions.set(subject, condition);
  }
}
