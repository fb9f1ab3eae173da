/**
 * Where to connect next, and when.
 *
 * The list is static; it is walked from a random start, so that a fleet spreads itself. After a
 * session the first retry comes within `quickRetry`, at the next entry: an aggregator's crash costs
 * less than a second. Further failures back off with full jitter. The count of attempts starts again
 * once a session lasted `stableAfter`. A redirect is followed at once, but at most
 * `REDIRECTS_MAX` times in a row: two aggregators that point at each other must not make a loop.
 */
import { assert } from "@herdbeat/shared/assert";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Random } from "@herdbeat/shared/random";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";

const REDIRECTS_MAX = 3;

export interface ReconnectConfig {
  /** `wss://host:port` (or `ws://`), at least one, all of one scheme. */
  readonly endpoints: readonly string[];
  readonly backoff: BackoffConfig;
  /** Bounds of the first retry after a session that had been established. */
  readonly quickRetry: { readonly min: DurationMs; readonly max: DurationMs };
}

export interface Retry {
  readonly endpoint: string;
  readonly delay: DurationMs;
}

export class ReconnectPlan {
  readonly #config: ReconnectConfig;
  readonly #random: Random;
  #index: number;
  #attempt = 0;
  #redirects = 0;

  constructor(config: ReconnectConfig, random: Random) {
    assert(config.endpoints.length > 0, "at least one endpoint");
    this.#config = config;
    this.#random = random;
    this.#index = Math.floor(random.next() * config.endpoints.length);
  }

  /** Failed attempts since the last stable session. */
  get attempt(): number {
    return this.#attempt;
  }

  first(): Retry {
    return { endpoint: this.#endpoint(), delay: this.#between(0, this.#config.quickRetry.max) };
  }

  /** A session lasted long enough to forget earlier failures. */
  stable(): void {
    this.#attempt = 0;
    this.#redirects = 0;
  }

  /** The connection ended or failed; `notBefore` is what a goodbye asked for. */
  next(notBefore: DurationMs = durationMs(0)): Retry {
    this.#advance();
    const { quickRetry, backoff } = this.#config;
    const delay =
      this.#attempt === 0
        ? this.#between(quickRetry.min, quickRetry.max)
        : backoffDelay(this.#attempt, backoff, this.#random);
    this.#attempt += 1;
    // Jitter on top of a wish, or everybody who was told the same comes back at the same moment.
    const wished = notBefore === 0 ? 0 : notBefore * (1 + this.#random.next() / 2);
    return { endpoint: this.#endpoint(), delay: durationMs(Math.max(delay, wished)) };
  }

  /** A goodbye named another place. Falls back to the list when it is not acceptable. */
  redirect(endpoint: string, notBefore: DurationMs): Retry {
    this.#redirects += 1;
    if (this.#redirects > REDIRECTS_MAX || !this.#isAcceptable(endpoint))
      return this.next(notBefore);
    const wished = notBefore * (1 + this.#random.next() / 2);
    return {
      endpoint,
      delay: durationMs(Math.max(wished, this.#between(0, this.#config.quickRetry.min))),
    };
  }

  /** Refused in a way that a repeat will not change: the longest delay. */
  refused(notBefore: DurationMs): Retry {
    this.#advance();
    this.#attempt += 1;
    const { max } = this.#config.backoff;
    return {
      endpoint: this.#endpoint(),
      delay: durationMs(Math.max(notBefore, this.#between(max / 2, max))),
    };
  }

  #advance(): void {
    this.#index = (this.#index + 1) % this.#config.endpoints.length;
  }

  #endpoint(): string {
    const endpoint = this.#config.endpoints[this.#index];
    assert(endpoint !== undefined, "the index stays inside the list");
    return endpoint;
  }

  /** Well-formed and not less protected than the configured ones. */
  #isAcceptable(endpoint: string): boolean {
    const scheme = this.#endpoint().split(":", 1)[0];
    return isEndpoint(endpoint) && endpoint.split(":", 1)[0] === scheme;
  }

  #between(min: number, max: number): DurationMs {
    return durationMs(Math.round(min + (max - min) * this.#random.next()));
  }
}

const ENDPOINT_PATTERN =
  /^wss?:\/\/(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?<port>\d{1,5})\/?$/;

/** `ws://host:port` or `wss://host:port`, with a name, an IPv4 address or an IPv6 one in brackets. */
export function isEndpoint(text: string): boolean {
  const port = Number(ENDPOINT_PATTERN.exec(text)?.groups?.["port"] ?? 0);
  return port >= 1 && port <= 65_535;
}
