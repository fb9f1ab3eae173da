/**
 * `npm run fleet -- --aggregators 3 --sentinel --agents 10000`: a store, aggregators, the example
 * controller and simulated agents, all on this machine, until Ctrl-C. docs/operations.md says what
 * to kill, and what is then to be seen.
 */
import { parseArgs } from "node:util";
import { buildDaemons } from "../bench/lib/build-daemons.ts";
import { eventually } from "../support/eventually.ts";
import { followOutput } from "../support/follow-output.ts";
import {
  type Deployment,
  startCluster,
  startSentinel,
  startStandalone,
} from "../support/redis-deployments.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** One process of simulated agents; more of them use more processors. */
const AGENTS_PER_PROCESS_MAX = 10_000;
/** Agents of one process arrive at about 1,000 a second. */
const ARRIVAL_MS = 120_000;

const { values: options } = parseArgs({
  options: {
    aggregators: { type: "string", default: "3" },
    agents: { type: "string", default: "100" },
    sentinel: { type: "boolean", default: false },
    cluster: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
    port: { type: "string", default: "0" },
    /** Ends as soon as every agent is alive. */
    check: { type: "boolean", default: false },
  },
});

const startedAt = performance.now();
const dir = makeTempDir("fleet");
let store: Deployment | null = null;
let stack: Stack | null = null;
let stopping: Promise<void> | null = null;

function progress(what: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(3);
  console.log(`${seconds} s  ${what}`);
}

/** The compiler can not see that `run` assigns it. */
function started(): Stack | null {
  return stack;
}

function stop(): Promise<void> {
  stopping ??= (async () => {
    console.log("\nstopping: agents, aggregators, store");
    await stack?.stop();
    await store?.stop();
    dir.remove();
    console.log("nothing is left behind");
  })();
  return stopping;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    void stop().then(() => process.exit(0));
  });
}

function count(name: "aggregators" | "agents", max: number): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`--${name} must be a whole number from 1 to ${max}, not ${options[name]}`);
}

async function startStore(): Promise<Deployment> {
  if (options.sentinel && options.cluster) throw new Error("--sentinel or --cluster, not both");
  const durable = { appendonly: "yes", appendfsync: "everysec" };
  if (options.sentinel) {
    progress("starting Redis: one master, two replicas, three sentinels");
    return startSentinel(durable);
  }
  if (options.cluster) {
    progress("starting Redis: a cluster of three masters, each with a replica");
    return startCluster(durable);
  }
  progress("starting Redis: one server");
  return startStandalone(durable);
}

async function run(): Promise<void> {
  const aggregators = count("aggregators", 16);
  const agents = count("agents", 100_000);
  buildDaemons(progress);
  store = await startStore();
  const port = Number(options.port);
  stack = await startStack({
    dir: `${dir.path}/stack`,
    aggregators,
    runFrom: "build",
    secure: options.tls,
    store: store.storeConfig,
    ...(port === 0 ? {} : { httpPort: port }),
    progress,
  });
  for (let first = 0; first < agents; first += AGENTS_PER_PROCESS_MAX) {
    const some = Math.min(AGENTS_PER_PROCESS_MAX, agents - first);
    progress(`starting ${some} simulated agents`);
    const base = `127.${64 + (first / AGENTS_PER_PROCESS_MAX) * 2}.0.0/15`;
    stack.startFleet([
      ...["--nodes", `${some}`, "--first", `${first}`, "--address-base", base],
      ...["--labels", "az=3,rack=40", "--stats-every", "5s"],
    ]);
  }
  await untilAlive(stack, agents);
  describe(stack, store, agents);
  if (options.check) {
    await stop();
    return;
  }
  await followOutput(stack.controller, () => stopping === null);
  await stopping;
}

async function untilAlive(running: Stack, agents: number): Promise<void> {
  let shownAt = 0;
  await eventually(
    async () => {
      const page = await running.get<{ readonly total: number }>(
        "/api/v1/nodes?state=alive&limit=1",
      );
      if (performance.now() - shownAt > 5_000) {
        progress(`${page.total} of ${agents} agents are alive`);
        shownAt = performance.now();
      }
      return page.total === agents;
    },
    { withinMs: ARRIVAL_MS + agents * 5, everyMs: 500, what: `${agents} agents that are alive` },
  );
}

function describe(running: Stack, deployment: Deployment, agents: number): void {
  const [first] = running.aggregators;
  const line = (what: string, pid: number): string => `  ${what.padEnd(34)}kill -9 ${pid}`;
  const [master, ...rest] = deployment.servers;
  const isAlone = deployment.servers.length === 1;
  const servers = [
    ...(master === undefined
      ? []
      : [line(isAlone ? `Redis ${master.name}` : `Redis ${master.name}, a master`, master.pid)]),
    ...rest.map((one) => line(`Redis ${one.name}`, one.pid)),
    ...deployment.sentinels.map((one) => line(`sentinel ${one.name}`, one.pid)),
  ];
  console.log(`
${agents} agents are alive on ${running.aggregators.length} aggregators.

  dashboard   ${first?.http}/#token=${running.token}

What may be killed, in another terminal:
${running.aggregators.map((one) => line(one.id, one.process.pid)).join("\n")}
${servers.join("\n")}
${running.others.map((one, index) => line(`simulated agents, process ${index + 1}`, one.pid)).join("\n")}

What is then to be seen:
  export HERDBEAT_SERVER=${first?.http} HERDBEAT_TOKEN=${running.token}
  node aggregator/dist/cli/main.js shard list
  node aggregator/dist/cli/main.js aggregator list

Ctrl-C ends everything. What the example recovery controller receives:
`);
}

try {
  await run();
} catch (error) {
  if (stopping === null) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(started()?.logs() ?? "");
    await stop();
    process.exitCode = 1;
  }
}
