/** The bare fastify instance: bounds, body parsing, validation, errors, request ids and counters. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import type { Clock } from "@herdbeat/shared/time";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { CLUSTER_COMPONENTS } from "./cluster-schemas.ts";
import { setSecurityHeaders } from "./dashboard.ts";
import { parseJsonBody } from "./json-body.ts";
import { type ApiError, asApiError, notFound, problemType, toProblem } from "./problem.ts";
import { QUALITY_COMPONENTS } from "./quality-schemas.ts";
import { API_COMPONENTS } from "./response-schemas.ts";
import { createValidatorCompiler } from "./validation.ts";

/** Our largest body is an action with a message of 2,000 characters. */
const BODY_BYTES_MAX = 65_536;
const HEADER_BYTES_MAX = 16_384;
const HEADERS_MAX = 64;
/** 128 streams, a few hundred scripts and scrapers; beyond, new connections are closed at once. */
const CONNECTIONS_MAX = 1_024;
/** Until the headers are here; bounds what a slow sender can hold. */
const HEADERS_WITHIN_MS = 10_000;
/** Until the body is here. Answers, and so streams, are not limited by it. */
const REQUEST_WITHIN_MS = 20_000;
const KEEP_ALIVE_MS = 30_000;

export interface AppDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

export function createApp(deps: AppDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_WITHIN_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    requestIdHeader: false,
    genReqId: requestIdOf,
    clientErrorHandler,
    http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_WITHIN_MS },
    ...(deps.tls === undefined
      ? {}
      : { https: { ...deps.tls, maxHeaderSize: HEADER_BYTES_MAX, minVersion: "TLSv1.2" } }),
  }) as FastifyInstance;
  app.server.maxConnections = CONNECTIONS_MAX;
  app.server.maxHeadersCount = HEADERS_MAX;
  app.removeAllContentTypeParsers();
  const parser = async (_request: FastifyRequest, body: string): Promise<unknown> =>
    parseJsonBody(body);
  app.addContentTypeParser("application/json", { parseAs: "string" }, parser);
  app.setValidatorCompiler(createValidatorCompiler());
  // Answers are made by our own code; their schemas are for the documentation.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  for (const component of [...API_COMPONENTS, ...CLUSTER_COMPONENTS, ...QUALITY_COMPONENTS])
    app.addSchema(component);
  installHooks(app, deps);
  app.setErrorHandler((error, request, reply) => {
    answerProblem(asApiError(error), request, reply, deps.logger);
  });
  app.setNotFoundHandler((request, reply) => {
    const what = `${request.method} ${request.url.split("?", 1)[0]?.slice(0, 200)}`;
    answerProblem(notFound(what), request, reply, deps.logger);
  });
  return app;
}

function installHooks(app: FastifyInstance, { metrics, clock }: AppDeps): void {
  const started = new WeakMap<FastifyRequest, number>();
  const buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2];
  const seconds = metrics.histogram("herdbeat_http_request_seconds", "Time to answer.", buckets);
  app.addHook("onRequest", async (request, reply) => {
    started.set(request, clock.now());
    reply.header("x-request-id", request.id);
    setSecurityHeaders(reply);
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    const labels = {
      method: request.method,
      route,
      status: `${Math.floor(reply.statusCode / 100)}xx`,
    };
    metrics.counter("herdbeat_http_requests_total", "Requests answered.", labels).add();
    seconds.observe((clock.now() - (started.get(request) ?? clock.now())) / 1_000);
  });
}

/** A caller's own id is kept when it is harmless, so that its log and ours can be joined. */
function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

function answerProblem(
  error: ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  if (error.status >= 500) {
    const fields = { requestId: request.id, url: request.url, error: renderErrorChain(error) };
    if (error.code === "HB_INTERNAL") logger.error("request failed", fields);
    else logger.warn("request not answered", fields);
  }
  if (error.retryAfter !== undefined) reply.header("retry-after", error.retryAfter);
  if (error.status === 401) reply.header("www-authenticate", 'Bearer realm="herdbeat"');
  reply
    .code(error.status)
    .header("cache-control", "no-store")
    .type("application/problem+json; charset=utf-8")
    // Routes have serializers for success; a problem is text already.
    .serializer((value: unknown) => JSON.stringify(value))
    .send(toProblem(error, request));
}

/** Bytes that are not HTTP, headers that are too large or too slow: answered and cut. */
function clientErrorHandler(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
  const tooSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = tooLarge ? 431 : tooSlow ? 408 : 400;
  const detail = tooLarge ? "the headers are too large" : tooSlow ? "too slow" : "this is not HTTP";
  const body = JSON.stringify({
    type: problemType("HB_API_BAD_REQUEST"),
    title: "The request is not valid",
    status,
    code: "HB_API_BAD_REQUEST",
    detail,
    instance: "/",
    requestId: randomUUID(),
  });
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
