/** `herdctl incident ack|assign|comment`: what people say about an incident; it changes no verdict. */
import type { Command } from "commander";
import { contextOf } from "./context.ts";
import { harmless, textOf } from "./document.ts";
import { writeItem } from "./output.ts";
import { incidentId } from "./resolve.ts";
import type { Terminal } from "./terminal.ts";

interface Note {
  readonly kind: "acknowledge" | "assign" | "note";
  readonly message: string;
}

export function addIncidentNotes(incident: Command, terminal: Terminal): void {
  incident
    .command("ack")
    .description("tell everybody that somebody looks at it; changes no verdict")
    .argument("<incident>", "incident id, or its beginning")
    .option("--reason <text>", "what is known or done", "")
    .action((id: string, { reason }: { readonly reason: string }, command: Command) =>
      note(id, { kind: "acknowledge", message: reason }, command, terminal),
    );
  incident
    .command("assign")
    .description("say whose it is")
    .argument("<incident>", "incident id, or its beginning")
    .argument("<person>", "who looks after it")
    .action((id: string, person: string, _flags: unknown, command: Command) =>
      note(id, { kind: "assign", message: person }, command, terminal),
    );
  incident
    .command("comment")
    .description("add a note")
    .argument("<incident>", "incident id, or its beginning")
    .argument("<text>", "the note")
    .action((id: string, text: string, _flags: unknown, command: Command) =>
      note(id, { kind: "note", message: text }, command, terminal),
    );
}

async function note(
  given: string,
  { kind, message }: Note,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = await incidentId(client, given);
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/actions`;
  const value = await client.post(path, { kind, state: "succeeded", message });
  const by = harmless(textOf(value, "by"));
  const said = message === "" ? "" : `: ${harmless(message)}`;
  const lines = (): readonly string[] => [`${kind} of ${id} recorded for ${by}${said}`];
  writeItem(terminal, output, { value, name: "id", lines });
}
