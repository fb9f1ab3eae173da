/**
 * Every error of the API in one form: RFC 9457 `application/problem+json`. `code` and `type` are
 * permanent (docs/operations.md explains each code); `detail` is for people and may change.
 */
import { type ErrorCode, HealthError } from "@herdbeat/shared/errors";
import type { Problem } from "./cluster-dto.ts";

export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** An answer other than success, thrown by whoever finds the reason. */
export class ApiError extends HealthError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: readonly FieldError[];
  /** Seconds after which a repeat makes sense; undefined when it does not. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    more: {
      readonly errors?: readonly FieldError[];
      readonly retryAfter?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? [];
    this.retryAfter = more.retryAfter;
  }
}

export function badRequest(message: string, errors: readonly FieldError[] = []): ApiError {
  return new ApiError(400, "HB_API_BAD_REQUEST", message, { errors });
}

export function notFound(what: string): ApiError {
  return new ApiError(404, "HB_API_NOT_FOUND", `there is no ${what}`);
}

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  HB_API_BAD_REQUEST: "The request is not valid",
  HB_API_NOT_FOUND: "No such thing",
  HB_API_UNAUTHORIZED: "No valid token",
  HB_API_FORBIDDEN: "The token's scope does not allow this",
  HB_API_CONFLICT: "The present state does not allow this",
  HB_API_RATE_LIMITED: "Too many requests",
  HB_API_UNREACHABLE: "The aggregator that owns this cannot be reached",
  HB_STORE_UNAVAILABLE: "The store does not answer",
  HB_STORE_HELD: "The store is held until it is adopted",
  HB_INTERNAL: "Internal error",
};

/** `urn:herdbeat:problem:` and the code in lower case with hyphens, without its prefix. */
export function problemType(code: ErrorCode): string {
  return `urn:herdbeat:problem:${code.slice("HB_".length).toLowerCase().replaceAll("_", "-")}`;
}

export function toProblem(
  error: ApiError,
  request: { readonly url: string; readonly id: string },
): Problem {
  return {
    type: problemType(error.code),
    title: TITLES[error.code] ?? "Error",
    status: error.status,
    code: error.code,
    detail: error.message,
    instance: request.url.split("?", 1)[0] ?? "/",
    requestId: request.id,
    ...(error.errors.length > 0 ? { errors: error.errors } : {}),
  };
}

/** What fastify attaches to the errors that it raises itself. */
interface FrameworkError {
  readonly statusCode?: number;
  readonly code?: string;
}

/** Anything thrown becomes an ApiError; whatever is not known is an internal error without details. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof HealthError) return fromHealthError(error);
  const status = (error as FrameworkError | null)?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    const message = error instanceof Error ? error.message : "the request is not valid";
    return new ApiError(status, codeOfStatus(status), message, { cause: error });
  }
  return internal(error);
}

function fromHealthError(error: HealthError): ApiError {
  switch (error.code) {
    case "HB_STORE_UNAVAILABLE":
    case "HB_STORE_LOCKED":
      return new ApiError(503, error.code, error.message, { retryAfter: 1, cause: error });
    case "HB_STORE_HELD":
      return new ApiError(503, error.code, error.message, { retryAfter: 10, cause: error });
    default:
      return internal(error);
  }
}

function internal(cause: unknown): ApiError {
  const message = "the request failed inside the aggregator; its log has the request id";
  return new ApiError(500, "HB_INTERNAL", message, { cause });
}

function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
      return "HB_API_UNAUTHORIZED";
    case 403:
      return "HB_API_FORBIDDEN";
    case 404:
      return "HB_API_NOT_FOUND";
    case 409:
    case 412:
      return "HB_API_CONFLICT";
    case 429:
      return "HB_API_RATE_LIMITED";
    default:
      return "HB_API_BAD_REQUEST";
  }
}
