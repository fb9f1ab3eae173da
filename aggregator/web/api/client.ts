/** Calls to the API: same origin, session cookie, one error type for everything that goes wrong. */
import type { Problem } from "./dto.ts";

/** Longer than any answer takes; a hung request must not look like a page that still loads. */
const DEADLINE_MS = 10_000;
const BASE = "/api/v1";

export class ApiError extends Error {
  /** 0 when there was no answer at all. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

export const apiPath = (path: string): string => `${BASE}${path}`;

export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  /** Sent instead of the session's cookie. */
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await call<T>(path, { method: "GET", signal });
}

export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return await call<T>(path, { method: "POST", body });
}

export async function call<T>(path: string, request: Call): Promise<T> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const { method, body, signal } = request;
  const response = await fetchOrFail(
    path,
    {
      method,
      credentials: "same-origin",
      headers: headersFor(request),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
    signal,
  );
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  // The server validates its answers against the schema these types are made from.
  return (await response.json()) as T;
}

function headersFor({ method, body, token }: Call): Record<string, string> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  // Another site's page cannot send this header; its value does not matter.
  if (method !== "GET") headers["x-herdbeat-csrf"] = "1";
  return headers;
}

async function fetchOrFail(
  path: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(apiPath(path), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    const why = timedOut ? `no answer within ${DEADLINE_MS / 1_000} s` : "no connection";
    throw new ApiError(0, "unreachable", why);
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Partial<Problem>;
    const message = problem.detail || problem.title || response.statusText;
    return new ApiError(response.status, String(problem.code ?? response.status), message);
  } catch {
    // A proxy answered with something that is not ours; its status is all we know.
    const message = `the server answered ${response.status} ${response.statusText}`.trim();
    return new ApiError(response.status, String(response.status), message);
  }
}
