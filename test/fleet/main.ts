/** herdbeat-fleet: many simulated nodes in one process, over the real protocol. */
import { createInterface } from "node:readline";
import type { SecureContext } from "node:tls";
import { seededRandom } from "@herdbeat/shared/random";
import { Command } from "commander";
import { parseAddressBlock } from "./addresses.ts";
import { clockMs, perform, stats } from "./commands.ts";
import { Fleet } from "./fleet.ts";
import { PacketDrop } from "./silent-death.ts";

interface Options {
  readonly nodes: string;
  readonly endpoint: string;
  readonly interval: string;
  readonly addressBase: string;
  readonly idPrefix: string;
  readonly first: string;
  readonly labels: string;
  readonly seed: string;
  readonly conditions: string;
  readonly tlsDir?: string;
  readonly statsEvery?: string;
}

const program = new Command("herdbeat-fleet")
  .description("Simulated nodes over the real protocol. Control: JSON lines on standard input.")
  .requiredOption("--endpoint <urls>", "ws(s)://host:port of aggregators, comma-separated")
  .option("--nodes <count>", "how many", "100")
  .option("--interval <duration>", "between two heartbeats of a node (ms or s)", "1s")
  .option("--address-base <block>", "IPv4 block of source addresses", "127.64.0.0/10")
  .option("--id-prefix <text>", "node ids are this and a number", "sim-")
  .option("--first <number>", "number of the first node", "0")
  .option("--labels <name=count,...>", "labels and how many values each has", "az=3,rack=30")
  .option("--seed <number>", "for jitter and identifiers", "1")
  .option("--conditions <count>", "conditions in a whole list", "8")
  .option("--tls-dir <dir>", "throw-away CA (ca.crt, ca.key) that signs the nodes' certificates")
  .option("--stats-every <duration>", "print statistics this often");

const emit = (line: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  if (match === null) throw new Error(`${text} is not a duration like 500ms or 1s`);
  return Number(match[1]) * (match[2] === "s" ? 1_000 : 1);
}

function labelCounts(text: string): Readonly<Record<string, number>> {
  const pairs = text.split(",").filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", count = "1"] = pair.split("=");
      return [name, Number(count)];
    }),
  );
}

async function secureContexts(
  dir: string,
  ids: readonly string[],
): Promise<(nodeId: string) => SecureContext> {
  const { nodeSecureContexts } = await import("./node-certificates.ts");
  return nodeSecureContexts(dir, ids);
}

async function main(): Promise<void> {
  const options = program.parse().opts<Options>();
  const nodes = Number(options.nodes);
  const first = Number(options.first);
  const ids = Array.from(
    { length: nodes },
    (_, index) => `${options.idPrefix}${String(first + index).padStart(5, "0")}`,
  );
  const fleet = new Fleet(
    {
      ids,
      firstNumber: first,
      addresses: parseAddressBlock(options.addressBase),
      labels: labelCounts(options.labels),
    },
    {
      endpoints: options.endpoint.split(","),
      intervalMs: milliseconds(options.interval),
      conditions: Number(options.conditions),
      random: seededRandom(Number(options.seed)),
      secureContextOf:
        options.tlsDir === undefined ? null : await secureContexts(options.tlsDir, ids),
    },
  );
  const drop = new PacketDrop();
  const startedMs = clockMs();
  let ready = false;
  fleet.onChange = (): void => {
    if (ready || fleet.established < nodes) return;
    ready = true;
    emit({ event: "ready", nodes, tookMs: Math.round(clockMs() - startedMs), atMs: clockMs() });
  };
  fleet.start();
  emit({ event: "started", nodes, pid: process.pid, atMs: startedMs });
  if (options.statsEvery !== undefined)
    setInterval(() => emit({ event: "stats", ...stats(fleet) }), milliseconds(options.statsEvery));

  const stop = (): void => {
    emit({ event: "stopped", ...stats(fleet) });
    fleet.stop();
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    try {
      const command = JSON.parse(line) as Readonly<Record<string, unknown>>;
      if (command["cmd"] === "stop") stop();
      emit(await perform(fleet, drop, command));
    } catch (error) {
      emit({
        event: "error",
        line,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

// With aggregators of its own, or only simulated agents for some that run already.
if (process.argv.some((word) => /^--aggregators(?:=|$)/.test(word))) await import("./whole.ts");
else await main();
