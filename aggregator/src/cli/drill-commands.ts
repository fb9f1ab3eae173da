/** `herdctl drill start|list|show`: a living node seems to die, and the way to the receiver is measured. */
import type { Command } from "commander";
import { ageOf, durationOf } from "./columns.ts";
import { contextOf } from "./context.ts";
import { type Document, documentsOf, textOf } from "./document.ts";
import { fields } from "./node-commands.ts";
import { writeItem, writeList } from "./output.ts";
import { nodeId } from "./resolve.ts";
import type { Column } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const PATH = "/api/v1/drills";

export function addDrillCommands(program: Command, terminal: Terminal): void {
  const drill = program
    .command("drill")
    .description("let a living node seem to die, and measure how soon that is told");
  drill
    .command("start")
    .description("begin one; nothing is done to the node, nothing is asked of recovery")
    .argument("<node>", "node id or host name")
    .action(async (given: string, _flags: unknown, command: Command) => {
      const { client } = await contextOf(command, terminal);
      const node = await nodeId(client, given);
      await print(await client.post(PATH, { node }), command, terminal);
    });
  drill
    .command("list")
    .description("drills and what they measured, newest first")
    .action(async (_flags: unknown, command: Command) => {
      const { client, output } = await contextOf(command, terminal);
      const page = await client.get(PATH);
      const rows = documentsOf(page["items"]);
      const columns = drillColumns(Date.parse(textOf(page, "asOf")));
      writeList(terminal, output, { columns, rows, name: "id", whenEmpty: "no drills yet" });
    });
  drill
    .command("show")
    .description("one drill")
    .argument("<drill>", "its id")
    .action(async (id: string, _flags: unknown, command: Command) => {
      const { client } = await contextOf(command, terminal);
      await print(await client.get(`${PATH}/${encodeURIComponent(id)}`), command, terminal);
    });
}

async function print(value: Document, command: Command, terminal: Terminal): Promise<void> {
  const { output } = await contextOf(command, terminal);
  const lines = (): readonly string[] =>
    fields([
      ["Drill", textOf(value, "id")],
      ["Node", `${textOf(value, "node")} (${textOf(value, "hostname")})`],
      ["Began", `${textOf(value, "startedAt")} by ${textOf(value, "by")}`],
      ["Result", `${textOf(value, "outcome")}: ${textOf(value, "because")}`],
      ["Declared after", durationOf(value, "declaredMs")],
      ["Stored after", durationOf(value, "durableMs")],
      ["Received after", durationOf(value, "deliveredMs")],
      ["Incident", textOf(value, "incident")],
      ["Played by", textOf(value, "aggregator")],
    ]);
  writeItem(terminal, output, { value, name: "id", lines });
}

function drillColumns(asOf: number): readonly Column[] {
  return [
    { title: "ID", cell: (row) => textOf(row, "id") },
    { title: "NODE", cell: (row) => textOf(row, "node") },
    { title: "BEGAN", cell: (row) => ageOf(row, "startedAt", asOf) },
    { title: "RESULT", cell: (row) => textOf(row, "outcome") },
    { title: "DECLARED", cell: (row) => durationOf(row, "declaredMs") },
    { title: "RECEIVED", cell: (row) => durationOf(row, "deliveredMs") },
    { title: "BY", cell: (row) => textOf(row, "by") },
    { title: "BECAUSE", cell: (row) => textOf(row, "because") },
    { title: "INCIDENT", wide: true, cell: (row) => textOf(row, "incident") },
    { title: "AGGREGATOR", wide: true, cell: (row) => textOf(row, "aggregator") },
  ];
}
