/**
 * Posts signed webhooks over HTTP.
 *
 * Guarantee: `send` ends within the destination's deadline, reads at most BODY_BYTES_MAX of the
 * answer, follows no redirect and never rejects. `not-sent` is said only when no byte of the request
 * can have left; whatever is uncertain is `timed-out`, which counts as possibly accepted.
 * Mechanism: one connection pool per destination, an absolute deadline around everything, and a
 * connection whose answer did not end within the bounds is destroyed, not reused.
 * Failure case: the receiver hears the same webhook-id again.
 */
import { OperatingError } from "@herdbeat/shared/errors";
import type { DestinationName } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, elapsed, type UnixMs, unixMs } from "@herdbeat/shared/time";
import { Agent, type Dispatcher } from "undici";
import type { OutboxRow } from "../../core/outbox.ts";
import type { SendOutcome, WebhookSender } from "../../ports/webhook.ts";
import { AddressRefusedError, guardedLookup, isRefusedAddress } from "./address-guard.ts";
import { parseSecret, type SigningKey, signatureHeader } from "./signature.ts";

/** Enough for a person to see what a receiver complains about. */
const BODY_BYTES_MAX = 4_096;
const EXCERPT_LENGTH_MAX = 200;
/** Headers beyond this are an error of the receiver. */
const HEADER_BYTES_MAX = 16_384;
/** The status decides; its body is waited for only this long. */
const BODY_WAIT: DurationMs = durationMs(1_000);
const CONNECT_TIMEOUT: DurationMs = durationMs(3_000);
/** Longer than a heartbeat of incidents, shorter than what middleboxes forget. */
const KEEP_ALIVE: DurationMs = durationMs(30_000);

/** Total time of one attempt, connection and answer included. */
export const WEBHOOK_DEADLINE: DurationMs = durationMs(10_000);

export interface DestinationSettings {
  readonly name: DestinationName;
  readonly url: string;
  /** `whsec_...`, the newest first; all sign, so that a receiver may hold any of them. */
  readonly secrets: readonly string[];
  readonly deadline: DurationMs;
  /** Equals the hand-off's own bound. */
  readonly connectionsMax: number;
  readonly allowLoopback: boolean;
  /** PEM texts; `certificate` and `key` together for mutual TLS. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
}

interface Destination {
  readonly url: URL;
  readonly keys: readonly SigningKey[];
  readonly deadline: DurationMs;
  readonly agent: Agent;
  readonly refusedAddress: string | null;
}

export class HttpWebhook implements WebhookSender {
  readonly #destinations = new Map<DestinationName, Destination>();
  readonly #userAgent: string;

  constructor(settings: readonly DestinationSettings[], version: string) {
    this.#userAgent = `herdbeat/${version}`;
    for (const entry of settings) this.#destinations.set(entry.name, prepare(entry));
  }

  destinations(): readonly DestinationName[] {
    return [...this.#destinations.keys()];
  }

  async send(
    row: OutboxRow,
    attempt: { readonly number: number; readonly at: UnixMs },
  ): Promise<SendOutcome> {
    const destination = this.#destinations.get(row.destination);
    if (destination === undefined) {
      return { kind: "not-sent", detail: `destination ${row.destination} is not configured` };
    }
    if (destination.refusedAddress !== null) {
      return {
        kind: "not-sent",
        detail: new AddressRefusedError(destination.refusedAddress).message,
      };
    }
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), destination.deadline);
    try {
      const response = await destination.agent.request({
        origin: destination.url.origin,
        path: `${destination.url.pathname}${destination.url.search}`,
        method: "POST",
        headers: this.#headers(row, attempt, destination.keys),
        body: row.body,
        signal: deadline.signal,
      });
      const bodyExcerpt = await excerptOf(response.body);
      return {
        kind: "answered",
        status: response.statusCode,
        retryAfter: retryAfterOf(response.headers["retry-after"], attempt.at),
        bodyExcerpt,
      };
    } catch (error) {
      return outcomeOf(error, deadline.signal.aborted, destination.deadline);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Cuts the connections; attempts under way end as `timed-out`. */
  async close(): Promise<void> {
    await Promise.all([...this.#destinations.values()].map((entry) => entry.agent.destroy()));
  }

  #headers(
    row: OutboxRow,
    attempt: { readonly number: number; readonly at: UnixMs },
    keys: readonly SigningKey[],
  ): Record<string, string> {
    const timestamp = Math.floor(attempt.at / 1_000);
    return {
      "content-type": "application/json",
      "user-agent": this.#userAgent,
      "webhook-id": row.webhookId,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatureHeader(keys, {
        id: row.webhookId,
        timestamp,
        body: row.body,
      }),
      "idempotency-key": row.webhookId,
      "herdbeat-attempt": String(attempt.number),
    };
  }
}

function prepare(settings: DestinationSettings): Destination {
  const url = new URL(settings.url);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new OperatingError(
      "HB_CONFIG_INVALID",
      `${settings.name}: the URL must be http or https`,
    );
  }
  const tls = settings.tls ?? {};
  const agent = new Agent({
    connections: settings.connectionsMax,
    pipelining: 1,
    headersTimeout: settings.deadline,
    bodyTimeout: BODY_WAIT,
    keepAliveTimeout: KEEP_ALIVE,
    maxHeaderSize: HEADER_BYTES_MAX,
    connect: {
      timeout: Math.min(CONNECT_TIMEOUT, settings.deadline),
      lookup: guardedLookup(settings.allowLoopback),
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    },
  });
  return {
    url,
    keys: settings.secrets.map(parseSecret),
    deadline: settings.deadline,
    agent,
    // A literal address never reaches the lookup.
    refusedAddress: isRefusedAddress(url.hostname, settings.allowLoopback) ? url.hostname : null,
  };
}

/** Reads to the end or to a bound; beyond it, or when the rest fails, the connection goes. */
async function excerptOf(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const late = setTimeout(() => body.destroy(), BODY_WAIT);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > BODY_BYTES_MAX) break;
    }
  } catch {
    // The status has been received and decides; what the body was to say is only for people.
  } finally {
    clearTimeout(late);
    body.destroy();
  }
  return Buffer.concat(chunks)
    .subarray(0, BODY_BYTES_MAX)
    .toString("utf8")
    .slice(0, EXCERPT_LENGTH_MAX);
}

/** Seconds or an HTTP date; null when absent or neither. The core bounds it. */
function retryAfterOf(header: string | string[] | undefined, now: UnixMs): DurationMs | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text.trim())) return durationMs(Number(text) * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : durationMs(Math.max(0, elapsed(now, unixMs(date))));
}

/** Errors that come before the first byte of a request is written. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  "ERR_ADDRESS_REFUSED",
  "UND_ERR_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

function outcomeOf(error: unknown, deadlinePassed: boolean, deadline: DurationMs): SendOutcome {
  if (deadlinePassed) {
    return { kind: "timed-out", detail: `no complete answer within ${deadline} ms` };
  }
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = String((first as { code?: unknown } | null)?.code ?? "");
  const message = first instanceof Error ? first.message : String(first);
  const detail = code === "" ? message : `${code}: ${message}`;
  const notSent = BEFORE_SENDING.has(code) || isCertificateError(code);
  return notSent ? { kind: "not-sent", detail } : { kind: "timed-out", detail };
}

/** OpenSSL's words for a peer that cannot prove who it is. */
function isCertificateError(code: string): boolean {
  return /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_)/.test(code);
}
