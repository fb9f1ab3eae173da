/** `herdctl node list|show`. */
import { type Command, InvalidArgumentError } from "commander";
import type { ApiClient, Query } from "./api-client.ts";
import { usageError } from "./cli-error.ts";
import { conditionColumns, durationOf, incidentColumns, nodeColumns } from "./columns.ts";
import { contextOf } from "./context.ts";
import { asDocument, type Document, documentsOf, harmless, plainText, textOf } from "./document.ts";
import { writeItem, writeList } from "./output.ts";
import { nodeId } from "./resolve.ts";
import { renderTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface NodeListFlags {
  readonly state?: string;
  readonly az?: string;
  readonly rack?: string;
  readonly shard?: string;
  readonly label?: readonly string[];
  readonly query?: string;
  readonly sort?: string;
  readonly limit?: number;
}

export function addNodeCommands(program: Command, terminal: Terminal): void {
  const node = program.command("node").description("compute nodes");
  node
    .command("list")
    .description("list nodes")
    .option("--state <states>", "only these states, separated by commas")
    .option("--az <zones>", "only these availability zones")
    .option("--rack <racks>", "only these racks")
    .option("--shard <number>", "only this shard")
    .option("--label <key=value>", "only with this label; may be repeated", collect)
    .option("-q, --query <text>", "only with this text in id, host name, address or reason")
    .option("--sort <field>", "sort by a field; a leading - turns the order around")
    .option("--limit <number>", "at most this many", positive)
    .action((flags: NodeListFlags, command: Command) => listNodes(flags, command, terminal));
  node
    .command("show")
    .description("show one node with conditions, incidents, probe facts and history")
    .argument("<node>", "node id or host name")
    .action((id: string, _flags: unknown, command: Command) => showNode(id, command, terminal));
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be 1 or more.");
  return value;
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function listNodes(
  flags: NodeListFlags,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const { rows, asOf } = await client.list("/api/v1/nodes", queryOf(flags), flags.limit);
  const columns = nodeColumns(asOf);
  writeList(terminal, output, { columns, rows, name: "id", whenEmpty: "no nodes match" });
}

function queryOf(flags: NodeListFlags): Query {
  const query: Record<string, string | undefined> = {
    state: flags.state,
    az: flags.az,
    rack: flags.rack,
    shard: flags.shard,
    q: flags.query,
    sort: flags.sort,
  };
  for (const label of flags.label ?? []) {
    const at = label.indexOf("=");
    if (at < 1) throw usageError(`--label ${label}: write it as key=value`);
    query[`label.${label.slice(0, at)}`] = label.slice(at + 1);
  }
  return query;
}

async function showNode(given: string, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const value = await fetchNode(client, given);
  writeItem(terminal, output, { value, name: "id", lines: () => nodeLines(value, output.colour) });
}

async function fetchNode(client: ApiClient, given: string): Promise<Document> {
  const id = await nodeId(client, given);
  return client.get(`/api/v1/nodes/${encodeURIComponent(id)}`);
}

function nodeLines(node: Document, colour: boolean): readonly string[] {
  const asOf = Date.parse(textOf(node, "asOf"));
  const probe = asDocument(node["kernelProbe"]);
  const answered = durationOf(probe, "lastAnswerAgeMs");
  const heartbeat = durationOf(node, "lastHeartbeatAgeMs");
  const options = { headers: true, wide: false, colour };
  const table = (text: string): readonly string[] =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`);
  const conditions = documentsOf(node["conditions"]);
  const incidents = documentsOf(node["incidents"]);
  return [
    ...fields([
      ["Node", textOf(node, "id")],
      ["Host", `${textOf(node, "hostname")} (${textOf(node, "address")})`],
      ["State", `${textOf(node, "state")} since ${textOf(node, "stateSince")}`],
      ["Reason", textOf(node, "stateReason")],
      ["Not judged", refusalText(asDocument(node["refusal"]))],
      ["Heartbeat", heartbeat === "" ? "known to the owner only" : `${heartbeat} ago`],
      [
        "Kernel probe",
        `${textOf(probe, "lastOutcome")}; last answer ${answered === "" ? "never" : `${answered} ago`}`,
      ],
      ["Fencing", fencingText(asDocument(node["fencing"]))],
      ["Labels", plainText(node["labels"])],
      ["Networks", documentsOf(node["networks"]).map(networkText).join("; ")],
      ["Boot id", textOf(node, "bootId")],
      [
        "Incarnation",
        `${textOf(node, "incarnation")}, session epoch ${textOf(node, "sessionEpoch")}`,
      ],
      ["Agent", textOf(node, "agentVersion")],
      ["Shard", `${textOf(node, "shard")}, owned by ${textOf(node, "owner") || "nobody"}`],
      [
        "As of",
        `${textOf(node, "asOf")}${node["live"] === true ? "" : " (from the store, not live)"}`,
      ],
    ]),
    "",
    "Conditions:",
    ...(conditions.length === 0
      ? ["  all ok"]
      : table(renderTable(conditionColumns(asOf), conditions, options))),
    "",
    "Open incidents:",
    ...(incidents.length === 0
      ? ["  none"]
      : table(renderTable(incidentColumns(asOf), incidents, options))),
    "",
    "History:",
    ...documentsOf(node["history"]).map((line) =>
      harmless(`  ${textOf(line, "at")}  ${textOf(line, "kind")}  ${plainText(line["detail"])}`),
    ),
  ];
}

function fencingText(fencing: Document): string {
  const devices = documentsOf(fencing["devices"]).map((one) => {
    const detail = textOf(one, "detail") === "" ? "" : ` (${textOf(one, "detail")})`;
    const power = textOf(one, "power") === "" ? "" : `, power ${textOf(one, "power")}`;
    return `${textOf(one, "device")} ${textOf(one, "state")}${power}${detail}`;
  });
  if (fencing["possible"] === null) return "known to the owner only";
  const verdict = fencing["possible"] === true ? "possible" : "impossible";
  return `${verdict}: ${devices.length === 0 ? "no device covers it" : devices.join("; ")}`;
}

/** Empty when it was never silent without being judged. */
function refusalText(refusal: Document): string {
  const at = textOf(refusal, "at");
  if (at === "") return "";
  const result = textOf(asDocument(refusal["replay"]), "result").replace("-", " ");
  return `at ${at}: ${textOf(refusal, "because")} (run again: ${result})`;
}

function networkText(network: Document): string {
  return `${textOf(network, "role")} ${textOf(network, "interface")} ${textOf(network, "addresses")}`.trim();
}

/** `Name:   value` lines with the values in one column. */
export function fields(
  pairs: readonly (readonly [name: string, value: string])[],
): readonly string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(([name, value]) =>
    `${`${name}:`.padEnd(width)}${value === "" ? "-" : harmless(value)}`.trimEnd(),
  );
}
