/**
 * What the host is made of, for people. Collected by a child that is killed at its deadline: it runs
 * a dozen external commands, any of which can hang with the hardware it asks.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import { type DurationMs, durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";

const DEADLINE: DurationMs = durationMs(30_000);
const OUTPUT_BYTES_MAX = 64 * 1_024;
/** Of a Hello. */
const INVENTORY_BYTES_MAX = 16_384;

/** The child is TypeScript when we are. */
const CHILD = fileURLToPath(
  new URL(`./inventory-child.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
);

export class Inventory implements Startable {
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #interval: DurationMs;
  #json = "";
  #timer: TimerHandle | null = null;
  #abort: AbortController | null = null;

  constructor(timers: Timers, logger: Logger, interval: DurationMs) {
    this.#timers = timers;
    this.#logger = logger;
    this.#interval = interval;
  }

  /** The last complete inventory as a JSON object; empty until there is one. */
  json(): string {
    return this.#json;
  }

  start(): Promise<void> {
    this.#collect();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#abort?.abort();
    return Promise.resolve();
  }

  #collect(): void {
    const abort = new AbortController();
    this.#abort = abort;
    const options = {
      signal: abort.signal,
      timeout: DEADLINE,
      killSignal: "SIGKILL" as const,
      maxBuffer: OUTPUT_BYTES_MAX,
    };
    execFile(process.execPath, [...process.execArgv, CHILD], options, (error, stdout) => {
      if (abort.signal.aborted) return;
      this.#timer = this.#timers.after(this.#interval, () => this.#collect());
      const json = stdout.trim();
      if (error !== null) {
        this.#logger.warn("no inventory", { error: renderErrorChain(error).slice(0, 500) });
      } else if (json.startsWith("{") && Buffer.byteLength(json) <= INVENTORY_BYTES_MAX) {
        this.#json = json;
      }
    });
  }
}
