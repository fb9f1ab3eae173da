/** One built agent at rest, and what it was seen to use. */
import { eventually } from "../../support/eventually.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import type { Stack } from "../../support/stack.ts";
import type { RawFile } from "../lib/raw-file.ts";
import { median, rounded } from "../lib/statistics.ts";
import { type ByteCounts, CountingProxy } from "./counting-proxy.ts";
import { memoryMap, type ProcessSample, sampleTree } from "./process-sample.ts";

interface Moment {
  readonly atMs: number;
  readonly processes: readonly ProcessSample[];
  readonly bytes: ByteCounts;
}

export class WatchedAgent {
  readonly id: string;
  readonly #agent: TrackedProcess;
  readonly #proxy: CountingProxy;
  readonly #moments: Moment[] = [];

  private constructor(id: string, agent: TrackedProcess, proxy: CountingProxy) {
    this.id = id;
    this.#agent = agent;
    this.#proxy = proxy;
  }

  /** The stack's only aggregator is reached through a proxy that counts. */
  static async start(
    stack: Stack,
    options: {
      readonly id: string;
      readonly node: string;
      readonly config: string;
      readonly onPayload?: (payload: Buffer) => void;
    },
  ): Promise<WatchedAgent> {
    const [aggregator] = stack.aggregators;
    if (aggregator === undefined) throw new Error("no aggregator");
    const proxy = new CountingProxy(aggregator.stream, options.onPayload ?? null);
    // What the agent's file will name.
    stack.aggregators[0] = { ...aggregator, stream: await proxy.start() };
    // What the stack says of the Node to use comes before the start script's name.
    const otherNode = ["sh", "-c", 'node=$1; shift 3; exec env HERDBEAT_NODE="$node" "$@"', "sh"];
    const agent = await stack.startAgent(options.id, options.config, [...otherNode, options.node]);
    stack.aggregators[0] = aggregator;
    await eventually(async () => (await stack.node(options.id)).state === "alive", {
      withinMs: 60_000,
      everyMs: 200,
      what: `the agent ${options.id}`,
    }).catch((error: unknown) => {
      throw new Error(agent.output(), { cause: error });
    });
    return new WatchedAgent(options.id, agent, proxy);
  }

  look(raw: RawFile): void {
    const processes = sampleTree(this.#agent.pid);
    const moment = { atMs: performance.now(), processes, bytes: this.#proxy.counts() };
    this.#moments.push(moment);
    raw.write({ kind: "sample", agent: this.id, ...moment });
  }

  /** Of all its processes together, between the first look and the last. */
  figures() {
    const first = this.#moments[0];
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined || first === last)
      throw new Error("too few samples");
    const elapsedMs = last.atMs - first.atMs;
    const sums = (field: "rssKiB" | "anonKiB"): number[] =>
      this.#moments.map(({ processes }) => total(processes, field) / 1_024);
    const cpuMs = total(last.processes, "cpuMs") - total(first.processes, "cpuMs");
    const toServer = last.bytes.toServer - first.bytes.toServer;
    const toClient = last.bytes.toClient - first.bytes.toClient;
    return {
      cpuPercent: rounded((cpuMs / elapsedMs) * 100, 3),
      rssMiB: rounded(median(sums("rssKiB")), 1),
      anonMiB: rounded(median(sums("anonKiB")), 1),
      anonMiBMax: rounded(Math.max(...sums("anonKiB")), 1),
      bytesPerSecond: rounded((toServer / elapsedMs) * 1_000, 1),
      bytesPerSecondBack: rounded((toClient / elapsedMs) * 1_000, 1),
      processes: last.processes.map((process_) => this.#figuresOf(process_, first, elapsedMs)),
    };
  }

  #figuresOf({ pid, what, threads }: ProcessSample, first: Moment, elapsedMs: number) {
    const own = this.#moments.flatMap(({ processes }) =>
      processes.filter((one) => one.pid === pid),
    );
    const from = first.processes.find((one) => one.pid === pid)?.cpuMs ?? 0;
    const cpuMs = (own.at(-1)?.cpuMs ?? 0) - from;
    const map = memoryMap(pid);
    return {
      what,
      threads,
      cpuPercent: rounded((cpuMs / elapsedMs) * 100, 3),
      rssMiB: rounded(median(own.map(({ rssKiB }) => rssKiB)) / 1_024, 1),
      anonMiB: rounded(median(own.map(({ anonKiB }) => anonKiB)) / 1_024, 1),
      pssMiB: rounded(map.pssMiB, 1),
      privateMiB: rounded(map.privateMiB, 1),
    };
  }

  async stop(): Promise<void> {
    await this.#agent.stop(5_000);
    this.#proxy.stop();
  }
}

function total(processes: readonly ProcessSample[], field: "cpuMs" | "rssKiB" | "anonKiB"): number {
  return processes.reduce((sum, one) => sum + one[field], 0);
}
