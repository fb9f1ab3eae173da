/** `herdctl hold list|approve|deny`: what is held back from its commit, and an operator's word on it. */
import type { Command } from "commander";
import { ageOf } from "./columns.ts";
import { contextOf } from "./context.ts";
import { asDocument, type Document, harmless, textOf } from "./document.ts";
import { writeItem, writeList } from "./output.ts";
import { incidentId } from "./resolve.ts";
import type { Column } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const PATH = "/api/v1/holds";

export function addHoldCommands(program: Command, terminal: Terminal): void {
  const hold = program
    .command("hold")
    .description("incidents that would be committed, and what holds them");
  hold
    .command("list")
    .description("list what is held, the oldest first")
    .action((_flags: unknown, command: Command) => list(command, terminal));
  for (const [word, description] of [
    ["approve", "release the guard's brakes for one incident; never the lack of proof"],
    ["deny", "commit this incident never, until it is approved"],
  ] as const) {
    hold
      .command(`${word} <incident>`)
      .description(description)
      .requiredOption("--reason <text>", "why; it is audited")
      .action((given: string, flags: { readonly reason: string }, command: Command) =>
        review(word, given, flags.reason, command, terminal),
      );
  }
}

async function list(command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const page = await client.get(PATH);
  const rows = Array.isArray(page["items"]) ? (page["items"] as readonly Document[]) : [];
  const columns = holdColumns(Date.parse(textOf(page, "asOf")));
  writeList(terminal, output, { columns, rows, name: "incident", whenEmpty: "nothing is held" });
}

function holdColumns(asOf: number): readonly Column[] {
  return [
    { title: "INCIDENT", cell: (row) => textOf(row, "incident") },
    { title: "HOST", cell: (row) => textOf(row, "hostname") },
    { title: "CLASS", cell: (row) => textOf(row, "class") },
    { title: "GRADE", cell: (row) => textOf(row, "grade") },
    { title: "HELD", cell: (row) => ageOf(row, "since", asOf) },
    { title: "REASON", cell: (row) => textOf(row, "reason") },
    { title: "RELEASED BY", cell: (row) => textOf(row, "releasedBy") },
    { title: "WORD", wide: true, cell: (row) => textOf(asDocument(row["review"]), "word") },
    { title: "BY", wide: true, cell: (row) => textOf(asDocument(row["review"]), "by") },
  ];
}

async function review(
  word: "approve" | "deny",
  given: string,
  reason: string,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const value = await client.send("POST", `${PATH}/${id}/${word}`, { reason });
  const said = word === "approve" ? "approved" : "denied";
  const held = textOf(value, "reason");
  const lines = (): readonly string[] => [
    `${said} for ${harmless(textOf(value, "hostname"))}`,
    ...(held === "" ? [] : [`held until now by ${held}: ${harmless(textOf(value, "releasedBy"))}`]),
  ];
  writeItem(terminal, output, { value, name: said, lines });
}
