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
import { backoffDelay } from "@herdbeat/shared/backoff";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
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
import { ErrorReply, type RedisClientType } from "redis";
import type { StoreHealth } from "../../ports/fleet-store.ts";
import { makeClient, RECONNECT, type RedisAddress } from "./redis-client.ts";
import type { RedisLink, SendOptions } from "./redis-link.ts";
import { isRefusal } from "./refusals.ts";
import { describeServer } from "./server-description.ts";
import { placeText, type ServerPlace } from "./server-place.ts";

export type { RedisAddress } from "./redis-client.ts";

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  /** Shown by CLIENT LIST on the server. */
  readonly name: string;
  /**
   * How long a reply may take. Must exceed the slowest fsync of the server's disk; the store counts
   * as down after it. @default 900 ms
   */
  readonly commandDeadline?: DurationMs;
  /** @default 350 ms: above 1/3 s, so that the liveness counter's connection is never asked PING */
  readonly idleBeforePing?: DurationMs;
  /** What the log calls it. @default "store" */
  readonly called?: string;
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
const IDLE_BEFORE_PING = durationMs(350);
/** Nobody knows yet whom to connect to. */
const LOCATE_AGAIN = durationMs(100);

export class RedisConnection implements RedisLink {
  readonly #options: RedisConnectionOptions;
  readonly #deps: RedisConnectionDeps;
  readonly #deadline: DurationMs;
  readonly #idleBeforePing: DurationMs;
  readonly spansSlots = true;
  #place: ServerPlace | null = null;
  #attempt = 0;
  #stopped = false;
  #connectTimer: TimerHandle | null = null;
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
    this.#idleBeforePing = options.idleBeforePing ?? IDLE_BEFORE_PING;
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
    this.#connectTimer?.cancel();
    this.#stopped = true;
    const client = this.#client;
    this.#client = null;
    this.#ready = false;
    this.#lastError = "stopped";
    client?.destroy();
  }

  health(): StoreHealth {
    return { ...this.#health, description: this.#description };
  }

  epoch(): string {
    return `${this.#generation}.${this.#client?.socketEpoch ?? 0}`;
  }
  #generation = 0;

  async send(
    operation: string,
    command: readonly string[],
    options: Partial<SendOptions> = {},
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
      if (error instanceof ErrorReply) this.#noteErrorReply(client, error);
      throw new StoreUnavailableError(operation, error);
    }
  }

  #noteErrorReply(client: RedisClientType, error: ErrorReply): void {
    this.#lastReplyAt = this.#deps.clock.now();
    if (!isRefusal(error.message)) return;
    this.#refuse(error.message);
    // Its rule is over: another one is the master, and it will be found.
    if (this.#options.address.kind === "located" && error.message.includes("READONLY")) {
      this.#replace(client, error);
    }
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
    this.#client = null;
    client.destroy();
    this.#connect();
  }

  #connect(): void {
    const { address } = this.#options;
    if (address.kind !== "located") {
      this.#open(address);
      return;
    }
    const { locator, user, password, tls } = address;
    const wait =
      this.#attempt === 0
        ? durationMs(0)
        : backoffDelay(Math.min(this.#attempt, 10), RECONNECT, this.#deps.random);
    this.#attempt += 1;
    this.#connectTimer = this.#deps.timers.after(wait, () => {
      this.#place = locator.place();
      if (this.#place !== null) {
        this.#open({ kind: "tcp", ...this.#place, user, password, tls });
        return;
      }
      this.#attempt = 0;
      this.#fail(new Error(locator.description));
      this.#connectTimer = this.#deps.timers.after(LOCATE_AGAIN, () => this.#connect());
    });
  }

  #open(address: Parameters<typeof makeClient>[0]): void {
    if (this.#stopped) return;
    const { random } = this.#deps;
    const client = makeClient(address, {
      name: this.#options.name,
      connectTimeout: this.#deadline,
      random,
    });
    this.#client = client;
    this.#generation += 1;
    client.on("ready", () => {
      if (this.#client === client) void this.#enter(client);
    });
    client.on("error", (error: unknown) => {
      if (this.#client !== client) return;
      // An error reply to a command of the client's own does not end the connection.
      this.#ready &&= client.isReady;
      if (client.isReady) return;
      this.#fail(error);
      // Perhaps another server is the master now. Not from within the client's own event.
      if (this.#isLocated) void Promise.resolve().then(() => this.#replace(client, asError(error)));
    });
    client.connect().catch((error: unknown) => {
      // The strategy never gives up, so this is only reached by destroy().
      if (this.#client === client) this.#replace(client, asError(error));
    });
  }

  get #isLocated(): boolean {
    return this.#options.address.kind === "located";
  }

  /** A server that was named master may have lost that office meanwhile: it is asked itself. */
  async #enter(client: RedisClientType): Promise<void> {
    if (this.#isLocated) {
      try {
        const reply: unknown = await this.#withDeadline(client, client.sendCommand(["ROLE"]));
        if (this.#client !== client) return;
        const role = Array.isArray(reply) ? String(reply[0]) : "of unknown role";
        if (role !== "master") throw new Error(`the server that should be the master is ${role}`);
      } catch (error) {
        this.#replace(client, asError(error));
        return;
      }
    }
    this.#attempt = 0;
    this.#ready = client.isReady;
    this.#refusal = "";
    this.#judge();
    void this.#describe();
  }

  /** For people only; a server that hides INFO is still usable. */
  async #describe(): Promise<void> {
    try {
      const info = await this.send("describe server", ["INFO"]);
      if (typeof info !== "string") return;
      const place = this.#place === null ? "" : `, the master at ${placeText(this.#place)}`;
      this.#description = `${describeServer(info)}${place}`;
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
    const bound = this.#idleBeforePing;
    const wait = idleNow >= bound ? bound : Math.ceil(bound - idleNow) + 1;
    this.#pingTimer = timers.after(durationMs(wait), () => {
      const idle = elapsed(this.#lastReplyAt, clock.now()) >= bound;
      this.#followLocator();
      // A failure has already been noted by send().
      if (idle && this.#ready) this.send("ping", ["PING"]).catch(() => {});
      this.#schedulePing();
    });
  }

  /** A master that was replaced does not always notice: the sentinels' word counts. */
  #followLocator(): void {
    const { address } = this.#options;
    if (address.kind !== "located" || this.#client === null || this.#place === null) return;
    const now = address.locator.place();
    if (now === null || placeText(now) === placeText(this.#place)) return;
    this.#replace(
      this.#client,
      new Error(`${placeText(this.#place)} is no longer the master; ${placeText(now)} is`),
    );
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
      const called = this.#options.called ?? "store";
      if (up) this.#deps.logger.info(`${called} is up`);
      else this.#deps.logger.warn(`${called} is down`, { detail });
    } else if (detail !== this.#health.detail) {
      this.#health = { ...this.#health, detail };
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
