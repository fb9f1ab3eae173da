/** The forms in which Redis is deployed, each started by the test that wants it. */
import { ClusterLink } from "@herdbeat/aggregator/adapters/redis/cluster-link";
import { SLOT_COUNT } from "@herdbeat/aggregator/adapters/redis/key-slot";
import { RedisConnection } from "@herdbeat/aggregator/adapters/redis/redis-connection";
import { RedisFleetStore } from "@herdbeat/aggregator/adapters/redis/redis-fleet-store";
import type { RedisLink } from "@herdbeat/aggregator/adapters/redis/redis-link";
import {
  RedisShardStore,
  type ReplicaWait,
} from "@herdbeat/aggregator/adapters/redis/redis-shard-store";
import { ScriptRunner } from "@herdbeat/aggregator/adapters/redis/script-runner";
import { SentinelLocator } from "@herdbeat/aggregator/adapters/redis/sentinel-locator";
import type { ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import type { Startable } from "@herdbeat/shared/lifecycle";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs } from "@herdbeat/shared/time";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { infoOf, type Settings, TestServer } from "./redis-servers.ts";
import { makeTempDir } from "./temp-dir.ts";

export interface StoreClient {
  readonly link: RedisLink;
  readonly shards: ShardStore;
  readonly fleet: RedisFleetStore;
}

export interface Deployment {
  readonly kind: "standalone" | "sentinel" | "cluster";
  readonly servers: readonly TestServer[];
  readonly sentinels: readonly TestServer[];
  /** `store:` of aggregator.yaml, as one line of YAML. */
  readonly storeConfig: string;
  /** Links of its own, up when this resolves. */
  readonly open: (options?: { readonly replicas?: number }) => Promise<StoreClient>;
  readonly wipe: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const MASTER_SET = "herd";
const ACCESS = { user: "", password: "", tls: false };
const deps = {
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  logger: silentLogger,
};
const COMMAND_DEADLINE = durationMs(900);
/** For tests; a real one is less hasty. */
const DOWN_AFTER_MS = 1_000;

type MakeLink = () => { readonly link: RedisLink; readonly parts: readonly Startable[] };

/** What every form shares: clients, wiping, the end. */
function deployment(
  kind: Deployment["kind"],
  folder: { remove(): void },
  servers: readonly TestServer[],
  sentinels: readonly TestServer[],
  storeConfig: string,
  makeLink: MakeLink,
): Deployment {
  const parts: Startable[] = [];
  const open = async (): Promise<RedisLink> => {
    const made = makeLink();
    parts.push(...made.parts);
    for (const part of made.parts) await part.start();
    await eventually(() => made.link.health().state === "up", {
      withinMs: 15_000,
      what: `the ${kind} store to be up`,
    }).catch((cause: unknown) => {
      throw new Error(made.link.health().detail, { cause });
    });
    return made.link;
  };
  return {
    kind,
    servers,
    sentinels,
    storeConfig,
    open: async ({ replicas = 0 } = {}) => {
      const link = await open();
      const scripts = new ScriptRunner(link);
      let wait: ReplicaWait | null = null;
      if (replicas > 0) {
        const second = await open();
        wait = {
          required: replicas,
          timeout: durationMs(400),
          link: second,
          scripts: new ScriptRunner(second),
        };
      }
      return {
        link,
        shards: new RedisShardStore({ link, scripts, replicas: wait }),
        fleet: new RedisFleetStore({ link, scripts, logger: silentLogger }),
      };
    },
    wipe: async () => {
      for (const server of servers) {
        if ((await infoOf(server, "role")) === "master") await server.raw("FLUSHALL");
      }
    },
    stop: async () => {
      for (const part of parts.reverse()) await part.stop();
      await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
      folder.remove();
    },
  };
}

/** Stops what was started when the rest does not start. */
async function building<T>(
  folder: { readonly path: string; remove(): void },
  build: (start: typeof TestServer.start) => Promise<T>,
): Promise<T> {
  const started: TestServer[] = [];
  try {
    return await build(async (...given) => {
      const server = await TestServer.start(...given);
      started.push(server);
      return server;
    });
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()));
    folder.remove();
    throw error;
  }
}

export function startStandalone(settings: Settings = {}): Promise<Deployment> {
  const folder = makeTempDir("redis-standalone");
  return building(folder, async (start) => {
    const server = await start(folder.path, settings);
    const url = `redis://${server.name}`;
    return deployment(
      "standalone",
      folder,
      [server],
      [],
      `{ mode: external, url: "${url}" }`,
      () => {
        const link = new RedisConnection(
          { address: { kind: "url", url }, name: "test", commandDeadline: COMMAND_DEADLINE },
          deps,
        );
        return { link, parts: [link] };
      },
    );
  });
}

/** One master, two replicas, three sentinels. */
export function startSentinel(settings: Settings = {}): Promise<Deployment> {
  const folder = makeTempDir("redis-sentinel");
  return building(folder, async (start) => {
    const common = { "repl-ping-replica-period": 1, "repl-timeout": 5, ...settings };
    const master = await start(folder.path, common);
    const { host, port } = master.place;
    const replicas = await Promise.all(
      [1, 2].map(() => start(folder.path, { ...common, replicaof: `${host} ${port}` })),
    );
    await eventually(async () => (await infoOf(master, "connected_slaves")) === "2", {
      withinMs: 20_000,
      what: "two replicas",
    });
    for (const one of replicas) {
      await eventually(async () => (await infoOf(one, "master_link_status")) === "up", {
        withinMs: 20_000,
      });
    }
    const sentinels = await Promise.all(
      [1, 2, 3].map(() => start(folder.path, {}, watching(master))),
    );
    for (const sentinel of sentinels)
      await eventually(() => knowsAll(sentinel), { withinMs: 20_000 });
    const names = sentinels.map(({ name }) => `"${name}"`).join(", ");
    const config = `{ mode: external, sentinel: { master: ${MASTER_SET}, servers: [ ${names} ] } }`;
    return deployment("sentinel", folder, [master, ...replicas], sentinels, config, () => {
      const locator = new SentinelLocator(
        {
          master: MASTER_SET,
          sentinels: sentinels.map(({ place }) => place),
          access: ACCESS,
          name: "test",
        },
        deps,
      );
      const link = new RedisConnection(
        {
          address: { kind: "located", locator, ...ACCESS },
          name: "test",
          commandDeadline: COMMAND_DEADLINE,
        },
        deps,
      );
      return { link, parts: [locator, link] };
    });
  });
}

function watching(master: TestServer): readonly string[] {
  return [
    `sentinel monitor ${MASTER_SET} ${master.place.host} ${master.place.port} 2`,
    `sentinel down-after-milliseconds ${MASTER_SET} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_SET} 5000`,
    `sentinel parallel-syncs ${MASTER_SET} 2`,
  ];
}

async function knowsAll(sentinel: TestServer): Promise<boolean> {
  const replicas = await sentinel.raw("SENTINEL", "REPLICAS", MASTER_SET);
  const others = await sentinel.raw("SENTINEL", "SENTINELS", MASTER_SET);
  return [replicas, others].every((list) => Array.isArray(list) && list.length === 2);
}

/** Which server the sentinels' majority calls the master. */
export async function masterBySentinels(deployment: Deployment): Promise<TestServer | null> {
  const named = await Promise.allSettled(
    deployment.sentinels.map((one) => one.raw("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_SET)),
  );
  const ports = named.flatMap((one) =>
    one.status === "fulfilled" && Array.isArray(one.value) ? [Number(one.value[1])] : [],
  );
  const port = ports.find((each) => ports.filter((other) => other === each).length >= 2);
  return deployment.servers.find(({ place }) => place.port === port) ?? null;
}

/** Three masters, each with a replica. */
export function startCluster(settings: Settings = {}): Promise<Deployment> {
  const folder = makeTempDir("redis-cluster");
  return building(folder, async (start) => {
    const servers: TestServer[] = [];
    for (let i = 0; i < 6; i++) {
      servers.push(
        await start(folder.path, {
          "cluster-enabled": "yes",
          "cluster-node-timeout": DOWN_AFTER_MS,
          "cluster-config-file": "nodes.conf",
          // By default it is the port + 10,000, which may be taken or none.
          "cluster-port": await freePort(),
          "repl-ping-replica-period": 1,
          ...settings,
        }),
      );
    }
    await joinCluster(servers);
    const seeds = servers.slice(0, 3).map(({ place }) => place);
    const names = servers.slice(0, 3).map(({ name }) => `"${name}"`);
    const config = `{ mode: external, cluster: { seeds: [ ${names.join(", ")} ] } }`;
    return deployment("cluster", folder, servers, [], config, () => {
      const link = new ClusterLink(
        { seeds, access: ACCESS, name: "test", commandDeadline: COMMAND_DEADLINE },
        deps,
      );
      return { link, parts: [link] };
    });
  });
}

async function joinCluster(servers: readonly TestServer[]): Promise<void> {
  const masters = servers.slice(0, 3);
  const [first] = servers;
  if (first === undefined) return;
  const share = Math.ceil(SLOT_COUNT / masters.length);
  for (const [index, master] of masters.entries()) {
    const last = Math.min(SLOT_COUNT, share * (index + 1)) - 1;
    await master.raw("CLUSTER", "ADDSLOTSRANGE", `${share * index}`, `${last}`);
    await master.raw("CLUSTER", "SET-CONFIG-EPOCH", `${index + 1}`);
  }
  for (const server of servers.slice(1)) {
    const { host, port } = first.place;
    await server.raw("CLUSTER", "MEET", host, `${port}`, await infoOfBus(first));
  }
  for (const server of servers) {
    await eventually(
      async () => String(await server.raw("CLUSTER", "INFO")).includes("known_nodes:6"),
      {
        withinMs: 20_000,
        what: "six servers that know each other",
      },
    );
  }
  for (const [index, replica] of servers.slice(3).entries()) {
    const id = String(await servers[index]?.raw("CLUSTER", "MYID"));
    await eventually(() => replica.raw("CLUSTER", "REPLICATE", id), { withinMs: 10_000 });
  }
  for (const server of servers) {
    await eventually(
      async () => String(await server.raw("CLUSTER", "INFO")).includes("cluster_state:ok"),
      { withinMs: 20_000, what: "the cluster to be ok" },
    );
  }
  for (const replica of servers.slice(3)) {
    await eventually(async () => (await infoOf(replica, "master_link_status")) === "up", {
      withinMs: 20_000,
    });
  }
}

async function infoOfBus(server: TestServer): Promise<string> {
  const reply = await server.raw("CONFIG", "GET", "cluster-port");
  const fields: readonly unknown[] = Array.isArray(reply) ? reply : Object.values(reply as object);
  return String(fields.at(-1));
}
