/**
 * Asks a URL outside at every interval while this aggregator and its store work. Whoever serves it
 * alarms when it falls silent: the only alarm that needs nothing of ours to be alive.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import { type DurationMs, durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";

const DEADLINE: DurationMs = durationMs(5_000);

export interface DeadManDeps {
  readonly url: string;
  readonly interval: DurationMs;
  /** False: stay silent, so that the alarm outside goes off. */
  readonly works: () => boolean;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class DeadMan implements Startable {
  readonly #deps: DeadManDeps;
  #timer: TimerHandle | null = null;
  #stopped = false;
  #failing = false;

  constructor(deps: DeadManDeps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    this.#schedule(durationMs(0));
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #schedule(delay: DurationMs): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(delay, () => {
      void this.#ask().finally(() => this.#schedule(this.#deps.interval));
    });
  }

  async #ask(): Promise<void> {
    const { url, works, logger } = this.#deps;
    if (!works()) return;
    try {
      const response = await fetch(url, {
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answers ${response.status}`);
      if (this.#failing) logger.info("the dead-man URL answers again", { url });
      this.#failing = false;
    } catch (error) {
      // Said once per failure: the alarm outside says it better.
      if (!this.#failing)
        logger.warn("the dead-man URL was not reached", { url, error: renderErrorChain(error) });
      this.#failing = true;
    }
  }
}
