/**
 * What `npm start` shows: managed Redis, two aggregators, a real agent for this machine, a private
 * libvirtd with two tiny guests when there is no other, simulated nodes and the example controller.
 * Everything lives in one temporary folder and ends with Ctrl-C.
 */
import { parseArgs } from "node:util";
import { eventually } from "../support/eventually.ts";
import { followOutput } from "../support/follow-output.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ThrowawayLibvirtd } from "../support/throwaway-libvirtd.ts";

const { values: options } = parseArgs({
  options: {
    guests: { type: "string", default: "auto" },
    nodes: { type: "string", default: "20" },
    port: { type: "string", default: "0" },
    check: { type: "boolean", default: false },
    "with-guests": { type: "string", default: "false" },
  },
});

const NODE_ID = "this-machine";
const startedAt = performance.now();
const isTerminal = process.stdout.isTTY;

/** One line that changes on a terminal, one line per step elsewhere. */
function progress(what: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(3);
  if (isTerminal) process.stdout.write(`\r\u001b[2K${seconds} s  ${what} ...`);
  else console.log(`${seconds} s  ${what}`);
}

function clearLine(): void {
  if (isTerminal) process.stdout.write("\r\u001b[2K");
}

const dir = makeTempDir("start");
let libvirtd: ThrowawayLibvirtd | null = null;
let stack: Stack | null = null;
let stopping: Promise<void> | null = null;

/** The compiler can not see that `run` assigns it. */
function started(): Stack | null {
  return stack;
}

function stop(): Promise<void> {
  stopping ??= (async () => {
    clearLine();
    console.log("\nstopping: agents, aggregators, Redis, guests");
    await stack?.stop();
    await libvirtd?.stop();
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

try {
  await run();
} catch (error) {
  if (stopping === null) {
    clearLine();
    console.error(error instanceof Error ? error.message : String(error));
    for (const one of started()?.others ?? []) console.error(one.output().slice(-2_000));
    await stop();
    process.exit(1);
  }
}

async function run(): Promise<void> {
  const port = Number(options.port);
  const made = startStack({
    dir: `${dir.path}/stack`,
    aggregators: 2,
    runFrom: "build",
    secure: true,
    ...(port === 0 ? {} : { httpPort: port }),
    progress,
  });
  const guests = options["with-guests"] === "true" ? startGuests() : Promise.resolve();
  stack = await made;
  progress("starting simulated nodes");
  stack.startFleet(["--nodes", options.nodes, "--labels", "az=2,rack=4", "--id-prefix", "sim-"]);
  await guests;
  progress("starting the agent of this machine");
  const agent = await stack.startAgent(NODE_ID, libvirtConfig());
  const expected = Number(options.nodes) + 1;
  await eventually(
    async () => (await stack?.nodes())?.filter((one) => one.state === "alive").length === expected,
    {
      withinMs: 60_000,
      everyMs: 200,
      what: `${expected} nodes that are alive`,
    },
  );
  clearLine();
  describe(stack, agent.pid);
  if (options.check) {
    await stop();
    return;
  }
  await followOutput(stack.controller, () => stopping === null);
  await stopping;
}

async function startGuests(): Promise<void> {
  libvirtd = await ThrowawayLibvirtd.start({ onProgress: progress });
  for (const name of ["web-1", "db-1"]) {
    progress(`starting guest ${name}`);
    await libvirtd.startGuest({ name, nova: { name, project: "demo", flavor: "tiny" } });
  }
}

function libvirtConfig(): string {
  if (libvirtd === null) return "";
  return `libvirt: { enabled: always, uri: "${libvirtd.driverUri}", runDir: ${libvirtd.runDir} }`;
}

function triesWithGuests(private_: ThrowawayLibvirtd): readonly string[] {
  return [
    `kill a guest:        kill -9 ${private_.guestPid("web-1")}   (QEMU of web-1)`,
    `freeze libvirtd:     kill -STOP ${private_.pid}   then  kill -CONT ${private_.pid}`,
  ];
}

/** Where there are no guests of ours; those of this machine are not to be played with. */
function triesWithAgent(pid: number): readonly string[] {
  return [
    `freeze the agent:    kill -STOP ${pid}   then  kill -CONT ${pid}   (agent-stalled; the host is not declared)`,
    `kill the agent:      kill -9 ${pid}   (agent-down; told if it lasts 30 s)`,
  ];
}

function describe(running: Stack, agentPid: number): void {
  const [first, second] = running.aggregators;
  if (first === undefined || second === undefined) throw new Error("two aggregators are needed");
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const tries = [
    ...(libvirtd === null ? triesWithAgent(agentPid) : triesWithGuests(libvirtd)),
    `kill an aggregator:  kill -9 ${second.process.pid}   (${second.id}; ${first.id} takes its nodes)`,
  ]
    .map((line, index) => `  ${index + 1}. ${line}`)
    .join("\n");
  console.log(`Herdbeat runs (${seconds} s). ${Number(options.nodes) + 1} nodes are watched.

  dashboard   ${first.http}/#token=${running.token}
  token       ${running.token}

Three things to try, in another terminal:
${tries}

With the command line:
  export HERDBEAT_SERVER=${first.http} HERDBEAT_TOKEN=${running.token}
  node aggregator/dist/cli/main.js node list
  node aggregator/dist/cli/main.js incident list

Ctrl-C ends everything. What the example recovery controller receives:
`);
}
