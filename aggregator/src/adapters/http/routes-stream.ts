/** `GET /api/v1/stream`: server-sent events; `stream-hub.ts` says what is sent. */
import type { ServerResponse } from "node:http";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Identity, identityOf } from "./authentication.ts";
import { operation, type RouteContext } from "./context.ts";
import { ApiError } from "./problem.ts";
import { lastEventQuery } from "./request-schemas.ts";
import { readSessionCookie } from "./sessions.ts";
import { STREAM_CLIENTS_MAX, type StreamClient } from "./stream-hub.ts";

/** A browser comes back after this, spread by its own timer. */
const RETRY_MS = 1_000;

export function registerStreamRoute(
  context: RouteContext,
  isValid: (identity: Identity, cookie: string | null) => boolean,
): void {
  const stream = operation({
    id: "stream",
    summary: "Live changes of the whole fleet as server-sent events",
    tag: "stream",
    scope: "viewer",
    answers: null,
    description:
      "Events: `snapshot`, then `delta` at most four times a second, `time` every 5 s, `resync` when " +
      "`Last-Event-ID` is too old. A comment is sent every 15 s.",
    query: lastEventQuery,
  });
  // A HEAD request would open a stream that nobody reads.
  context.app.get(
    "/api/v1/stream",
    { ...stream, exposeHeadRoute: false },
    async (request, reply) => {
      const { hub } = context;
      const identity = identityOf(request);
      if (!hub.admit()) {
        const message = `all ${STREAM_CLIENTS_MAX} places of the stream are taken`;
        throw new ApiError(503, "HB_API_RATE_LIMITED", message, { retryAfter: 5 });
      }
      const cookie = readSessionCookie(request.headers.cookie);
      await serve(context, request, reply, () => isValid(identity, cookie));
    },
  );
}

async function serve(
  { hub, logger }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  isAllowed: () => boolean,
): Promise<void> {
  reply.hijack();
  const response: ServerResponse = reply.raw;
  const client: StreamClient = {
    write: (bytes) => {
      if (!response.destroyed) response.write(bytes);
    },
    get bufferedBytes(): number {
      return response.writableLength;
    },
    isAllowed,
    // A reader that does not read would never see an orderly end.
    end: () => response.destroy(),
  };
  response.once("close", () => hub.close(client));
  // An error of the socket is followed by close, which is all there is to do.
  response.on("error", () => {});
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
    "x-request-id": request.id,
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  try {
    await hub.open(client, lastEventId(request));
  } catch (error) {
    logger.warn("stream not opened", { error: renderErrorChain(error), requestId: request.id });
    client.end();
  }
}

/** The header of a browser that comes back; the parameter is for clients that cannot set it. */
function lastEventId(request: FastifyRequest): string | undefined {
  const header = request.headers["last-event-id"];
  if (typeof header === "string" && header !== "") return header.slice(0, 64);
  return (request.query as { readonly lastEventId?: string }).lastEventId;
}
