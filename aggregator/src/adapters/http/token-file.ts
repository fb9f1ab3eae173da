/**
 * The tokens file, read again when it changes. A change that cannot be read is logged and the tokens
 * known before stay in force; at the start it is an error.
 */
import { readFile, stat } from "node:fs/promises";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { ConfigError } from "@herdbeat/shared/errors";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import { durationMs, type TimerHandle, type Timers, type UnixMs } from "@herdbeat/shared/time";
import { createTokenRegistry, type Principal, parseTokens, type TokenRegistry } from "./tokens.ts";

/** A revoked token works for at most this long. One stat() per period. */
const CHECK_EVERY = durationMs(5_000);
const FILE_BYTES_MAX = 1_000_000;

export class TokenFile implements TokenRegistry, Startable {
  readonly #path: string;
  readonly #timers: Timers;
  readonly #logger: Logger;
  #registry: TokenRegistry = createTokenRegistry([]);
  #version = "";
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(deps: { readonly path: string; readonly timers: Timers; readonly logger: Logger }) {
    this.#path = deps.path;
    this.#timers = deps.timers;
    this.#logger = deps.logger;
  }

  authenticate(token: string, now: UnixMs): Principal | null {
    return this.#registry.authenticate(token, now);
  }

  async start(): Promise<void> {
    await this.#load();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#timers.after(CHECK_EVERY, () => {
      this.#load()
        .catch((error: unknown) => {
          const fields = { file: this.#path, error: renderErrorChain(error) };
          this.#logger.error(
            "tokens file is not usable; the tokens known before stay valid",
            fields,
          );
        })
        .finally(() => this.#schedule());
    });
  }

  async #load(): Promise<void> {
    const found = await stat(this.#path).catch((cause: unknown) => {
      throw new ConfigError(this.#path, ["the tokens file cannot be read"], { cause });
    });
    const version = `${found.mtimeMs}:${found.size}:${found.ino}`;
    if (version === this.#version) return;
    // Also a bad file is read once only, so that it is logged once.
    this.#version = version;
    if (found.size > FILE_BYTES_MAX)
      throw new ConfigError(this.#path, ["the tokens file is too large"]);
    if ((found.mode & 0o022) !== 0) {
      throw new ConfigError(this.#path, ["others may write the tokens file: chmod 0640 it"]);
    }
    const entries = parseTokens(await readFile(this.#path, "utf8"), this.#path);
    this.#registry = createTokenRegistry(entries);
    this.#logger.info("tokens read", { file: this.#path, tokens: entries.length });
  }
}
