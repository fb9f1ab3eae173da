/**
 * Hands a write on to the aggregator that owns the shard. Once only: a request that was handed on
 * already carries FORWARDED_HEADER and is answered 503 when it is elsewhere again, because then the
 * shard is changing its owner and the caller should simply repeat.
 */
import { type Dispatcher, request as httpRequest } from "undici";
import type { Answer } from "./idempotency.ts";
import { ApiError } from "./problem.ts";

export const FORWARDED_HEADER = "x-herdbeat-forwarded";
const CONNECT_AND_HEADERS_MS = 3_000;
const BODY_MS = 3_000;
const ANSWER_BYTES_MAX = 1_000_000;

export interface ForwardRequest {
  readonly endpoint: string;
  readonly method: Dispatcher.HttpMethod;
  /** Path and query as the client sent them. */
  readonly url: string;
  readonly token: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly alreadyForwarded: boolean;
}

export async function forward(request: ForwardRequest): Promise<Answer> {
  if (request.alreadyForwarded) throw unreachable("its shard is changing owner", undefined);
  try {
    const response = await httpRequest(new URL(request.url, request.endpoint), {
      method: request.method,
      headers: {
        ...request.headers,
        authorization: `Bearer ${request.token}`,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        [FORWARDED_HEADER]: "1",
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      headersTimeout: CONNECT_AND_HEADERS_MS,
      bodyTimeout: BODY_MS,
      signal: AbortSignal.timeout(CONNECT_AND_HEADERS_MS + BODY_MS),
    });
    return await toAnswer(response);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw unreachable(`its aggregator at ${request.endpoint} does not answer`, cause);
  }
}

async function toAnswer(response: Dispatcher.ResponseData): Promise<Answer> {
  const declared = Number(response.headers["content-length"] ?? 0);
  if (declared > ANSWER_BYTES_MAX) {
    response.body.destroy();
    throw unreachable("its aggregator gave an answer that is too large", undefined);
  }
  const body: unknown = await response.body.json();
  const headers: Record<string, string> = {};
  for (const name of ["etag", "content-type", "location", "retry-after"]) {
    const value = response.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  return { status: response.statusCode, body, headers };
}

function unreachable(why: string, cause: unknown): ApiError {
  return new ApiError(503, "HB_API_UNREACHABLE", `this is owned elsewhere, and ${why}`, {
    retryAfter: 1,
    cause,
  });
}
