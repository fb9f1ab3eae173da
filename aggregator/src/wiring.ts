/** Builds adapters from the configuration; see aggregator.ts, which puts them together. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "@herdbeat/shared/duration-text";
import { OperatingError } from "@herdbeat/shared/errors";
import type { DestinationName } from "@herdbeat/shared/ids";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs, elapsed } from "@herdbeat/shared/time";
import { ManagedRedis } from "./adapters/managed-redis/managed-redis.ts";
import { type RedisAddress, RedisConnection } from "./adapters/redis/redis-connection.ts";
import { RedisFleetStore } from "./adapters/redis/redis-fleet-store.ts";
import { RedisShardStore } from "./adapters/redis/redis-shard-store.ts";
import { ScriptRunner } from "./adapters/redis/script-runner.ts";
import { loadTlsFiles } from "./adapters/tls/tls-files.ts";
import type { DestinationSettings } from "./adapters/webhook/http-webhook.ts";
import type { StreamTls } from "./adapters/ws/stream-server.ts";
import type { AggregatorConfig } from "./config.ts";

const clock = systemClock;
const timers = systemTimers;
const random = systemRandom;

const CERTIFICATE_WARNING = durationMs(7 * 86_400_000);

export interface StoreParts {
  readonly config: AggregatorConfig;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function buildStore({ config, logger, environment }: StoreParts): {
  readonly shards: RedisShardStore;
  readonly fleet: RedisFleetStore;
  readonly parts: readonly Startable[];
} {
  const parts: Startable[] = [];
  let address: RedisAddress;
  if (config.store.mode === "managed") {
    const managed = new ManagedRedis(
      {
        dataDir: join(config.aggregator.dataDir, "redis"),
        search: {
          preferred: environment["HERDBEAT_REDIS_BIN"] ?? "",
          path: environment["PATH"] ?? "",
        },
      },
      { timers, random, logger },
    );
    parts.push(managed);
    address = { kind: "socket", path: managed.socketPath, password: managed.password };
  } else if (config.store.socket !== undefined) {
    address = { kind: "socket", path: config.store.socket, password: config.store.password ?? "" };
  } else {
    address = { kind: "url", url: withPassword(config.store.url ?? "", config.store.password) };
  }
  const connect = (name: string): RedisConnection => {
    const connection = new RedisConnection(
      {
        address,
        name: `herdbeat-${config.aggregator.id}${name}`,
        commandDeadline: config.store.commandDeadline,
      },
      { clock, timers, random, logger },
    );
    parts.push(connection);
    return connection;
  };
  const connection = connect("");
  const scripts = new ScriptRunner(connection);
  const replicas = config.store.replicasRequired;
  const waiting = replicas > 0 ? connect("-replicas") : null;
  return {
    shards: new RedisShardStore({
      connection,
      scripts,
      replicas:
        waiting === null
          ? null
          : {
              required: replicas,
              timeout: durationMs(500),
              connection: waiting,
              scripts: new ScriptRunner(waiting),
            },
    }),
    fleet: new RedisFleetStore({ connection, scripts, logger }),
    parts,
  };
}

function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url;
  const parsed = new URL(url);
  parsed.password = encodeURIComponent(password);
  return parsed.href;
}

/** Checked as a whole: files that can not work together are an error at the start, not at a handshake. */
export function streamTls(config: AggregatorConfig, logger: Logger): StreamTls | null {
  if (config.insecure) return null;
  const { ca = "", cert = "", key = "" } = config.tls;
  const material = loadTlsFiles({ ca, cert, key }, clock);
  const left = elapsed(clock.wallNow(), material.expiresAt);
  if (left < CERTIFICATE_WARNING) {
    logger.warn("this aggregator's certificate ends soon", { left: formatDuration(left), cert });
  }
  return material;
}

function pem(path: string | undefined, key: string): string {
  try {
    return readFileSync(path ?? "", "utf8");
  } catch (cause) {
    throw new OperatingError("HB_TLS_INVALID", `cannot read ${key} (${path ?? "not given"})`, {
      cause,
    });
  }
}

export function destinations(config: AggregatorConfig): readonly DestinationSettings[] {
  return Object.entries(config.destinations).map(([name, one]) => ({
    name: name as DestinationName,
    url: one.url,
    secrets: one.secrets,
    deadline: one.timeout,
    connectionsMax: one.concurrency,
    allowLoopback: one.allowLoopback,
    tls: {
      ...(one.tls.ca === undefined ? {} : { ca: pem(one.tls.ca, `destinations.${name}.tls.ca`) }),
      ...(one.tls.cert === undefined
        ? {}
        : { certificate: pem(one.tls.cert, `destinations.${name}.tls.cert`) }),
      ...(one.tls.key === undefined
        ? {}
        : { key: pem(one.tls.key, `destinations.${name}.tls.key`) }),
    },
  }));
}

/** The first of the file that may be asked. */
export function requestDestination(config: AggregatorConfig): DestinationName | null {
  const found = Object.entries(config.destinations).find(([, one]) => one.requests);
  return found === undefined ? null : (found[0] as DestinationName);
}
