/**
 * The guests that ran when the agent last looked: one UUID per line in a small file, replaced
 * atomically in libuv's thread pool. Not synced: a list that is lost in a power failure costs a
 * report of guests that are gone with the host anyway.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import type { KnownGuests } from "../../ports/known-guests.ts";

const FILE_NAME = "known-guests";
/** As many as are watched, 37 bytes each. */
const GUESTS_MAX = 1_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class KnownGuestsFile implements KnownGuests {
  readonly #path: string;
  readonly #logger: Logger;
  /** The list to be written next; null when the file is up to date. */
  #waiting: ReadonlySet<string> | null = null;
  #writing: Promise<void> | null = null;

  constructor(folder: string, logger: Logger) {
    this.#path = join(folder, FILE_NAME);
    this.#logger = logger;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  load(): ReadonlySet<string> {
    try {
      const lines = readFileSync(this.#path, "utf8").split("\n");
      return new Set(lines.filter((line) => UUID.test(line)).slice(0, GUESTS_MAX));
    } catch {
      // Never written, or unreadable: nothing is remembered, which makes no false report.
      return new Set();
    }
  }

  save(running: ReadonlySet<string>): void {
    this.#waiting = running;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when what was saved so far is in the file, or could not be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== null) {
      const lines = [...this.#waiting].join("\n");
      this.#waiting = null;
      try {
        await writeFile(`${this.#path}.new`, `${lines}\n`, { mode: 0o600 });
        await rename(`${this.#path}.new`, this.#path);
      } catch (error) {
        this.#logger.warn("cannot remember which guests run", { detail: renderErrorChain(error) });
      }
    }
  }
}
