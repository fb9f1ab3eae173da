/**
 * Serves agents' streams on the port of a StreamServer. Bounds are those of its parts: connections
 * and hellos (stream-server), frames (frame-reader), rate (frame-rate), unsent bytes
 * (agent-connection), and the time a closing stream may take (here).
 */
import { AGENT_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import { assert } from "@herdbeat/shared/assert";
import { type Metrics, silentMetrics } from "@herdbeat/shared/metrics";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { AgentListener, AgentObserver } from "../../ports/agent-listener.ts";
import { AgentConnection, type ConnectionContext } from "./agent-connection.ts";
import { FRAME_RATE_DEFAULT, FrameRate, type FrameRateLimits } from "./frame-rate.ts";
import { CounterExport, type ListenerCounters, zeroCounters } from "./listener-counters.ts";
import { attach } from "./socket-handlers.ts";
import type { StreamConnection } from "./stream-connection.ts";
import type { StreamServer } from "./stream-server.ts";

export interface WsAgentListenerDeps {
  readonly server: StreamServer;
  readonly clock: Clock;
  readonly metrics?: Metrics;
  readonly aggregatorId: string;
  readonly aggregatorVersion: string;
  /** Asked at each welcome: known only once the store was read. */
  readonly clusterId: () => string;
  readonly frameRate?: FrameRateLimits;
}

/** For the last bytes and the peer's FIN; then the socket is destroyed. */
const CLOSING_DEADLINE: DurationMs = durationMs(2_000);
const SWEEP_MS = 500;

export class WsAgentListener implements AgentListener {
  readonly counters: ListenerCounters = zeroCounters();
  readonly #deps: WsAgentListenerDeps;
  readonly #rate: FrameRate;
  readonly #export: CounterExport;
  readonly #connections = new Set<AgentConnection>();
  /** Since when each closing connection closes, oldest first. */
  readonly #closing = new Map<StreamConnection, MonotonicMs>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(deps: WsAgentListenerDeps) {
    this.#deps = deps;
    this.#rate = new FrameRate(deps.frameRate ?? FRAME_RATE_DEFAULT, deps.clock);
    this.#export = new CounterExport(this.counters, deps.metrics ?? silentMetrics);
  }

  get connections(): number {
    return this.#connections.size;
  }

  async start(observer: AgentObserver): Promise<void> {
    assert(this.#sweeper === undefined, "the listener starts once");
    const { server } = this.#deps;
    const context = this.#context(observer);
    this.#rate.start();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    server.serve(AGENT_STREAM_PATH, (stream, head) => {
      const connection = new AgentConnection(stream, context);
      this.#connections.add(connection);
      attach(connection, head);
    });
    await server.start();
  }

  /** Refuses new streams, says goodbye to all and waits until they are gone or out of time. */
  async stop(endpoint: string | null): Promise<void> {
    this.#deps.server.serve(AGENT_STREAM_PATH, null);
    for (const connection of this.#connections)
      connection.goodbye("shutdown", "aggregator stops", endpoint ?? "");
    while (this.#connections.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.#sweep();
    }
    this.#rate.stop();
    clearInterval(this.#sweeper);
    this.#export.flush();
  }

  endpoint(): string {
    return this.#deps.server.endpoint();
  }

  #context(observer: AgentObserver): ConnectionContext {
    const { server, aggregatorId, aggregatorVersion, clusterId, frameRate, clock } = this.#deps;
    return {
      observer,
      counters: this.counters,
      rate: this.#rate,
      framesPerSecondMax: (frameRate ?? FRAME_RATE_DEFAULT).perSecond,
      aggregatorId,
      aggregatorVersion,
      clusterId,
      insecure: !server.secure,
      settled: (connection) => server.settle(connection.stream.socket),
      closing: (connection) => {
        this.#closing.set(connection, clock.now());
      },
      closed: (connection) => {
        this.#closing.delete(connection);
        this.#connections.delete(connection as AgentConnection);
      },
    };
  }

  #sweep(): void {
    this.#export.flush();
    const now = this.#deps.clock.now();
    for (const [connection, since] of this.#closing) {
      if (elapsed(since, now) < CLOSING_DEADLINE) return;
      connection.stream.socket.destroy();
    }
  }
}
