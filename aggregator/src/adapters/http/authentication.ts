/**
 * Who asks, and may they. A route without a stated scope is for admins: forgetting to state one
 * closes it. A bearer token wins over a cookie. Requests that come with a cookie and write need the
 * header `x-herdbeat-csrf`, which no other site's page can send, and must not come from another site.
 */
import type { Logger } from "@herdbeat/shared/logger";
import type { Clock } from "@herdbeat/shared/time";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ApiError } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
import { readSessionCookie, type Sessions } from "./sessions.ts";
import { includesScope, type Principal, type Scope, type TokenRegistry } from "./tokens.ts";

export interface Identity {
  readonly principal: Principal;
  /** Passed on when another aggregator has to answer. */
  readonly token: string;
  readonly byCookie: boolean;
  readonly sessionExpiresAt: number | null;
}

export type Access = Scope | "public";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Least scope that may call the route, or how it follows from the request; absent means admin. */
    scope?: Access | ((request: FastifyRequest) => Access);
  }
  interface FastifyRequest {
    /** Null on public routes and before authentication. */
    identity: Identity | null;
  }
}

/** A dashboard asks a few times a second; a script that pages through the fleet, more. */
const REQUESTS = { burst: 200, perSecond: 50 } as const;
/** Per address; a person mistypes a token a few times. */
const FAILURES = { burst: 10, perSecond: 0.2 } as const;
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
export const CSRF_HEADER = "x-herdbeat-csrf";

export interface AuthenticationDeps {
  readonly tokens: TokenRegistry;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function installAuthentication(app: FastifyInstance, deps: AuthenticationDeps): void {
  const requests = new RateLimit(REQUESTS, deps.clock);
  const failures = new RateLimit(FAILURES, deps.clock);
  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request) => {
    if (request.is404) return;
    const stated = request.routeOptions.config.scope ?? "admin";
    const needed = typeof stated === "function" ? stated(request) : stated;
    if (needed === "public") return;
    const identity = identify(request, deps);
    if (identity === null) throw refuse(request, failures, deps.logger);
    const wait = requests.take(identity.principal.name);
    if (wait > 0) {
      const message = `more than ${REQUESTS.perSecond} requests a second`;
      throw new ApiError(429, "HB_API_RATE_LIMITED", message, { retryAfter: wait });
    }
    if (!includesScope(identity.principal.scope, needed)) {
      const message = `this needs scope ${needed}, the token has ${identity.principal.scope}`;
      throw new ApiError(403, "HB_API_FORBIDDEN", message);
    }
    if (identity.byCookie && !SAFE_METHODS.has(request.method)) checkSameSite(request);
    request.identity = identity;
  });
}

/** The caller, for handlers of routes that are not public. */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new ApiError(401, "HB_API_UNAUTHORIZED", "sign in first");
  return request.identity;
}

function identify(request: FastifyRequest, deps: AuthenticationDeps): Identity | null {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = /^Bearer (?<token>[\x21-\x7e]{1,200})$/i.exec(header)?.groups?.["token"];
    if (token === undefined) return null;
    const principal = deps.tokens.authenticate(token, deps.clock.wallNow());
    if (principal === null) return null;
    return { principal, token, byCookie: false, sessionExpiresAt: null };
  }
  const secret = readSessionCookie(request.headers.cookie);
  const session = secret === null ? null : deps.sessions.find(secret);
  if (session === null) return null;
  return {
    principal: session.principal,
    token: session.token,
    byCookie: true,
    sessionExpiresAt: session.expiresAt,
  };
}

function refuse(request: FastifyRequest, failures: RateLimit, logger: Logger): ApiError {
  const given =
    request.headers.authorization !== undefined ||
    readSessionCookie(request.headers.cookie) !== null;
  if (!given) {
    const message = "send `authorization: Bearer hb_...`, or sign in with POST /api/v1/session";
    return new ApiError(401, "HB_API_UNAUTHORIZED", message);
  }
  const wait = failures.take(request.ip);
  if (wait > 0) {
    const message = "too many tokens that are not valid";
    return new ApiError(429, "HB_API_RATE_LIMITED", message, { retryAfter: wait });
  }
  logger.warn("request with a token that is not valid", { address: request.ip, url: request.url });
  return new ApiError(401, "HB_API_UNAUTHORIZED", "the token is unknown, mistyped or expired");
}

function checkSameSite(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  const foreign = site !== undefined && site !== "same-origin" && site !== "none";
  if (!foreign && request.headers[CSRF_HEADER] !== undefined) return;
  const message = `writes of a browser session need the header ${CSRF_HEADER} and the same origin`;
  throw new ApiError(403, "HB_API_FORBIDDEN", message);
}
