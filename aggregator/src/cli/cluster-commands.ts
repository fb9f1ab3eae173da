/** `herdctl shard list`, `aggregator list`, `delivery list`, `store adopt`, `version`. */
import { type Command, Option } from "commander";
import type { ApiClient } from "./api-client.ts";
import { CliError, EXIT, usageError } from "./cli-error.ts";
import { aggregatorColumns, deliveryColumns, shardColumns } from "./columns.ts";
import { contextOf } from "./context.ts";
import { type Document, harmless, textOf } from "./document.ts";
import { positive } from "./node-commands.ts";
import { writeItem, writeList } from "./output.ts";
import { incidentId } from "./resolve.ts";
import { adoptEverywhere } from "./store-adoption.ts";
import type { Terminal } from "./terminal.ts";

export function addClusterCommands(program: Command, terminal: Terminal): void {
  program
    .command("shard")
    .description("parts of the fleet and who owns them")
    .command("list")
    .description("list shards")
    .option("--status <status>", "only with this status")
    .action((flags: { readonly status?: string }, command: Command) =>
      listShards(flags, command, terminal),
    );
  program
    .command("aggregator")
    .description("aggregators of the cluster")
    .command("list")
    .description("list aggregators; * is the one that answered")
    .action((_flags: unknown, command: Command) => listAggregators(command, terminal));
  program
    .command("delivery")
    .description("hand-offs to recovery")
    .command("list")
    .description("list hand-offs, newest first")
    .option("--incident <incident>", "only of this incident")
    .option("--node <node>", "only of this node")
    .option("--destination <name>", "only to this destination")
    .option("--state <states>", "only these states, separated by commas")
    .option("--limit <number>", "at most this many", positive)
    .action((flags: DeliveryFlags, command: Command) => listDeliveries(flags, command, terminal));
  program
    .command("store")
    .description("the durable store")
    .command("adopt")
    .description("release shards that are held after the store was lost or wiped")
    .addOption(
      new Option(
        "--from <source>",
        "mirror: restore from the owners' local copies; as-is: trust the store",
      )
        .choices(["mirror", "as-is"])
        .makeOptionMandatory(),
    )
    .option("-y, --yes", "do not ask")
    .action((flags: AdoptFlags, command: Command) => adopt(flags, command, terminal));
}

async function listShards(
  flags: { readonly status?: string },
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const all = await readShards(client);
  const rows = all.filter(
    (row) => flags.status === undefined || textOf(row, "status") === flags.status,
  );
  writeList(terminal, output, {
    columns: shardColumns(),
    rows,
    name: "shard",
    whenEmpty: "no shards match",
  });
}

async function readShards(client: ApiClient): Promise<readonly Document[]> {
  const page = await client.get("/api/v1/shards");
  return Array.isArray(page["items"]) ? (page["items"] as readonly Document[]) : [];
}

async function listAggregators(command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const page = await client.get("/api/v1/aggregators");
  const rows = Array.isArray(page["items"]) ? (page["items"] as readonly Document[]) : [];
  const columns = aggregatorColumns(Date.parse(textOf(page, "asOf")));
  writeList(terminal, output, { columns, rows, name: "id", whenEmpty: "no aggregators" });
}

interface DeliveryFlags {
  readonly incident?: string;
  readonly node?: string;
  readonly destination?: string;
  readonly state?: string;
  readonly limit?: number;
}

async function listDeliveries(
  flags: DeliveryFlags,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const incident =
    flags.incident === undefined ? undefined : await incidentId(client, flags.incident);
  const { node, destination, state } = flags;
  const query = { incident, node, destination, state };
  const { rows, asOf } = await client.list("/api/v1/deliveries", query, flags.limit);
  const columns = deliveryColumns(asOf);
  writeList(terminal, output, { columns, rows, name: "id", whenEmpty: "no deliveries match" });
}

interface AdoptFlags {
  readonly from: "mirror" | "as-is";
  readonly yes?: boolean;
}

const ADOPT_WARNINGS: Readonly<Record<AdoptFlags["from"], string>> = {
  mirror: "Nodes, maintenance and open incidents are restored from the owners' local copies.",
  "as-is":
    "The store is trusted as it is. What it no longer knows is forgotten, open incidents too.",
};

async function adopt(flags: AdoptFlags, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  if (flags.yes !== true) await confirmAdoption(flags, client, terminal);
  const value = await adoptEverywhere(flags.from, client, terminal);
  const counts = ["shards", "nodes", "incidents"].map((name) => `${textOf(value, name)} ${name}`);
  writeItem(terminal, output, {
    value,
    name: "shards",
    lines: () => [`adopted: ${counts.join(", ")}`],
  });
}

async function confirmAdoption(
  flags: AdoptFlags,
  client: ApiClient,
  terminal: Terminal,
): Promise<void> {
  const held = (await readShards(client)).filter((row) => textOf(row, "status") === "held");
  const reasons = [...new Set(held.map((row) => harmless(textOf(row, "heldBecause"))))].slice(0, 5);
  terminal.writeError(`${held.length} shards are held.\n`);
  for (const reason of reasons) terminal.writeError(`  ${reason}\n`);
  terminal.writeError(`${ADOPT_WARNINGS[flags.from]}\n`);
  const answer = await terminal.ask("Adopt the store? Type yes: ");
  if (answer === null) throw usageError("nobody can be asked here; add --yes if you are sure");
  if (answer.trim().toLowerCase() !== "yes") {
    throw new CliError(EXIT.failure, "HB_API_CONFLICT", "not adopted: you did not say yes");
  }
}
