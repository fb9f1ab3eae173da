/**
 * Redis servers of a test's own: replicas, sentinels, a cluster; on random ports of loopback, each in
 * a folder of its own. They end with the test, also when that is killed.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, findServer } from "@herdbeat/aggregator/adapters/managed-redis/find-server";
import { RedisConnection } from "@herdbeat/aggregator/adapters/redis/redis-connection";
import { placeText, type ServerPlace } from "@herdbeat/aggregator/adapters/redis/server-place";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs } from "@herdbeat/shared/time";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { startProcess, type TrackedProcess } from "./processes.ts";

const LOOPBACK = "127.0.0.1";
const SEARCH = {
  preferred: process.env["HERDBEAT_REDIS_BIN"] ?? "",
  path: process.env["PATH"] ?? "",
};

export type Settings = Readonly<Record<string, string | number>>;

export class TestServer {
  readonly place: ServerPlace;
  readonly folder: string;
  readonly #isSentinel: boolean;
  #process: TrackedProcess | null = null;
  #client: Promise<RedisConnection> | null = null;

  private constructor(place: ServerPlace, folder: string, isSentinel: boolean) {
    this.place = place;
    this.folder = folder;
    this.#isSentinel = isSentinel;
  }

  /** `settings`: lines of the configuration file; of a sentinel, `more` as well. */
  static async start(
    parent: string,
    settings: Settings = {},
    sentinelLines: readonly string[] | null = null,
  ): Promise<TestServer> {
    const port = await freePort();
    const folder = join(parent, `${port}`);
    mkdirSync(folder, { mode: 0o700 });
    const server = new TestServer({ host: LOOPBACK, port }, folder, sentinelLines !== null);
    const all: Settings = {
      bind: LOOPBACK,
      port,
      dir: folder,
      daemonize: "no",
      "protected-mode": "no",
      ...(sentinelLines === null ? { save: '""', "repl-diskless-sync-delay": 0 } : {}),
      ...settings,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name} ${value}`);
    writeFileSync(server.#config, `${[...lines, ...(sentinelLines ?? [])].join("\n")}\n`);
    await server.run();
    return server;
  }

  get name(): string {
    return placeText(this.place);
  }

  get pid(): number {
    if (this.#process === null) throw new Error(`${this.name} does not run`);
    return this.#process.pid;
  }

  get #config(): string {
    return join(this.folder, "server.conf");
  }

  /** Starts the process again, as an init system would. */
  async run(): Promise<void> {
    const { path, calledAs } = findServer(SEARCH);
    const program = join(this.folder, calledAs);
    try {
      symlinkSync(path, program);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const setpriv = findProgram("setpriv", SEARCH.path);
    if (setpriv === null) throw new Error("setpriv (util-linux) is missing");
    const args = [this.#config, ...(this.#isSentinel ? ["--sentinel"] : [])];
    this.#process = startProcess(setpriv, ["--pdeathsig", "KILL", "--", program, ...args], {
      cwd: this.folder,
    });
    const started = this.#process;
    await eventually(() => this.raw("PING"), { withinMs: 10_000, what: "an answer to PING" }).catch(
      (cause: unknown) => {
        throw new Error(`${this.name} does not serve:\n${started.output()}`, { cause });
      },
    );
  }

  /** Any command, past all that is ours. */
  async raw(...command: string[]): Promise<unknown> {
    this.#client ??= openConnection(this.place);
    return (await this.#client).send("raw", command);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#process?.ended;
    this.#process = null;
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    if (client !== null) await (await client).stop();
    if (this.#process === null) return;
    // A stopped process does not hear SIGTERM.
    this.signal("SIGCONT");
    this.signal("SIGKILL");
    await this.#process.ended;
    this.#process = null;
  }
}

async function openConnection(place: ServerPlace): Promise<RedisConnection> {
  const connection = new RedisConnection(
    {
      address: { kind: "tcp", ...place, user: "", password: "", tls: false },
      name: "herdbeat-test-raw",
      commandDeadline: durationMs(5_000),
      idleBeforePing: durationMs(60_000),
    },
    {
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      logger: silentLogger,
    },
  );
  await connection.start();
  return connection;
}

/** The value of a line of INFO. */
export async function infoOf(server: TestServer, name: string): Promise<string> {
  const info = String(await server.raw("INFO"));
  return new RegExp(`^${name}:(?<value>.*?)\r?$`, "m").exec(info)?.groups?.["value"] ?? "";
}
