/**
 * A private Redis server in our data directory: the store of one machine.
 *
 * Guarantee: one server per data directory at any time; it dies with this process; what it has
 * acknowledged is on disk. Reached through a Unix socket that only our user may open, with a
 * password that exists in memory only.
 * Mechanism: a kernel lock held by the server's own process (flock), a parent-death signal (setpriv),
 * `appendfsync always`. Nothing is configured on, or taken from, the machine's own Redis service.
 * Failure case: a server that ends unasked is started again with backoff, for ever; meanwhile the
 * store is down and nothing is declared. This is one machine: it is not highly available.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { OperatingError, StoreUnavailableError } from "@herdbeat/shared/errors";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import { findProgram, findServer, type SearchPlaces, type ServerProgram } from "./find-server.ts";
import { serverConfig } from "./server-config.ts";
import { ServerLog } from "./server-log.ts";
import { type Launch, LOCKED_EXIT_CODE, launch, pause, untilServing } from "./server-process.ts";

export interface ManagedRedisOptions {
  /** Made when missing, for our user only. Its path must leave room for the socket's name, see SOCKET_PATH_BYTES_MAX. */
  readonly dataDir: string;
  readonly search: SearchPlaces;
  /** The server refuses writes beyond this. @default 1 GiB: hundreds of thousands of nodes */
  readonly memoryBytesMax?: number;
}

export interface ManagedRedisDeps {
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

const MEMORY_BYTES_MAX = 1024 ** 3;
/** sockaddr_un has 108 bytes with the final zero. */
const SOCKET_PATH_BYTES_MAX = 107;
/** Loading a large append-only file takes seconds; a server that needs longer is not coming. */
const START_DEADLINE = durationMs(60_000);
/** It only has to close its files: everything is on disk already. */
const STOP_GRACE = durationMs(5_000);
const RESTART: BackoffConfig = {
  initial: durationMs(100),
  factor: 2,
  max: durationMs(5_000),
};
const LAST_WORDS = durationMs(200);
/** A server that lived this long did not fail for the same reason as before. */
const SETTLED_AFTER = durationMs(30_000);

export class ManagedRedis implements Startable {
  readonly socketPath: string;
  readonly password: string;
  readonly #options: ManagedRedisOptions;
  readonly #deps: ManagedRedisDeps;
  #launch: Launch | null = null;
  #child: ChildProcess | null = null;
  #stopping = false;
  #failures = 0;
  #restartTimer: TimerHandle | null = null;
  #settledTimer: TimerHandle | null = null;

  constructor(options: ManagedRedisOptions, deps: ManagedRedisDeps) {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    const dataDir = realpathSync(options.dataDir);
    this.#options = { ...options, dataDir };
    this.#deps = deps;
    this.socketPath = join(dataDir, "redis.sock");
    this.password = deps.random.hex(24);
  }

  /** Of the server that runs now; undefined between two lives. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Rejects with HB_STORE_NOT_FOUND, HB_STORE_LOCKED, HB_CONFIG_INVALID or HB_STORE_UNAVAILABLE. */
  async start(): Promise<void> {
    this.#launch = this.#prepare();
    await this.#startOnce(this.#launch);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#restartTimer?.cancel();
    this.#settledTimer?.cancel();
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const ended = once(child, "exit");
    // SIGTERM is the server's orderly shutdown.
    child.kill("SIGTERM");
    const timer = this.#deps.timers.after(STOP_GRACE, () => child.kill("SIGKILL"));
    await ended;
    timer.cancel();
  }

  #prepare(): Launch {
    const { dataDir, search, memoryBytesMax } = this.#options;
    if (Buffer.byteLength(this.socketPath) > SOCKET_PATH_BYTES_MAX) {
      throw new OperatingError(
        "HB_CONFIG_INVALID",
        `the path of the store's socket is longer than ${SOCKET_PATH_BYTES_MAX} bytes, ` +
          `choose a shorter data directory: ${this.socketPath}`,
      );
    }
    const server = findServer(search);
    const { socketPath, password } = this;
    return {
      flock: neededProgram("flock", search.path),
      setpriv: neededProgram("setpriv", search.path),
      program: callable(server, dataDir),
      lockPath: join(dataDir, "lock"),
      dataDir,
      config: serverConfig({
        dataDir,
        socketPath,
        password,
        memoryBytesMax: memoryBytesMax ?? MEMORY_BYTES_MAX,
      }),
    };
  }

  async #startOnce(options: Launch): Promise<void> {
    const log = new ServerLog(this.#deps.logger.child({ part: "redis-server" }));
    const child = launch(options, log);
    this.#child = child;
    const over = new AbortController();
    const ended = new Promise<void>((resolve) => {
      // "error" comes instead of "exit" when the program could not be started at all.
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
    void ended.then(() => over.abort());
    const timer = this.#deps.timers.after(START_DEADLINE, () => child.kill("SIGKILL"));
    const isServing = await untilServing(this, this.#deps.timers, over.signal);
    timer.cancel();
    if (!isServing) {
      this.#child = null;
      // Its last words may still be in the pipe.
      await Promise.race([once(child, "close"), pause(LAST_WORDS, this.#deps.timers)]);
      throw this.#notStarted(child, log);
    }
    this.#settledTimer = this.#deps.timers.after(SETTLED_AFTER, () => {
      this.#failures = 0;
    });
    void ended.then(() => this.#onEnd(child));
  }

  #notStarted(child: ChildProcess, log: ServerLog): Error {
    const { dataDir } = this.#options;
    if (child.exitCode === LOCKED_EXIT_CODE) {
      const holder = readPid(dataDir);
      return new OperatingError(
        "HB_STORE_LOCKED",
        `another server${holder === "" ? "" : ` (pid ${holder})`} is using ${dataDir}`,
      );
    }
    const end = child.signalCode ?? `code ${child.exitCode ?? "?"}`;
    return new StoreUnavailableError(
      "start of redis-server",
      new Error(`it ended with ${end}: ${log.lastLines()}`),
    );
  }

  #onEnd(child: ChildProcess): void {
    this.#child = null;
    this.#settledTimer?.cancel();
    if (this.#stopping) return;
    const how = child.signalCode ?? `code ${child.exitCode ?? "?"}`;
    this.#deps.logger.error("the managed redis-server ended and is started again", { how });
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    this.#failures += 1;
    const delay = backoffDelay(this.#failures, RESTART, this.#deps.random);
    this.#restartTimer = this.#deps.timers.after(delay, () => void this.#restart());
  }

  async #restart(): Promise<void> {
    if (this.#launch === null || this.#stopping) return;
    try {
      await this.#startOnce(this.#launch);
      this.#deps.logger.info("the managed redis-server serves again", { pid: this.pid });
    } catch (error) {
      // Also when the lock is still held: a rewrite of the old server may outlive it for seconds.
      if (this.#stopping) return;
      this.#deps.logger.error("the managed redis-server could not be started", {
        error: renderErrorChain(error),
      });
      this.#scheduleRestart();
    }
  }
}

/** For tests, benches and the starter: a server that already serves. */
export async function startManagedRedis(
  options: ManagedRedisOptions,
  deps: ManagedRedisDeps,
): Promise<ManagedRedis> {
  const managed = new ManagedRedis(options, deps);
  await managed.start();
  return managed;
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function neededProgram(name: string, searchPath: string): string {
  const path = findProgram(name, searchPath);
  if (path !== null) return path;
  throw new OperatingError(
    "HB_STORE_NOT_FOUND",
    `no ${name} is installed here; it is in the package util-linux`,
  );
}

/** A path whose last part is the name the server must be called by. */
function callable(server: ServerProgram, dataDir: string): string {
  if (basename(server.path) === server.calledAs) return server.path;
  const link = join(dataDir, server.calledAs);
  if (linkTarget(link) === server.path) return link;
  rmSync(link, { force: true });
  symlinkSync(server.path, link);
  return link;
}

function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

function readPid(dataDir: string): string {
  try {
    const text = readFileSync(join(dataDir, "redis.pid"), "utf8").trim();
    return /^\d{1,10}$/.test(text) ? text : "";
  } catch {
    return "";
  }
}
