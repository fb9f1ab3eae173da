/** All simulated nodes of a process: connects them a few at a time and beats them evenly. */
import { type AddressBlock, addressAt } from "./addresses.ts";
import { type FleetListener, type FleetSettings, SimulatedAgent } from "./simulated-agent.ts";

export interface FleetShape {
  readonly ids: readonly string[];
  /** First node's number; several processes can share one fleet. */
  readonly firstNumber: number;
  readonly addresses: AddressBlock;
  /** Label name -> how many values; node i has value i modulo that. */
  readonly labels: Readonly<Record<string, number>>;
}

/** Handshakes in flight at the start; later reconnects are spread by their jitter. */
const CONNECTING_MAX = 200;
const TICK_MS = 4;

export class Fleet implements FleetListener {
  readonly agents: readonly SimulatedAgent[];
  readonly downs: Record<string, number> = {};
  established = 0;
  connects = 0;
  /** Heartbeats that were due while this process was late by more than an interval. */
  skipped = 0;
  /** Most that this process was behind its schedule, in ms, since the last `stats`. */
  latestMs = 0;
  onChange: (() => void) | null = null;
  readonly #spacingMs: number;
  /** First connections in flight. */
  readonly #starting = new Set<SimulatedAgent>();
  #next = 0;
  #startedAt = 0;
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(shape: FleetShape, settings: FleetSettings) {
    this.agents = shape.ids.map((id, index) => {
      const number = shape.firstNumber + index;
      const labels = Object.entries(shape.labels).map(([key, count]) => ({
        key,
        value: `${key}${number % count}`,
      }));
      const address = addressAt(shape.addresses, number);
      return new SimulatedAgent({ index, id, address, labels }, settings, this);
    });
    this.#spacingMs = settings.intervalMs / shape.ids.length;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#connectMore();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const agent of this.agents) agent.die();
  }

  get heartbeatsSent(): number {
    return this.agents.reduce((sum, agent) => sum + agent.heartbeatsSent, 0);
  }

  onConnecting(): void {
    this.connects += 1;
  }

  onEstablished(agent: SimulatedAgent): void {
    this.established += 1;
    this.#release(agent);
    this.onChange?.();
  }

  onDown(agent: SimulatedAgent, why: string, wasEstablished: boolean): void {
    this.downs[why] = (this.downs[why] ?? 0) + 1;
    if (wasEstablished) this.established -= 1;
    this.#release(agent);
    this.onChange?.();
  }

  #release(agent: SimulatedAgent): void {
    if (this.#starting.delete(agent)) this.#connectMore();
  }

  #connectMore(): void {
    while (this.#starting.size < CONNECTING_MAX) {
      const agent = this.agents[this.#next];
      if (agent === undefined) return;
      this.#next += 1;
      this.#starting.add(agent);
      agent.connect();
    }
  }

  /** Beat number b belongs to node b modulo N and is due b spacings after the start. */
  #tick(): void {
    const now = performance.now();
    const due = Math.floor((now - this.#startedAt) / this.#spacingMs);
    const behindMs = (due - this.#beats) * this.#spacingMs;
    this.latestMs = Math.max(this.latestMs, behindMs);
    const { length } = this.agents;
    if (due - this.#beats > length) {
      this.skipped += due - this.#beats - length;
      this.#beats = due - length;
    }
    for (; this.#beats < due; this.#beats++) this.agents[this.#beats % length]?.beat(now);
  }
}
