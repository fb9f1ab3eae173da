/**
 * Time from the death of a host that nothing announces to the receiver's 2xx for its declaration.
 *
 * Real agents, each on a host that is a network namespace on a bridge; real aggregators and Redis
 * from the build, TLS and limits as by default. A death: all frames of the host are dropped, then
 * its processes are killed. Time runs from the command that sets the drop rule, a few milliseconds
 * before the first packet can be dropped.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "@herdbeat/shared/random";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace, insideNamespace, noNamespaceBecause } from "../../support/in-namespace.ts";
import { Stack } from "../../support/stack.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { type Bench, type BenchContext, PreconditionError } from "../lib/bench.ts";
import { buildDaemons } from "../lib/build-daemons.ts";
import { quantile, rounded } from "../lib/statistics.ts";
import { BenchHost } from "./bench-host.ts";
import { BRIDGE_ADDRESS, HOSTS_MAX, HostNetwork } from "./host-network.ts";
import { StampingReceiver } from "./receiver.ts";
import { type Trial, Trials } from "./trials.ts";

// Before the raw file is opened: everything happens in the inner process.
if (insideNamespace() || missing() === null) await enterNamespace();

const BOOTING_AT_ONCE = 2;
const BOOT_WITHIN_MS = 120_000;
/** Longer than aggregators wait before they move shards between living ones. */
const SAME_OWNERS_MS = 12_000;
const PROGRESS_EVERY = 20;
const WARNING = /"level":[456]0/;
const WARNINGS_KEPT = 200;
/** From the decision to the 2xx, of which a disk that syncs slowly is the usual part. */
const SLOW_HAND_OFF_MS = 250;

interface Options {
  readonly trials: number;
  readonly nodes: number;
  readonly aggregators: number;
  readonly gapMs: number;
  readonly seed: number;
}

/** What is not here, with what to do about it. */
function missing(): string | null {
  const because = noNamespaceBecause();
  if (because !== null) return `silent-death ${because}: sudo npm run bench -- silent-death`;
  for (const [command, name] of [
    ["nft", "nftables"],
    ["ip", "iproute2"],
    ["nsenter", "util-linux"],
  ] as const) {
    const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
    if (spawnSync(command, ["--version"], { env: { ...process.env, PATH: path } }).error)
      return `silent-death needs ${command}: sudo apt-get install ${name}`;
  }
  return null;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: "string", default: "200" },
      nodes: { type: "string", default: "24" },
      aggregators: { type: "string", default: "1" },
      gap: { type: "string", default: "1.5" },
      seed: { type: "string", default: String(process.pid) },
    },
  });
  const options = {
    trials: Number(values.trials),
    nodes: Number(values.nodes),
    aggregators: Number(values.aggregators),
    gapMs: Number(values.gap) * 1_000,
    seed: Number(values.seed),
  };
  if (!(options.nodes >= 3 && options.nodes <= HOSTS_MAX))
    throw new PreconditionError(`--nodes must be 3 to ${HOSTS_MAX}`);
  return options;
}

export const bench: Bench = {
  title: "silent death of a host until the receiver's 2xx",
  async run(context) {
    if (!insideNamespace()) throw new PreconditionError(missing() ?? "no namespace");
    const options = readOptions(context.args);
    buildDaemons((text) => context.say(text));
    const dir = makeTempDir("silent-death");
    const receiver = new StampingReceiver();
    const network = new HostNetwork();
    const stack = new Stack({
      dir: dir.path,
      aggregators: options.aggregators,
      runFrom: "build",
      secure: true,
      host: BRIDGE_ADDRESS,
      controller: null,
    });
    stack.controllerUrl = await receiver.start();
    try {
      await network.start();
      await stack.start();
      const random = seededRandom(options.seed);
      const hosts = Array.from(
        { length: options.nodes },
        (_, index) => new BenchHost(index, stack, network),
      );
      const trials = new Trials(hosts, context.raw, random);
      const secret = readFileSync(join(dir.path, "secret"), "utf8").trim();
      receiver.follow(secret, (message) => trials.onMessage(message));
      const fields = await measure(context, { options, stack, hosts, trials });
      const dropRuleHits = await network.dropHits();
      const aggregatorWarnings = keepWarnings(context, stack);
      return {
        parameters: { ...options, agents: "real, from the build", tls: true },
        fields: {
          ...fields,
          dropRuleHits,
          aggregatorWarnings,
          refusedByReceiver: receiver.refused,
        },
      };
    } catch (error) {
      context.say(stack.logs());
      throw error;
    } finally {
      receiver.stop();
      await stack.stop();
      await network.stop();
      dir.remove();
    }
  },
};

/** What the aggregators complained about, for whoever looks into a late declaration. */
function keepWarnings({ raw }: BenchContext, stack: Stack): number {
  let count = 0;
  for (const { id, process: aggregator } of stack.aggregators) {
    const lines = aggregator
      .output()
      .split("\n")
      .filter((line) => WARNING.test(line));
    count += lines.length;
    for (const line of lines.slice(0, WARNINGS_KEPT)) raw.write({ kind: "log", id, line });
  }
  return count;
}

async function measure(
  context: BenchContext,
  parts: {
    readonly options: Options;
    readonly stack: Stack;
    readonly hosts: readonly BenchHost[];
    readonly trials: Trials;
  },
) {
  const { options, hosts, trials } = parts;
  context.say(`booting ${hosts.length} hosts`);
  for (let at = 0; at < hosts.length; at += BOOTING_AT_ONCE) {
    const some = hosts.slice(at, at + BOOTING_AT_ONCE);
    await Promise.all(some.map((host) => host.boot().then(() => host.ready(BOOT_WITHIN_MS))));
  }
  if (options.aggregators > 1) await settledOwners(parts.stack, options.aggregators);
  const loadBefore = rounded(loadavg()[0] ?? NaN);
  let ended = 0;
  await trials.run(options.trials, options.gapMs, () => {
    ended += 1;
    if (ended % PROGRESS_EVERY === 0) context.say(`${ended} trials, ${summaryText(trials.done)}`);
  });
  const loadAfter = rounded(loadavg()[0] ?? NaN);
  return { ...summary(trials), loadBefore, loadAfter };
}

/** Shards move once more when all aggregators are there; a death during a takeover is another bench's. */
async function settledOwners(stack: Stack, aggregators: number): Promise<void> {
  let owners = "";
  let sinceMs = performance.now();
  await eventually(
    async () => {
      const now = (await stack.nodes()).map(({ owner }) => owner);
      if (now.join() !== owners) sinceMs = performance.now();
      owners = now.join();
      return new Set(now).size === aggregators && performance.now() - sinceMs > SAME_OWNERS_MS;
    },
    { withinMs: BOOT_WITHIN_MS, everyMs: 500, what: "shards that stay where they are" },
  );
}

/** A death that nobody declared is later than all others. */
function times(done: readonly Trial[]): readonly number[] {
  return done.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY);
}

function summary(trials: Trials) {
  const all = times(trials.done);
  const figure = (q: number): number | null => {
    const value = quantile(all, q);
    return Number.isFinite(value) ? Math.round(value) : null;
  };
  return {
    trials: trials.done.length,
    p50Ms: figure(0.5),
    p99Ms: figure(0.99),
    maxMs: figure(1),
    minMs: figure(0),
    commitP50Ms: null,
    commitP99Ms: null,
    slowHandOffs: trials.done.filter(({ handOffMs }) => (handOffMs ?? 0) > SLOW_HAND_OFF_MS).length,
    undeclared: trials.done.filter(({ ms }) => ms === null).length,
    falseDeclarations: trials.falseDeclarations.length,
    closesSeenByAggregator: trials.done.filter(({ closeSeen }) => closeSeen).length,
  };
}

function summaryText(done: readonly Trial[]): string {
  const all = times(done);
  return `p50 ${Math.round(quantile(all, 0.5))} ms, max ${Math.round(quantile(all, 1))} ms`;
}
