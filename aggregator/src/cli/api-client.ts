/** Asks the API, and turns what goes wrong into a sentence and an exit code. */
import { request } from "undici";
import { CliError, EXIT, type ExitCode } from "./cli-error.ts";
import { asDocument, type Document, documentsOf, harmless, textOf } from "./document.ts";

const CONNECT_AND_HEADERS_MS = 10_000;
const BODY_MS = 10_000;
const PAGE_ROWS = 1_000;
/** 100,000 nodes; stops a server that would page for ever. */
const PAGES_MAX = 100;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface ListAnswer {
  readonly rows: readonly Document[];
  readonly total: number;
  /** When the server answered, ms; ages are counted from here, never from our own clock. */
  readonly asOf: number;
}

export class ApiClient {
  readonly #server: URL;
  readonly #token: string | null;

  constructor(server: URL, token: string | null) {
    this.#server = server;
    this.#token = token;
  }

  /** Another server of the same cluster, with the same token. */
  at(server: URL): ApiClient {
    return new ApiClient(server, this.#token);
  }

  get(path: string, query: Query = {}): Promise<Document> {
    return this.#call("GET", path, query, undefined);
  }

  post(path: string, body: Document): Promise<Document> {
    return this.#call("POST", path, {}, body);
  }

  send(method: "PUT" | "POST" | "DELETE", path: string, body?: Document): Promise<Document> {
    return this.#call(method, path, {}, body);
  }

  /** All pages, until `limit` rows. */
  async list(
    path: string,
    query: Query,
    limit: number = Number.POSITIVE_INFINITY,
  ): Promise<ListAnswer> {
    const rows: Document[] = [];
    let cursor: string | undefined;
    let page: Document = {};
    for (let pages = 0; pages < PAGES_MAX && rows.length < limit; pages++) {
      const size = Math.min(PAGE_ROWS, limit - rows.length);
      page = await this.get(path, { ...query, limit: size, cursor });
      rows.push(...documentsOf(page["items"]));
      cursor = textOf(page, "next");
      if (cursor === "") break;
    }
    return {
      rows,
      total: Number(page["total"] ?? rows.length),
      asOf: Date.parse(textOf(page, "asOf")),
    };
  }

  async #call(
    method: Method,
    path: string,
    query: Query,
    body: Document | undefined,
  ): Promise<Document> {
    const url = new URL(path.replace(/^\//, ""), withSlash(this.#server));
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
    }
    const answer = await this.#send(url, method, body);
    if (answer.status >= 200 && answer.status < 300) return asDocument(answer.value);
    throw problemError(answer.status, asDocument(answer.value));
  }

  async #send(
    url: URL,
    method: Method,
    body: Document | undefined,
  ): Promise<{ readonly status: number; readonly value: unknown }> {
    try {
      const response = await request(url, {
        method,
        headers: {
          accept: "application/json",
          ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headersTimeout: CONNECT_AND_HEADERS_MS,
        bodyTimeout: BODY_MS,
        signal: AbortSignal.timeout(CONNECT_AND_HEADERS_MS + BODY_MS),
      });
      const text = await response.body.text();
      return { status: response.statusCode, value: parseAnswer(text, this.#server) };
    } catch (cause) {
      if (cause instanceof CliError) throw cause;
      throw unreachable(this.#server, cause);
    }
  }
}

function withSlash(server: URL): URL {
  return server.pathname.endsWith("/") ? server : new URL(`${server.href}/`);
}

function parseAnswer(text: string, server: URL): unknown {
  try {
    return text === "" ? {} : (JSON.parse(text) as unknown);
  } catch (cause) {
    const message = `${server.origin} did not answer with JSON; is it a Herdbeat aggregator?`;
    throw new CliError(EXIT.failure, "HB_API_UNREACHABLE", message, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused; is the aggregator running?",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's name cannot be looked up now",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "the network is unreachable",
  ECONNRESET: "the connection was cut; does it speak TLS (https://)?",
  UND_ERR_SOCKET: "the connection was cut; does it speak TLS (https://)?",
  UND_ERR_CONNECT_TIMEOUT: "no answer; is a firewall in between?",
  UND_ERR_HEADERS_TIMEOUT: "connected, but no answer in time",
  UND_ERR_BODY_TIMEOUT: "the answer stopped half way",
  TimeoutError: "no answer in time",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate is not trusted; set NODE_EXTRA_CA_CERTS to the CA's file",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate is not trusted; set NODE_EXTRA_CA_CERTS to the CA's file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate is not trusted; set NODE_EXTRA_CA_CERTS to the CA's file",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS; use http://",
};

function unreachable(server: URL, cause: unknown): CliError {
  const { code, name, message } = cause as { code?: string; name?: string; message?: string };
  const reason = REASONS[code ?? ""] ?? REASONS[name ?? ""] ?? harmless(message ?? "no answer");
  const text = `cannot reach ${server.origin}: ${reason}`;
  return new CliError(EXIT.unreachable, "HB_API_UNREACHABLE", text, { cause });
}

function problemError(status: number, problem: Document): CliError {
  const code = textOf(problem, "code");
  const detail = harmless(textOf(problem, "detail")) || `the server answered ${status}`;
  const hints = documentsOf(problem["errors"]).map((each) =>
    harmless(`${textOf(each, "pointer")}: ${textOf(each, "detail")}`),
  );
  if (status === 401) hints.push("give a token with --token, HERDBEAT_TOKEN or --token-file");
  const requestId = harmless(textOf(problem, "requestId"));
  if (status >= 500 && requestId !== "") hints.push(`request id: ${requestId}`);
  const [exit, own] = exitOf(status, code);
  return new CliError(exit, own, detail, { hints });
}

function exitOf(status: number, code: string): readonly [ExitCode, CliError["code"]] {
  if (code === "HB_STORE_UNAVAILABLE") return [EXIT.storeUnavailable, "HB_STORE_UNAVAILABLE"];
  if (code === "HB_API_UNREACHABLE") return [EXIT.unreachable, "HB_API_UNREACHABLE"];
  switch (status) {
    case 400:
      return [EXIT.usage, "HB_API_BAD_REQUEST"];
    case 401:
      return [EXIT.denied, "HB_API_UNAUTHORIZED"];
    case 403:
      return [EXIT.denied, "HB_API_FORBIDDEN"];
    case 404:
      return [EXIT.notFound, "HB_API_NOT_FOUND"];
    case 409:
    case 412:
      return [EXIT.conflict, "HB_API_CONFLICT"];
    case 429:
      return [EXIT.failure, "HB_API_RATE_LIMITED"];
    default:
      return [EXIT.failure, "HB_INTERNAL"];
  }
}
