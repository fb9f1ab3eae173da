// The real HTTP server on a free port with a made-up fleet behind it.
import type { Problem } from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type { IncidentRow, Page } from "@herdbeat/aggregator/adapters/http/dto";
import { createMetricsRegistry } from "@herdbeat/aggregator/adapters/http/metrics";
import {
  createHttpServer,
  type HttpServer,
  type HttpServerDeps,
} from "@herdbeat/aggregator/adapters/http/server";
import {
  createTokenRegistry,
  generateToken,
  parseTokens,
  SCOPES,
  type Scope,
} from "@herdbeat/aggregator/adapters/http/tokens";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import type { Clock } from "@herdbeat/shared/time";
import { FixtureFleetView, type FixtureOptions } from "./fixture-fleet-view.ts";
import { readableIncidentId } from "./replay-check.ts";

/** `T` is what the test expects; a wrong expectation fails it. */
export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the body is not JSON. */
  readonly json: T;
}

export interface CallOptions {
  readonly as?: Scope | null;
  readonly method?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpFixture {
  readonly view: FixtureFleetView;
  readonly server: HttpServer;
  readonly endpoint: string;
  readonly tokens: Readonly<Record<Scope, string>>;
  /** As viewer unless told otherwise; `as: null` sends no token. */
  call<T = Problem>(path: string, options?: CallOptions): Promise<Reply<T>>;
  stop(): Promise<void>;
}

/** The id of a node's newest incident. */
export async function incidentOf(api: HttpFixture, node: string): Promise<string> {
  const { json } = await api.call<Page<IncidentRow>>(`/api/v1/incidents?node=${node}`);
  return json.items[0]?.id ?? "none";
}

/** One set for all servers of a test: a request that is handed on keeps its token. */
const SHARED_TOKENS = SCOPES.map((scope) => ({ scope, ...generateToken(`the-${scope}`, scope) }));

export async function startHttpFixture(
  options: FixtureOptions &
    Partial<Pick<HttpServerDeps, "dashboardDirectory" | "metricsArePublic">> & {
      readonly clock?: Clock;
    } = {},
): Promise<HttpFixture> {
  const clock = options.clock ?? systemClock;
  const view = new FixtureFleetView({ now: () => clock.wallNow(), ...options });
  const lines = SHARED_TOKENS.map((each) => each.line).join("\n");
  const server = createHttpServer({
    incidentIdOf: readableIncidentId,
    view,
    commands: view,
    tokens: createTokenRegistry(parseTokens(lines, "tokens")),
    logger: silentLogger,
    clock,
    timers: systemTimers,
    metrics: createMetricsRegistry(),
    listen: { host: "127.0.0.1", port: 0 },
    dashboardDirectory: options.dashboardDirectory ?? "/nonexistent",
    metricsArePublic: options.metricsArePublic ?? false,
  });
  await server.start();
  const endpoint = server.endpoint();
  const tokens = Object.fromEntries(
    SHARED_TOKENS.map((each) => [each.scope, each.token]),
  ) as Record<Scope, string>;
  return {
    view,
    server,
    endpoint,
    tokens,
    call: <T>(path: string, call: CallOptions = {}) => send<T>(endpoint + path, call, tokens),
    stop: () => server.stop(),
  };
}

async function send<T>(
  url: string,
  call: CallOptions,
  tokens: Readonly<Record<Scope, string>>,
): Promise<Reply<T>> {
  const { as = "viewer", method = "GET", body, raw, headers = {} } = call;
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: {
      ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
      ...(content === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) as T };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not every answer is JSON.
    return undefined;
  }
}
