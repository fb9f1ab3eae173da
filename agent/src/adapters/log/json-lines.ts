/**
 * The log: one JSON line per record on standard output.
 *
 * Guarantee: logging never waits. Node writes to pipes synchronously, so a journal that hangs would
 * freeze the agent: lines are written in libuv's thread pool, one batch at a time, and at most
 * WAITING_BYTES_MAX wait; beyond it lines are dropped, counted, and the count is logged.
 */
import { write } from "node:fs";
import type { LogFields, Logger } from "@herdbeat/shared/logger";
import type { Clock } from "@herdbeat/shared/time";

export type LogLevel = "debug" | "info" | "warn" | "error";

const WAITING_BYTES_MAX = 256 * 1_024;
const LINE_LENGTH_MAX = 8_192;
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** sd-daemon(3): the journal reads the level from the start of the line. */
const JOURNAL_PREFIX: Readonly<Record<LogLevel, string>> = {
  debug: "<7>",
  info: "<6>",
  warn: "<4>",
  error: "<3>",
};

export interface JsonLinesOptions {
  readonly level: LogLevel;
  /** Levels as the journal reads them; true when standard output is the journal. */
  readonly isJournal: boolean;
  readonly clock: Clock;
  readonly descriptor: number;
}

export class JsonLines {
  readonly #options: JsonLinesOptions;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #dropped = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: JsonLinesOptions) {
    this.#options = options;
  }

  logger(fields: LogFields = {}): Logger {
    const log = (level: LogLevel) => (message: string, more?: LogFields) => {
      this.#log(level, message, more === undefined ? fields : { ...fields, ...more });
    };
    return {
      debug: log("debug"),
      info: log("info"),
      warn: log("warn"),
      error: log("error"),
      child: (more) => this.logger({ ...fields, ...more }),
    };
  }

  /** True when everything is written; false when that was not so after `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean> {
    if (!this.#isWriting) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#onIdle.push(() => resolve(true));
      setTimeout(() => resolve(false), timeoutMs).unref();
    });
  }

  #log(level: LogLevel, message: string, fields: LogFields): void {
    if (RANK[level] < RANK[this.#options.level]) return;
    const { clock, isJournal } = this.#options;
    const time = new Date(clock.wallNow()).toISOString();
    const text = JSON.stringify({ time, level, message, ...fields }).slice(0, LINE_LENGTH_MAX);
    const line = `${isJournal ? JOURNAL_PREFIX[level] : ""}${text}\n`;
    if (this.#waitingBytes + line.length > WAITING_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writeNext();
  }

  #writeNext(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#waiting.push(
        `${JSON.stringify({ level: "warn", message: "log lines dropped", dropped })}\n`,
      );
    }
    const bytes = Buffer.from(this.#waiting.join(""), "utf8");
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#isWriting = true;
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    write(this.#options.descriptor, bytes, 0, bytes.length, null, (error, written) => {
      // A log that nobody takes is lost; the agent's work is not.
      if (error === null && written < bytes.length) {
        this.#write(bytes.subarray(written));
        return;
      }
      this.#isWriting = false;
      this.#writeNext();
      if (this.#isWriting) return;
      for (const done of this.#onIdle.splice(0)) done();
    });
  }
}
