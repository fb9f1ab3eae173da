/**
 * Looks at other nodes over the network that an aggregator names.
 *
 * The aggregator may be mad or in strange hands, so everything is bounded: requests in a time and at
 * once, probes of a request and at once, the time of each. What is beyond is answered with `error`,
 * and beyond a second bound not at all: too many reports would end the stream.
 */
import { networkInterfaces } from "node:os";
import { ECHO_NONCE_BYTES_MAX, ECHO_NONCE_BYTES_MIN } from "@herdbeat/proto/witness-echo";
import type { Counter, Metrics } from "@herdbeat/shared/metrics";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type Timers,
} from "@herdbeat/shared/time";
import type {
  WitnessObservation,
  WitnessOutcome,
  WitnessProbe,
  WitnessReportMessage,
  WitnessRequestMessage,
} from "../../core/messages.ts";
import { TokenBucket } from "../../core/token-bucket.ts";
import type { Witness } from "../../ports/witness.ts";
import { type OpenQuestioner, type ProbeEnd, type RunningProbe, runProbe } from "./attempts.ts";
import { type Target, tcpQuestioner, udpQuestioner } from "./questioners.ts";
import { type Interfaces, isHostAddress, sourceFor } from "./source-address.ts";

/** What a frame holds as well; the report must fit into one. */
export const PROBES_MAX = 16;
export const TIMEOUT_MIN: DurationMs = durationMs(100);
export const TIMEOUT_MAX: DurationMs = durationMs(5_000);
export const REQUESTS_IN_FLIGHT_MAX = 64;
/** Up to three descriptors each. */
export const PROBES_IN_FLIGHT_MAX = 256;
/**
 * A stream may carry 20 frames a second and 100 at once. Reports and refusals of a burst leave room
 * for the events and heartbeats of a second; in the long run the session counts reports as events.
 */
export const REQUESTS_PER_SECOND = 8;
export const REQUESTS_BURST = 64;
export const REFUSALS_PER_SECOND = 2;
export const REFUSALS_BURST = 16;

export interface ProberDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  /** Role to interface. */
  readonly networks: Readonly<Record<string, string>>;
}

interface Seen extends ProbeEnd {
  readonly at: MonotonicMs;
}

export class Prober implements Witness {
  readonly #deps: ProberDeps;
  readonly #admitted: TokenBucket;
  readonly #refusals: TokenBucket;
  readonly #running = new Set<RunningProbe>();
  readonly #refused: Counter;
  readonly #dropped: Counter;
  #requests = 0;
  #isStopped = false;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    const now = deps.clock.now();
    this.#admitted = new TokenBucket(REQUESTS_PER_SECOND, REQUESTS_BURST, now);
    this.#refusals = new TokenBucket(REFUSALS_PER_SECOND, REFUSALS_BURST, now);
    this.#refused = deps.metrics.counter(
      "herdbeat_agent_witness_requests_refused_total",
      "Requests to look at a node that were above the bounds",
    );
    this.#dropped = deps.metrics.counter(
      "herdbeat_agent_witness_requests_dropped_total",
      "Requests to look at a node that were not even refused",
    );
  }

  /** Probes under way; each holds a timer and up to three sockets. */
  get running(): number {
    return this.#running.size;
  }

  async look(request: WitnessRequestMessage): Promise<WitnessReportMessage | null> {
    const now = this.#deps.clock.now();
    if (this.#isStopped) return null;
    if (this.#requests >= REQUESTS_IN_FLIGHT_MAX || !this.#admitted.take(now)) {
      const isTold = this.#refusals.take(now);
      (isTold ? this.#refused : this.#dropped).add();
      return isTold ? this.#report(request, []) : null;
    }
    this.#requests += 1;
    try {
      return this.#report(request, await this.#lookAll(request));
    } finally {
      this.#requests -= 1;
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const probe of this.#running) probe.cancel();
  }

  #lookAll({ probes, timeout }: WitnessRequestMessage): Promise<readonly Seen[]> {
    const clamped = durationMs(Math.min(TIMEOUT_MAX, Math.max(TIMEOUT_MIN, timeout)));
    const interfaces = networkInterfaces();
    return Promise.all(
      probes.slice(0, PROBES_MAX).map((probe) => this.#look(probe, clamped, interfaces)),
    );
  }

  async #look(probe: WitnessProbe, timeout: DurationMs, interfaces: Interfaces): Promise<Seen> {
    const open = this.#question(probe, interfaces);
    if (open === null || this.#running.size >= PROBES_IN_FLIGHT_MAX) return this.#nothing();
    const running = runProbe(open, timeout, this.#deps.timers);
    this.#running.add(running);
    const end = await running.ended;
    this.#running.delete(running);
    return { ...end, at: this.#deps.clock.now() };
  }

  /** Null: it can not be asked like this. */
  #question(probe: WitnessProbe, interfaces: Interfaces): OpenQuestioner | null {
    const { kind, networkRole, address, port, nonce } = probe;
    if (!isHostAddress(address) || port < 1 || port > 65_535) return null;
    const source = sourceFor(networkRole, address, this.#deps.networks, interfaces);
    if (source.kind === "none") return null;
    const target: Target = { address, port, source: source.address };
    switch (kind) {
      case "tcp-rst":
        return tcpQuestioner(target);
      case "udp-echo":
        return nonce.length < ECHO_NONCE_BYTES_MIN || nonce.length > ECHO_NONCE_BYTES_MAX
          ? null
          : udpQuestioner(target, nonce);
      default:
        return null;
    }
  }

  #nothing(): Seen {
    const outcome: WitnessOutcome = "error";
    return { outcome, proof: new Uint8Array(0), at: this.#deps.clock.now() };
  }

  /** What was not looked at is an error. */
  #report(request: WitnessRequestMessage, seen: readonly Seen[]): WitnessReportMessage {
    const now = this.#deps.clock.now();
    const observations = request.probes.map((probe, index): WitnessObservation => {
      const { outcome, proof, at } = seen[index] ?? this.#nothing();
      const { kind, networkRole, address } = probe;
      return { kind, networkRole, address, outcome, proof, age: elapsed(at, now) };
    });
    const { requestId, nodeId } = request;
    return { kind: "witness-report", requestId, nodeId, observations };
  }
}
