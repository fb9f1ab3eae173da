/**
 * The aggregator's HTTP side: API, event stream, dashboard, metrics and probes.
 *
 * Guarantee: nothing that a client sends can hold up the failure detector in the same process for
 * more than a few milliseconds. Mechanism: bounds on connections, headers, bodies, requests per
 * token and stream clients; the fleet's lists are read at most four times a second and walked once.
 */
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Clock, Timers } from "@herdbeat/shared/time";
import type { FastifyInstance } from "fastify";
import type { IncidentIdOf } from "../../core/replay.ts";
import type { FleetCommands, FleetView } from "../../ports/fleet-view.ts";
import { createApp } from "./app.ts";
import { type Identity, installAuthentication } from "./authentication.ts";
import type { RouteContext } from "./context.ts";
import { registerDashboard } from "./dashboard.ts";
import { FleetCache } from "./fleet-cache.ts";
import { installFleetMetrics } from "./fleet-metrics.ts";
import { Idempotency } from "./idempotency.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { bind, type ListenOptions } from "./listen.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { registerOpenApi } from "./openapi.ts";
import { installQualityMetrics } from "./quality-metrics.ts";
import { registerActionRoutes } from "./routes-actions.ts";
import { registerClusterRoutes } from "./routes-cluster.ts";
import { registerDisarmRoutes } from "./routes-disarm.ts";
import { registerDrillRoutes } from "./routes-drills.ts";
import { registerHoldRoutes } from "./routes-holds.ts";
import { registerIncidentRoutes } from "./routes-incidents.ts";
import { registerNodeRoutes } from "./routes-nodes.ts";
import { registerOperatorWordRoutes } from "./routes-operator-word.ts";
import { registerProbeRoutes } from "./routes-probes.ts";
import { registerQualityRoutes } from "./routes-quality.ts";
import { registerSessionRoutes } from "./routes-session.ts";
import { registerStreamRoute } from "./routes-stream.ts";
import { Sessions } from "./sessions.ts";
import { StreamHub } from "./stream-hub.ts";
import type { TokenRegistry } from "./tokens.ts";
import { productVersion } from "./version.ts";

export interface HttpServerDeps {
  readonly view: FleetView;
  readonly commands: FleetCommands;
  readonly tokens: TokenRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: MetricsRegistry;
  readonly listen: ListenOptions;
  /** As the core was given it, to replay what it decided. */
  readonly incidentIdOf: IncidentIdOf;
  /** Serve /metrics without a token, for scrapers inside a trusted network. Default: false. */
  readonly metricsArePublic?: boolean;
  /** Where the built dashboard is. Default: the package's own `web/dist`. */
  readonly dashboardDirectory?: string;
}

export interface HttpServer extends Startable {
  /** `http://host:port` where it listens; known once it is started. */
  endpoint(): string;
}

export function createHttpServer(deps: HttpServerDeps): HttpServer {
  return new ApiServer(deps);
}

/** Longer than any answer takes; afterwards connections are cut. */
const STOP_WITHIN_MS = 3_000;

class ApiServer implements HttpServer {
  readonly #deps: HttpServerDeps;
  readonly #hub: StreamHub;
  #app: FastifyInstance | null = null;
  #endpoint = "";

  constructor(deps: HttpServerDeps) {
    this.#deps = deps;
    this.#hub = new StreamHub({ ...deps, version: productVersion() });
  }

  endpoint(): string {
    return this.#endpoint;
  }

  async start(): Promise<void> {
    const { listen, logger } = this.#deps;
    this.#app = await this.#build();
    this.#endpoint = await bind(this.#app, listen);
    logger.info("HTTP listens", { endpoint: this.#endpoint });
  }

  async stop(): Promise<void> {
    this.#hub.stop();
    const app = this.#app;
    if (app === null) return;
    const timer = setTimeout(() => app.server.closeAllConnections(), STOP_WITHIN_MS);
    await app.close();
    clearTimeout(timer);
  }

  async #build(): Promise<FastifyInstance> {
    const { view, clock, tokens, logger, metrics, listen, metricsArePublic = false } = this.#deps;
    const app = createApp({ logger, metrics, clock, tls: listen.tls });
    const sessions = new Sessions(tokens, clock);
    const cache = new FleetCache(view, clock);
    installAuthentication(app, { tokens, sessions, clock, logger });
    installFleetMetrics(metrics, view, cache);
    installQualityMetrics(metrics, cache);
    const version = productVersion();
    await registerOpenApi(app, version);
    const context: RouteContext = {
      ...this.#deps,
      app,
      cache,
      sessions,
      hub: this.#hub,
      idempotency: new Idempotency(clock),
      locks: new KeyedLock(),
      version,
      secure: listen.tls !== undefined,
    };
    const isValid = (identity: Identity, cookie: string | null): boolean =>
      identity.byCookie
        ? cookie !== null && sessions.find(cookie) !== null
        : tokens.authenticate(identity.token, clock.wallNow()) !== null;
    registerNodeRoutes(context);
    registerIncidentRoutes(context);
    registerActionRoutes(context);
    registerClusterRoutes(context);
    registerDisarmRoutes(context);
    registerHoldRoutes(context);
    registerOperatorWordRoutes(context);
    registerQualityRoutes(context);
    registerDrillRoutes(context);
    registerSessionRoutes(context);
    registerStreamRoute(context, isValid);
    registerProbeRoutes(context, metricsArePublic);
    await registerDashboard(app, this.#deps.dashboardDirectory);
    return app;
  }
}
