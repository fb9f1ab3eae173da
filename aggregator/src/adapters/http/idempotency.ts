/**
 * Repeats of one POST have one effect. Guarantee: within this process and the last KEYS_MAX keys, the
 * same key, caller and path give the first answer again, also while the first is still under way.
 * Beyond it the key still decides the action's id, and an id that exists is never made twice: that
 * is what holds across restarts and between aggregators.
 */
import { createHash } from "node:crypto";
import { type Clock, durationMs, type MonotonicMs } from "@herdbeat/shared/time";
import { ApiError, badRequest } from "./problem.ts";

const KEYS_MAX = 1_000;
const KEPT_FOR = durationMs(24 * 3_600_000);

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface Entry {
  readonly fingerprint: string;
  readonly answer: Promise<Answer>;
  readonly at: MonotonicMs;
}

export class Idempotency {
  readonly #clock: Clock;
  readonly #entries: Map<string, Entry> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `scope` names caller and path. Without a key the work is simply done. */
  async once(
    request: { readonly key: string | null; readonly scope: string; readonly body: unknown },
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    if (request.key === null) return work();
    const id = `${request.scope}\n${request.key}`;
    const fingerprint = JSON.stringify(request.body ?? null);
    const known = this.#entries.get(id);
    if (known !== undefined && this.#clock.now() - known.at < KEPT_FOR) {
      if (known.fingerprint !== fingerprint) {
        const message = "this Idempotency-Key was used with another body";
        throw new ApiError(409, "HB_API_CONFLICT", message);
      }
      const answer = await known.answer;
      return { ...answer, headers: { ...answer.headers, "idempotency-replayed": "true" } };
    }
    return this.#remember(id, fingerprint, work());
  }

  async #remember(id: string, fingerprint: string, answer: Promise<Answer>): Promise<Answer> {
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size >= KEYS_MAX && oldest !== undefined) this.#entries.delete(oldest);
    const entry = { fingerprint, answer, at: this.#clock.now() };
    this.#entries.set(id, entry);
    try {
      const done = await answer;
      if (done.status >= 500) this.#forget(id, entry);
      return done;
    } catch (error) {
      // Whatever failed may be tried again under the same key.
      this.#forget(id, entry);
      throw error;
    }
  }

  #forget(id: string, entry: Entry): void {
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }
}

/** The request's key; null when it has none. */
export function readIdempotencyKey(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === "string" && /^[\x21-\x7e]{1,128}$/.test(header)) return header;
  throw badRequest("Idempotency-Key must be 1 to 128 printable characters");
}

/** The action's id that follows from the key: the same wherever and whenever it is repeated. */
export function actionIdOf(scope: string, key: string): string {
  return createHash("sha256").update(`${scope}\n${key}`).digest("hex").slice(0, 32);
}
