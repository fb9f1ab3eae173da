/** `/api/v1/session`: a browser trades its token for a cookie, because EventSource sends no headers. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { identityOf } from "./authentication.ts";
import type { SessionDto } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import { noQuery } from "./request-schemas.ts";
import { clearedSessionCookie, readSessionCookie, sessionCookie } from "./sessions.ts";

export function registerSessionRoutes(context: RouteContext): void {
  const { app } = context;
  const common = { tag: "session", scope: "viewer", query: noQuery } as const;
  const open = operation({
    ...common,
    id: "openSession",
    summary: "Trade the bearer token for a session cookie",
    answers: "Session",
  });
  app.post("/api/v1/session", open, (request, reply) => openSession(context, request, reply));
  const show = operation({
    ...common,
    id: "getSession",
    summary: "Who the server thinks you are",
    answers: "Session",
  });
  app.get("/api/v1/session", show, (request) => showSession(request));
  const close = operation({
    ...common,
    id: "closeSession",
    summary: "End the browser session",
    answers: null,
    status: 204,
  });
  app.delete("/api/v1/session", close, (request, reply) => closeSession(context, request, reply));
}

async function openSession(
  { sessions, clock, secure, logger }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<SessionDto> {
  const { principal, token } = identityOf(request);
  const { secret, expiresAt } = sessions.open(token);
  const seconds = Math.floor((expiresAt - clock.wallNow()) / 1_000);
  reply.header("set-cookie", sessionCookie(secret, seconds, secure));
  logger.info("browser session opened", { name: principal.name, scope: principal.scope });
  return { ...principal, expiresAt: new Date(expiresAt).toISOString() };
}

async function showSession(request: FastifyRequest): Promise<SessionDto> {
  const { principal, sessionExpiresAt } = identityOf(request);
  const expiresAt = sessionExpiresAt === null ? null : new Date(sessionExpiresAt).toISOString();
  return { ...principal, expiresAt };
}

async function closeSession(
  { sessions, secure }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const secret = readSessionCookie(request.headers.cookie);
  if (secret !== null) sessions.close(secret);
  return reply.code(204).header("set-cookie", clearedSessionCookie(secure)).send();
}
