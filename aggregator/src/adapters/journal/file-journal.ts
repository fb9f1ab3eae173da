/** Notices on local disk, one JSON line each: readable when everything else is gone. Bounded by two files. */
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@herdbeat/shared/logger";

const FILE_BYTES_MAX = 4 * 1024 * 1024;

export class FileJournal {
  readonly #path: string;
  readonly #logger: Logger;

  constructor(dataDir: string, logger: Logger) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.#path = join(dataDir, "notices.jsonl");
    this.#logger = logger;
  }

  append(line: string): void {
    try {
      if (this.#size() > FILE_BYTES_MAX) renameSync(this.#path, `${this.#path}.1`);
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      // A full disk must not end the process that watches over the fleet; the log has the notice too.
      this.#logger.error("could not write the notice journal", { error: String(error) });
    }
  }

  #size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }
}
