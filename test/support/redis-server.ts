/** A real Redis for a test file, in a folder of its own, and stores that talk to it. */
import { join } from "node:path";
import { ManagedRedis } from "@herdbeat/aggregator/adapters/managed-redis/managed-redis";
import {
  type RedisAddress,
  RedisConnection,
} from "@herdbeat/aggregator/adapters/redis/redis-connection";
import { RedisFleetStore } from "@herdbeat/aggregator/adapters/redis/redis-fleet-store";
import { RedisShardStore } from "@herdbeat/aggregator/adapters/redis/redis-shard-store";
import { ScriptRunner } from "@herdbeat/aggregator/adapters/redis/script-runner";
import { type Logger, silentLogger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import type { DurationMs } from "@herdbeat/shared/time";
import { eventually } from "./eventually.ts";
import { makeTempDir } from "./temp-dir.ts";

export interface RedisClient {
  readonly connection: RedisConnection;
  readonly scripts: ScriptRunner;
  readonly shards: RedisShardStore;
  readonly fleet: RedisFleetStore;
}

export interface RedisServer {
  readonly managed: ManagedRedis;
  readonly folder: string;
  readonly address: RedisAddress;
  /** A connection of its own, up when this resolves. */
  readonly open: (options?: { readonly commandDeadline?: DurationMs }) => Promise<RedisClient>;
  /** Any command, past all that is ours. */
  readonly raw: (...command: string[]) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

export const SEARCH_PLACES = {
  preferred: process.env["HERDBEAT_REDIS_BIN"] ?? "",
  path: process.env["PATH"] ?? "",
};

const deps = { clock: systemClock, timers: systemTimers, random: systemRandom };

/** Rejects where no server is installed: a suite that needs it must not pass without it. */
export async function startRedis(
  options: { readonly memoryBytesMax?: number; readonly logger?: Logger } = {},
): Promise<RedisServer> {
  const folder = makeTempDir("redis");
  const { logger = silentLogger, ...limits } = options;
  const managed = new ManagedRedis(
    { dataDir: join(folder.path, "data"), search: SEARCH_PLACES, ...limits },
    { ...deps, logger },
  );
  await managed.start();
  const address: RedisAddress = {
    kind: "socket",
    path: managed.socketPath,
    password: managed.password,
  };
  const clients: RedisConnection[] = [];
  const open: RedisServer["open"] = async (more = {}) => {
    const client = await openRedis(address, { ...more, logger });
    clients.push(client.connection);
    return client;
  };
  let plain: Promise<RedisClient> | null = null;
  return {
    managed,
    folder: folder.path,
    address,
    open,
    raw: async (...command) => {
      plain ??= open();
      return (await plain).connection.send("raw", command);
    },
    stop: async () => {
      for (const client of clients) await client.stop();
      await managed.stop();
      folder.remove();
    },
  };
}

export async function openRedis(
  address: RedisAddress,
  options: { readonly commandDeadline?: DurationMs; readonly logger?: Logger } = {},
): Promise<RedisClient> {
  const { logger = silentLogger, ...limits } = options;
  const connection = new RedisConnection(
    { address, name: "herdbeat-test", ...limits },
    { ...deps, logger },
  );
  await connection.start();
  await eventually(() => connection.health().state === "up", { what: "the connection" });
  const scripts = new ScriptRunner(connection);
  return {
    connection,
    scripts,
    shards: new RedisShardStore({ link: connection, scripts, replicas: null }),
    fleet: new RedisFleetStore({ link: connection, scripts, logger }),
  };
}
