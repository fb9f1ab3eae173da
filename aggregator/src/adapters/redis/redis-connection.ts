/**
 * One connection to Redis that fails fast and never gives up.
 *
 * Guarantee: every command ends within its deadline, with a reply or with StoreUnavailableError
 * ("may have been applied"). Nothing is queued while the server is away: what was decided before
 * an outage is never sent after it unasked.
 * Mechanism: replies come in order, so one that is overdue holds up all later ones; the connection
 * is then thrown away and a fresh one made. An idle connection is asked PING; a busy one is not,
 * its replies tell as much. A deadline that our own stall held up starts again, and any is judged
 * after one drain of what has arrived, so that our stall is never taken for the server's.
 * Failure case: a server that answers but refuses (loading, read-only, out of memory) is down too,
 * until it accepts a write again.
 */
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
  type UnixMs,
} from "@herdbeat/shared/time";
import { createClient, ErrorReply, type RedisClientType } from "redis";
import type { StoreHealth } from "../../ports/fleet-store.ts";
import { isRefusal } from "./refusals.ts";
import { describeServer } from "./server-description.ts";

export type RedisAddress =
  | { readonly kind: "socket"; readonly path: string; readonly password: string }
  /** `redis[s]://[user[:password]@]host[:port][/database]` */
  | { readonly kind: "url"; readonly url: string };

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** Shown by CLIENT LIST on the server. */
  readonly name: string;
  /**
   * How long a reply may take. Must exceed the slowest fsync of the server's disk; the store counts
   * as down after it. @default 900 ms
   */
  readonly commandDeadline?: DurationMs;
}

export interface RedisConnectionDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

const COMMAND_DEADLINE = durationMs(900);
/** A timer that is later than this was held up by a stall of our own. */
const LATE_TIMER = durationMs(100);
/** Above 1/3 s, the interval of the liveness counter: a working aggregator sends no PING at all. */
const IDLE_BEFORE_PING = durationMs(350);
/** Only for the handshake, which has no deadline of ours; also counts our stalls, hence generous. */
const SOCKET_TIMEOUT_MS = 3_000;
const RECONNECT: BackoffConfig = {
  initial: durationMs(50),
  factor: 2,
  max: durationMs(1_000),
};
export class RedisConnection implements Startable {
  readonly #options: RedisConnectionOptions;
  readonly #deps: RedisConnectionDeps;
  readonly #deadline: DurationMs;
  #client: RedisClientType | null = null;
  #ready = false;
  #refusal = "";
  #lastError = "not connected yet";
  #health: Omit<StoreHealth, "description">;
  #description = "redis, not reached yet";
  #lastReplyAt: MonotonicMs;
  #pingTimer: TimerHandle | null = null;

  constructor(options: RedisConnectionOptions, deps: RedisConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#deadline = options.commandDeadline ?? COMMAND_DEADLINE;
    this.#lastReplyAt = deps.clock.now();
    this.#health = { state: "down", since: deps.clock.wallNow(), detail: this.#lastError };
  }

  /** Begins to connect and returns at once: a process starts, on hold, without its store. */
  async start(): Promise<void> {
    this.#connect();
    this.#schedulePing();
  }

  async stop(): Promise<void> {
    this.#pingTimer?.cancel();
    this.#pingTimer = null;
    const client = this.#client;
    this.#client = null;
    this.#ready = false;
    this.#lastError = "stopped";
    client?.destroy();
  }

  health(): StoreHealth {
    return { ...this.#health, description: this.#description };
  }

  /** Changes with every new connection to the server; WAIT speaks of one connection's writes only. */
  get epoch(): string {
    return `${this.#generation}.${this.#client?.socketEpoch ?? 0}`;
  }
  #generation = 0;

  /** Sends one command. `operation` names it in errors. */
  async send(
    operation: string,
    command: readonly string[],
    options: { readonly deadline?: DurationMs; readonly clearsRefusal?: boolean } = {},
  ): Promise<unknown> {
    const client = this.#client;
    if (client === null || !this.#ready) {
      throw new StoreUnavailableError(operation, new Error(this.#lastError));
    }
    try {
      const reply = await this.#withDeadline(client, client.sendCommand(command), options.deadline);
      this.#lastReplyAt = this.#deps.clock.now();
      if (options.clearsRefusal === true) this.#refuse("");
      return reply;
    } catch (error) {
      if (error instanceof ErrorReply) this.#noteErrorReply(error);
      throw new StoreUnavailableError(operation, error);
    }
  }

  #noteErrorReply(error: ErrorReply): void {
    this.#lastReplyAt = this.#deps.clock.now();
    if (isRefusal(error.message)) this.#refuse(error.message);
  }

  #withDeadline<T>(
    client: RedisClientType,
    reply: Promise<T>,
    deadline: DurationMs = this.#deadline,
  ): Promise<T> {
    const { clock, timers } = this.#deps;
    return new Promise((resolve, reject) => {
      let timer: TimerHandle;
      const expire = (): void => {
        const overdue = new Error(`no reply within ${deadline} ms`);
        reject(overdue);
        this.#replace(client, overdue);
      };
      const arm = (): void => {
        const due = after(clock.now(), deadline);
        timer = timers.after(deadline, () => {
          // We stalled: the command may not even have been written, so it gets its time again.
          if (elapsed(due, clock.now()) > LATE_TIMER) arm();
          else timer = timers.afterDrain(expire);
        });
      };
      arm();
      reply.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #replace(client: RedisClientType, cause: Error): void {
    if (this.#client !== client) return;
    this.#ready = false;
    this.#fail(cause);
    client.destroy();
    this.#connect();
  }

  #connect(): void {
    const client = this.#createClient();
    this.#client = client;
    this.#generation += 1;
    client.on("ready", () => {
      if (this.#client !== client) return;
      this.#ready = true;
      this.#refusal = "";
      this.#judge();
      void this.#describe();
    });
    client.on("error", (error: unknown) => {
      if (this.#client !== client) return;
      // An error reply to a command of the client's own does not end the connection.
      this.#ready = client.isReady;
      if (!this.#ready) this.#fail(error);
    });
    client.connect().catch((error: unknown) => {
      // The strategy never gives up, so this is only reached by destroy().
      if (this.#client === client) this.#replace(client, asError(error));
    });
  }

  #createClient(): RedisClientType {
    const { address, name } = this.#options;
    const common = {
      connectTimeout: this.#deadline,
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: (retries: number) =>
        backoffDelay(Math.min(retries, 10) + 1, RECONNECT, this.#deps.random),
    };
    const options = {
      name,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: "disabled" as const,
    };
    // The brand of the client's type carries modules and scripts, of which we use none.
    const client: unknown =
      address.kind === "url"
        ? createClient({ ...options, url: address.url, socket: common })
        : createClient({
            ...options,
            password: address.password,
            socket: { ...common, tls: false, path: address.path },
          });
    return client as RedisClientType;
  }

  /** For people only; a server that hides INFO is still usable. */
  async #describe(): Promise<void> {
    try {
      const info = await this.send("describe server", ["INFO"]);
      if (typeof info === "string") this.#description = describeServer(info);
    } catch (error) {
      this.#deps.logger.debug("server does not describe itself", {
        error: renderErrorChain(error),
      });
    }
  }

  #schedulePing(): void {
    const { clock, timers } = this.#deps;
    const idleNow = elapsed(this.#lastReplyAt, clock.now());
    // An unanswered PING is ended by its deadline; until then nothing is gained by another.
    const wait =
      idleNow >= IDLE_BEFORE_PING ? IDLE_BEFORE_PING : Math.ceil(IDLE_BEFORE_PING - idleNow) + 1;
    this.#pingTimer = timers.after(durationMs(wait), () => {
      const idle = elapsed(this.#lastReplyAt, clock.now()) >= IDLE_BEFORE_PING;
      // A failure has already been noted by send().
      if (idle && this.#ready) this.send("ping", ["PING"]).catch(() => {});
      this.#schedulePing();
    });
  }

  #refuse(detail: string): void {
    if (this.#refusal === detail) return;
    this.#refusal = detail;
    this.#judge();
  }

  #fail(error: unknown): void {
    this.#lastError = renderErrorChain(error);
    this.#judge();
  }

  #judge(): void {
    const up = this.#ready && this.#refusal === "";
    const detail = up ? "" : this.#ready ? this.#refusal : this.#lastError;
    const state = up ? "up" : "down";
    if (state !== this.#health.state) {
      const since: UnixMs = this.#deps.clock.wallNow();
      this.#health = { state, since, detail };
      if (up) this.#deps.logger.info("store is up");
      else this.#deps.logger.warn("store is down", { detail });
    } else if (detail !== this.#health.detail) {
      this.#health = { ...this.#health, detail };
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
