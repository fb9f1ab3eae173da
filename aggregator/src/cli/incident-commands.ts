/** `herdctl incident list|show|explain|replay`, and what `incident-notes.ts` adds. */
import type { Command } from "commander";
import { CliError, EXIT } from "./cli-error.ts";
import { deliveryColumns, incidentColumns } from "./columns.ts";
import { contextOf } from "./context.ts";
import { asDocument, type Document, documentsOf, harmless, plainText, textOf } from "./document.ts";
import { addIncidentNotes } from "./incident-notes.ts";
import { fields, positive } from "./node-commands.ts";
import { writeItem, writeList } from "./output.ts";
import { incidentId } from "./resolve.ts";
import { renderTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface IncidentListFlags {
  readonly all?: boolean;
  readonly phase?: string;
  readonly class?: string;
  readonly node?: string;
  readonly since?: string;
  readonly until?: string;
  readonly query?: string;
  readonly sort?: string;
  readonly limit?: number;
}

export function addIncidentCommands(program: Command, terminal: Terminal): void {
  const incident = program.command("incident").description("failures, with evidence");
  incident
    .command("list")
    .description("list open incidents; with --all also ended ones")
    .option("-a, --all", "also those that ended")
    .option("--phase <phases>", "only these phases, separated by commas")
    .option("--class <classes>", "only these failure classes")
    .option("--node <node>", "only of this node (id or host name)")
    .option("--since <instant>", "only those not ended before (RFC 3339)")
    .option("--until <instant>", "only those opened by then (RFC 3339)")
    .option("-q, --query <text>", "only with this text in node, subject, reason or message")
    .option("--sort <field>", "sort by a field; a leading - turns the order around")
    .option("--limit <number>", "at most this many", positive)
    .action((flags: IncidentListFlags, command: Command) =>
      listIncidents(flags, command, terminal),
    );
  incident
    .command("show")
    .description("show one incident with evidence, timeline, deliveries and actions")
    .argument("<incident>", "incident id, or its beginning")
    .action((id: string, _flags: unknown, command: Command) => showIncident(id, command, terminal));
  incident
    .command("explain")
    .description("tell an incident's story: what was seen, which rule decided, what follows")
    .argument("<incident>", "incident id, or its beginning")
    .action((id: string, _flags: unknown, command: Command) => explain(id, command, terminal));
  incident
    .command("confirm-off")
    .description("confirm that you saw the host of a committed incident without power")
    .argument("<incident>", "incident id, or its beginning")
    .requiredOption("--reason <text>", "what you saw; kept in the incident and in the audit")
    .action((id: string, { reason }: { readonly reason: string }, command: Command) =>
      sayWord("confirm-off", id, reason, command, terminal),
    );
  incident
    .command("close")
    .description("close the committed incident of a host: its node is judged again")
    .argument("<incident>", "incident id, or its beginning")
    .requiredOption("--reason <text>", "why nothing is left to be done; kept and audited")
    .action((id: string, { reason }: { readonly reason: string }, command: Command) =>
      sayWord("close", id, reason, command, terminal),
    );
  incident
    .command("replay")
    .description("run an incident's decisions again from their recorded inputs, and compare")
    .argument("<incident>", "incident id, or its beginning")
    .action((id: string, _flags: unknown, command: Command) => replay(id, command, terminal));
  addIncidentNotes(incident, terminal);
}

const SAID = {
  "confirm-off": (id: string) => `confirmed off: ${id}; recovery is asked for`,
  close: (id: string) => `closed: ${id}; its node is judged again`,
} as const;

async function sayWord(
  word: keyof typeof SAID,
  given: string,
  reason: string,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const value = await client.send("POST", `/api/v1/incidents/${id}/${word}`, { reason });
  writeItem(terminal, output, {
    value,
    name: "id",
    lines: () => [SAID[word](id)],
  });
}

async function listIncidents(
  flags: IncidentListFlags,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const asked = flags.phase !== undefined || flags.since !== undefined || flags.until !== undefined;
  const query = {
    open: flags.all === true || asked ? undefined : true,
    phase: flags.phase,
    class: flags.class,
    node: flags.node,
    since: flags.since,
    until: flags.until,
    q: flags.query,
    sort: flags.sort,
  };
  const { rows, asOf } = await client.list("/api/v1/incidents", query, flags.limit);
  const columns = incidentColumns(asOf);
  const whenEmpty = query.open === true ? "no open incidents" : "no incidents match";
  writeList(terminal, output, { columns, rows, name: "id", whenEmpty });
}

async function showIncident(given: string, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const value = await client.get(`/api/v1/incidents/${encodeURIComponent(id)}`);
  writeItem(terminal, output, {
    value,
    name: "id",
    lines: () => incidentLines(value, output.colour),
  });
}

async function explain(given: string, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const value = await client.get(`/api/v1/incidents/${encodeURIComponent(id)}/explain`);
  const lines = value["lines"];
  writeItem(terminal, output, {
    value,
    name: "incident",
    lines: () => (Array.isArray(lines) ? lines.map((line) => harmless(plainText(line))) : []),
  });
}

/** Ends with 0 when everything agrees, 1 when something differs, 4 when not everything could be run. */
async function replay(given: string, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const value = await client.get(`/api/v1/incidents/${encodeURIComponent(id)}/replay`);
  writeItem(terminal, output, { value, name: "incident", lines: () => replayLines(value) });
  switch (textOf(value, "verdict")) {
    case "agrees":
      return;
    case "differs":
      throw new CliError(
        EXIT.failure,
        "HB_API_CONFLICT",
        "a decision differs when it is run again",
      );
    default:
      throw new CliError(
        EXIT.conflict,
        "HB_API_CONFLICT",
        "not every decision could be run again; nothing is known to differ",
      );
  }
}

function replayLines(value: Document): readonly string[] {
  const decisions = documentsOf(value["decisions"]);
  const notKept = value["notKept"];
  return [
    ...(decisions.length === 0 ? ["no inputs were recorded"] : decisions.flatMap(decisionLines)),
    ...(Array.isArray(notKept) && notKept.length > 0
      ? [harmless(`inputs are not kept of transition ${notKept.map(plainText).join(", ")}`)]
      : []),
  ];
}

function decisionLines(decision: Document): readonly string[] {
  const at = textOf(decision, "at") || "at an unknown time";
  const differences = decision["differences"];
  const why = textOf(decision, "why");
  return [
    harmless(`${at}  ${textOf(decision, "what")}: ${textOf(decision, "result").replace("-", " ")}`),
    ...(why === "" ? [] : [harmless(`  ${why}`)]),
    ...(Array.isArray(differences)
      ? differences.map((one) => harmless(`  ${plainText(one)}`))
      : []),
  ];
}

function incidentLines(incident: Document, colour: boolean): readonly string[] {
  const hold = asDocument(incident["hold"]);
  const rule = asDocument(incident["rule"]);
  const holdReason = textOf(hold, "reason");
  return [
    ...fields([
      ["Incident", textOf(incident, "id")],
      ["Class", textOf(incident, "class")],
      ["Node", `${textOf(incident, "node")} (${textOf(incident, "hostname")})`],
      ["Subject", textOf(incident, "subject")],
      ["Phase", textOf(incident, "phase")],
      ["Proof", `grade ${textOf(incident, "grade")}, ${textOf(incident, "gradeName")}`],
      ["Reason", `${textOf(incident, "reason")}: ${textOf(incident, "message")}`],
      ["Opened", textOf(incident, "openedAt")],
      ["Ended", textOf(incident, "endedAt")],
      [
        "On hold",
        holdReason === "" ? "" : `${holdReason}; released by ${textOf(hold, "releasedBy")}`,
      ],
      ["Asked for", textOf(incident, "requestedAction")],
      ["Rule", `${textOf(rule, "name")}: ${textOf(rule, "because")}`],
      ["Attributes", plainText(incident["attributes"])],
      ["Labels", plainText(incident["labels"])],
    ]),
    ...section("Evidence", documentsOf(incident["evidence"]).map(evidenceText)),
    ...section("Timeline", documentsOf(incident["timeline"]).map(stepText)),
    ...section("Deliveries", deliveryLines(incident, colour)),
    ...section("Actions", documentsOf(incident["actions"]).map(actionText)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  const shown = lines.length === 0 ? ["none"] : lines;
  return ["", `${title}:`, ...shown.map((line) => `  ${line}`)];
}

function evidenceText(evidence: Document): string {
  const parts = ["at", "source", "kind", "outcome", "detail"].map((name) => textOf(evidence, name));
  return harmless(parts.join("  "));
}

function stepText(step: Document): string {
  const parts = ["at", "number", "kind", "class", "gradeName", "message"];
  return harmless(parts.map((name) => textOf(step, name)).join("  "));
}

function actionText(action: Document): string {
  const progress = textOf(action, "progress");
  const parts = ["updatedAt", "id", "kind", "by", "state"].map((name) => textOf(action, name));
  return harmless(
    `${parts.join("  ")}${progress === "" ? "" : ` ${progress} %`}  ${textOf(action, "message")}`,
  );
}

function deliveryLines(incident: Document, colour: boolean): readonly string[] {
  const rows = documentsOf(incident["deliveries"]);
  if (rows.length === 0) return [];
  const columns = deliveryColumns(Number.NaN).filter(
    ({ title }) => !["INCIDENT", "NODE", "MADE"].includes(title),
  );
  const text = renderTable(columns, rows, { headers: true, wide: false, colour });
  return text.trimEnd().split("\n");
}
