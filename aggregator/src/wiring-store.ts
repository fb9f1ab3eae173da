/** Builds the store from the configuration: a managed server, one that is named, a Sentinel or a Cluster. */
import { join } from "node:path";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs } from "@herdbeat/shared/time";
import { ManagedRedis } from "./adapters/managed-redis/managed-redis.ts";
import { ClusterLink } from "./adapters/redis/cluster-link.ts";
import { type RedisAddress, RedisConnection } from "./adapters/redis/redis-connection.ts";
import { RedisFleetStore } from "./adapters/redis/redis-fleet-store.ts";
import type { RedisLink } from "./adapters/redis/redis-link.ts";
import { RedisShardStore } from "./adapters/redis/redis-shard-store.ts";
import { ScriptRunner } from "./adapters/redis/script-runner.ts";
import { SentinelLocator } from "./adapters/redis/sentinel-locator.ts";
import { parsePlace, type ServerPlace } from "./adapters/redis/server-place.ts";
import type { AggregatorConfig } from "./config.ts";

/** Below every deadline that may be configured, or a missing replica would cost the connection too. */
const REPLICA_WAIT_MAX = durationMs(500);

export interface StoreParts {
  readonly config: AggregatorConfig;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface BuiltStore {
  readonly shards: RedisShardStore;
  readonly fleet: RedisFleetStore;
  /** To be started in this order. */
  readonly parts: readonly Startable[];
}

export function buildStore(given: StoreParts): BuiltStore {
  const { config, logger } = given;
  const deps = { clock: systemClock, timers: systemTimers, random: systemRandom, logger };
  const parts: Startable[] = [];
  const connect = linkMaker(given, parts);
  const link = connect("");
  const scripts = new ScriptRunner(link);
  const { replicasRequired: required, commandDeadline } = config.store;
  const waiting = required > 0 ? connect("-replicas") : null;
  return {
    shards: new RedisShardStore({
      link,
      scripts,
      replicas:
        waiting === null
          ? null
          : {
              required,
              timeout: durationMs(Math.min(REPLICA_WAIT_MAX, Math.floor(commandDeadline / 2))),
              link: waiting,
              scripts: new ScriptRunner(waiting),
            },
    }),
    fleet: new RedisFleetStore({ link, scripts, logger: deps.logger }),
    parts,
  };
}

/** Makes links to the one store that is configured; what they share is built once. */
function linkMaker(
  { config, logger, environment }: StoreParts,
  parts: Startable[],
): (suffix: string) => RedisLink {
  const deps = { clock: systemClock, timers: systemTimers, random: systemRandom, logger };
  const { store } = config;
  const { commandDeadline } = store;
  const started = <T extends Startable>(part: T): T => {
    parts.push(part);
    return part;
  };
  const name = (suffix: string): string => `herdbeat-${config.aggregator.id}${suffix}`;
  const access = { user: store.user ?? "", password: store.password ?? "", tls: store.tls };
  if (store.cluster.seeds !== undefined) {
    const seeds = places(store.cluster.seeds);
    return (suffix) =>
      started(new ClusterLink({ seeds, access, name: name(suffix), commandDeadline }, deps));
  }
  let address: RedisAddress;
  if (store.sentinel.servers !== undefined) {
    const sentinel = { user: "", password: store.sentinel.password ?? "", tls: store.tls };
    const locator = new SentinelLocator(
      {
        master: store.sentinel.master ?? "",
        sentinels: places(store.sentinel.servers),
        access: sentinel,
        name: name(""),
      },
      deps,
    );
    address = { kind: "located", locator: started(locator), ...access };
  } else if (store.mode === "managed") {
    const search = {
      preferred: environment["HERDBEAT_REDIS_BIN"] ?? "",
      path: environment["PATH"] ?? "",
    };
    const dataDir = join(config.aggregator.dataDir, "redis");
    const managed = started(new ManagedRedis({ dataDir, search }, deps));
    address = { kind: "socket", path: managed.socketPath, password: managed.password };
  } else if (store.socket !== undefined) {
    address = { kind: "socket", path: store.socket, password: store.password ?? "" };
  } else {
    address = { kind: "url", url: withPassword(store.url ?? "", store.password) };
  }
  return (suffix) =>
    started(new RedisConnection({ address, name: name(suffix), commandDeadline }, deps));
}

function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url;
  const parsed = new URL(url);
  parsed.password = encodeURIComponent(password);
  return parsed.href;
}

/** The configuration's table has checked their form. */
function places(texts: readonly string[]): readonly ServerPlace[] {
  return texts.flatMap((text) => parsePlace(text) ?? []);
}
