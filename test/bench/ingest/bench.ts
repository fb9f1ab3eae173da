/**
 * CPU per message of one aggregator process with everything on, against a bare `ws` counter.
 *
 * Server on core 0, generator on core 1, each pair in fresh processes, the same paced load: one
 * message per read, as in production. CPU is the server's with all its children, by the kernel's
 * accounting, over a window that starts when the load has been steady. The loop's delay is taken in
 * a window of its own, because watching it costs CPU, and compared with an idle server's.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  type Bench,
  type BenchContext,
  type BenchResult,
  PreconditionError,
} from "../lib/bench.ts";
import { type LoopDelay, MeasuredProcess } from "../lib/measured-process.ts";
import type { Sample } from "../lib/raw-file.ts";
import { median, rounded } from "../lib/statistics.ts";
import { SERVERS, type Server, startServer } from "./servers.ts";

interface Load {
  readonly name: "10k" | "50k";
  readonly nodes: number;
  readonly intervalMs: number;
}

const LOADS: readonly Load[] = [
  { name: "10k", nodes: 10_000, intervalMs: 1_000 },
  // 2.63 Hz: 50,000 messages per second within the descriptors that one process may have.
  { name: "50k", nodes: 19_000, intervalMs: 380 },
];
const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
/** Connections, compiled code and the heap have settled by then. */
const SETTLE_MS = 8_000;
const LOOP_WINDOW_MS = 8_000;
/** Of the messages; beats that a late generator left out. */
const STARVED_SHARE_MAX = 0.01;
const ATTEMPTS_MAX = 3;

interface Run {
  readonly usPerMessage: number;
  readonly coreShare: number;
  readonly loop: LoopDelay;
}

interface RunSample extends Run, Sample {
  readonly messages: number;
  readonly skipped: number;
}

interface FleetStats {
  readonly heartbeats: number;
  readonly established: number;
  readonly skipped: number;
}

export const bench: Bench = {
  title: "CPU per message against a bare ws counter",
  async run(context): Promise<BenchResult> {
    const { values } = parseArgs({
      args: [...context.args],
      options: {
        pairs: { type: "string", default: "5" },
        seconds: { type: "string", default: "15" },
        loads: { type: "string", default: "10k,50k" },
        product: { type: "string", default: "aggregator" },
      },
    });
    const product = values.product;
    if (!(product in SERVERS)) throw new PreconditionError(`no such server: ${product}`);
    const pairs = Number(values.pairs);
    const windowMs = Number(values.seconds) * 1_000;
    const idle = await idleLoop(context);
    const fields: Record<string, number | null> = {};
    for (const load of LOADS) {
      if (!values.loads.split(",").includes(load.name)) continue;
      const runs: { readonly ours: Run; readonly bare: Run }[] = [];
      for (let pair = 0; pair < pairs; pair++) {
        // Alternating order, so that a drift of the machine does not favour one side.
        const first = pair % 2 === 0 ? product : "bare-counter";
        const second = pair % 2 === 0 ? "bare-counter" : product;
        const one = await measure(context, first as Server, load, pair, windowMs);
        const two = await measure(context, second as Server, load, pair, windowMs);
        const both = pair % 2 === 0 ? { ours: one, bare: two } : { ours: two, bare: one };
        runs.push(both);
        context.say(
          `${load.name} pair ${pair + 1}: ${product} ${both.ours.usPerMessage.toFixed(2)} us, ` +
            `bare ${both.bare.usPerMessage.toFixed(2)} us per message`,
        );
      }
      Object.assign(fields, summary(load, runs, idle));
    }
    const ratios = [fields["ratio10k"], fields["ratio50k"]].filter((ratio) => ratio !== undefined);
    const ratioToBareWs = Math.min(...ratios.map((ratio) => ratio ?? NaN));
    return {
      parameters: { pairs, windowSeconds: windowMs / 1_000, product, loads: values.loads },
      fields: { ratioToBareWs, ...fields, idleLoopP99Ms: rounded(idle) },
    };
  },
};

function summary(
  load: Load,
  runs: readonly { readonly ours: Run; readonly bare: Run }[],
  idleP99Ms: number,
): Record<string, number> {
  const ours = runs.map((run) => run.ours);
  const bare = runs.map((run) => run.bare);
  const suffix = load.name;
  return {
    [`ratio${suffix}`]: rounded(
      median(runs.map((run) => run.bare.usPerMessage / run.ours.usPerMessage)),
      3,
    ),
    [`coreShare${suffix}`]: rounded(median(ours.map((run) => run.coreShare)), 4),
    [`loopP99AboveIdleMs${suffix}`]: rounded(
      Math.max(0, median(ours.map((run) => run.loop.p99Ms)) - idleP99Ms),
    ),
    [`usPerMessage${suffix}`]: rounded(median(ours.map((run) => run.usPerMessage))),
    [`bareUsPerMessage${suffix}`]: rounded(median(bare.map((run) => run.usPerMessage))),
    [`bareLoopP99AboveIdleMs${suffix}`]: rounded(
      Math.max(0, median(bare.map((run) => run.loop.p99Ms)) - idleP99Ms),
    ),
  };
}

/** p99 of a server that nobody talks to, in this invocation. */
async function idleLoop({ raw }: BenchContext): Promise<number> {
  const server = await startServer("bare-counter", SERVER_CORE);
  try {
    await delay(2_000);
    const loop = await server.process.loopDelay(LOOP_WINDOW_MS);
    raw.write({ kind: "idle", loop });
    return loop.p99Ms;
  } finally {
    await server.stop();
  }
}

/** A starved generator sends in bursts, which are cheaper to read: such a run is made again. */
async function measure(
  context: BenchContext,
  which: Server,
  load: Load,
  pair: number,
  windowMs: number,
): Promise<Run> {
  const cell = `${load.name} ${pair} ${which}`;
  const sample = await context.raw.cell(cell, async () => {
    for (let attempt = 1; ; attempt++) {
      const run = await measureOnce(which, load, pair, windowMs);
      if (run.skipped <= run.messages * STARVED_SHARE_MAX || attempt === ATTEMPTS_MAX) return run;
      context.raw.write({ ...run, kind: "starved", cell });
      context.say(`${cell}: the generator was starved, once more`);
    }
  });
  return sample as unknown as Run;
}

async function measureOnce(
  which: Server,
  load: Load,
  pair: number,
  windowMs: number,
): Promise<RunSample> {
  const server = await startServer(which, SERVER_CORE);
  const fleet = new MeasuredProcess(GENERATOR_CORE, "test/fleet/main.ts", [
    ...["--endpoint", server.endpoint],
    ...["--nodes", String(load.nodes)],
    ...["--interval", `${load.intervalMs}ms`],
    ...["--seed", String(pair + 1)],
  ]);
  try {
    await fleet.line((line) => (line.includes('"event":"ready"') ? true : undefined), 120_000);
    await delay(SETTLE_MS);
    const before = { ...(await stats(fleet)), cpuMs: server.process.cpuMs() };
    await delay(windowMs);
    const after = { ...(await stats(fleet)), cpuMs: server.process.cpuMs() };
    const loop = await server.process.loopDelay(LOOP_WINDOW_MS);
    if (after.established < load.nodes)
      throw new Error(`${which}: only ${after.established} of ${load.nodes} nodes are connected`);
    const messages = after.heartbeats - before.heartbeats;
    const cpuMs = after.cpuMs - before.cpuMs;
    return {
      which,
      load: load.name,
      pair,
      messages,
      cpuMs,
      skipped: after.skipped - before.skipped,
      rssMiB: server.process.rssMiB(),
      generatorCpuMs: fleet.cpuMs(),
      usPerMessage: (cpuMs * 1_000) / messages,
      coreShare: cpuMs / windowMs,
      loop,
    };
  } finally {
    await fleet.stop();
    await server.stop();
  }
}

async function stats(fleet: MeasuredProcess): Promise<FleetStats> {
  const answer = fleet.nextLine((line) => {
    const parsed = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return parsed["cmd"] === "stats" ? (parsed as unknown as FleetStats) : undefined;
  });
  fleet.write('{"cmd":"stats"}');
  return answer;
}
