/**
 * Tells the aggregator what is being done: a note for a fact, progress for a request.
 *
 * Reports are repeated until they are taken; the same Idempotency-Key makes a repeat harmless. After
 * a crash, whatever the journal does not call done is reported from the beginning.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Effect, Journal } from "./journal.ts";

const REQUEST_TIMEOUT_MS = 5_000;
const RETRY_MS_MAX = 10_000;
const TRIES_AFTER_CONFLICT = 5;
/** More at once would only wait in the aggregator. */
const REPORTS_AT_ONCE_MAX = 4;

export interface ProgressOptions {
  readonly api: string;
  readonly token: string;
  readonly workMs: number;
}

interface ActionBody {
  readonly kind?: string;
  readonly state: "pending" | "running" | "succeeded" | "failed";
  readonly progress: number | null;
  readonly message: string;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly #journal: Journal;
  readonly #waiting: Effect[] = [];
  readonly #stopped = new AbortController();
  #working = 0;

  constructor(options: ProgressOptions, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
    for (const effect of journal.effects.values()) if (!effect.done) this.add(effect);
  }

  add(effect: Effect): void {
    this.#waiting.push(effect);
    if (this.#working < REPORTS_AT_ONCE_MAX) void this.#work();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #work(): Promise<void> {
    this.#working += 1;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        await this.#report(next);
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
    } finally {
      this.#working -= 1;
    }
  }

  async #report(effect: Effect): Promise<void> {
    const actions = `${this.#options.api}/api/v1/incidents/${effect.incident}/actions`;
    if (effect.kind === "fact") {
      const message = `received ${effect.transition}`;
      await this.#send("POST", actions, effect.id, {
        kind: "note",
        state: "succeeded",
        progress: null,
        message,
      });
    } else {
      const what = `${effect.action} of ${effect.node}`;
      const begun = await this.#send("POST", actions, effect.id, {
        kind: "example-recovery",
        state: "running",
        progress: 0,
        message: `${what} began`,
      });
      if (begun !== null) {
        const action = `${actions}/${begun}`;
        for (const [progress, state] of [
          [50, "running"],
          [100, "succeeded"],
        ] as const) {
          await delay(this.#options.workMs / 2, undefined, { signal: this.#stopped.signal });
          const message = progress === 100 ? `${what} is complete` : `${what} is half done`;
          await this.#send("PATCH", action, `${effect.id}.${progress}`, {
            state,
            progress,
            message,
          });
        }
      }
    }
    await this.#journal.finish(effect.id);
  }

  /** The action's id, or null when the aggregator will never take this report. */
  async #send(method: string, url: string, key: string, body: ActionBody): Promise<string | null> {
    for (let attempt = 0; ; attempt++) {
      const signal = AbortSignal.any([
        this.#stopped.signal,
        AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ]);
      const headers = {
        authorization: `Bearer ${this.#options.token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      };
      const response = await fetch(url, {
        method,
        headers,
        body: JSON.stringify(body),
        signal,
      }).catch(() => null);
      if (response?.ok === true) return ((await response.json()) as { id: string }).id;
      const status = response?.status ?? 0;
      await response?.body?.cancel();
      // These may only mean that one aggregator is behind another for a moment.
      const mayPass = status === 404 || status === 409;
      const isRefusal = status >= 400 && status < 500 && status !== 429;
      if (isRefusal && (!mayPass || attempt >= TRIES_AFTER_CONFLICT)) {
        console.log(`report refused: ${status} for ${method} ${url}`);
        return null;
      }
      const pause = Math.min(RETRY_MS_MAX, 100 * 2 ** attempt);
      await delay(pause, undefined, { signal: this.#stopped.signal });
    }
  }
}
