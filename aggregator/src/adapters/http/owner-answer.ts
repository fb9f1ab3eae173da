/** Answers of commands: what the owner of a shard said, wherever it is. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { CommandOutcome } from "../../ports/fleet-view.ts";
import { identityOf } from "./authentication.ts";
import { FORWARDED_HEADER, forward } from "./forward.ts";
import type { Answer } from "./idempotency.ts";
import { ApiError, notFound } from "./problem.ts";

/** From a command's outcome to an answer; `elsewhere` asks the owner, once. */
export async function settle<T>(
  request: FastifyRequest,
  outcome: CommandOutcome<T>,
  what: string,
  done: (value: T) => Answer,
): Promise<Answer> {
  switch (outcome.kind) {
    case "done":
      return done(outcome.value);
    case "not-found":
      throw notFound(what);
    case "refused":
      throw new ApiError(409, "HB_API_CONFLICT", outcome.why);
    case "elsewhere":
      return handOn(request, outcome.httpEndpoint);
  }
}

export function handOn(request: FastifyRequest, endpoint: string): Promise<Answer> {
  return forward({
    endpoint,
    method: METHODS.find((method) => method === request.method) ?? "POST",
    url: request.url,
    token: identityOf(request).token,
    body: request.body,
    headers: forwardedHeaders(request),
    alreadyForwarded: isForwarded(request),
  });
}

const METHODS = ["GET", "PATCH", "DELETE"] as const;

export function isForwarded(request: FastifyRequest): boolean {
  return request.headers[FORWARDED_HEADER] !== undefined;
}

function forwardedHeaders(request: FastifyRequest): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { "x-request-id": request.id };
  for (const name of ["if-match", "idempotency-key"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  return headers;
}

export function sendAnswer(reply: FastifyReply, answer: Answer): unknown {
  reply.code(answer.status).headers(answer.headers);
  return reply.send(answer.body);
}
