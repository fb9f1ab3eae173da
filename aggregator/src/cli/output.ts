/** One answer in the form that was asked for. */
import { stringify } from "yaml";
import { type Document, escapeUnsafe, harmless, textOf } from "./document.ts";
import { type Column, renderTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export const OUTPUT_FORMS = ["table", "wide", "json", "yaml", "name"] as const;
export type OutputForm = (typeof OUTPUT_FORMS)[number];

export interface OutputOptions {
  readonly form: OutputForm;
  readonly headers: boolean;
  readonly colour: boolean;
}

export interface ListOutput {
  readonly columns: readonly Column[];
  readonly rows: readonly Document[];
  /** The member that names a row, for -o name. */
  readonly name: string;
  /** Said on stderr when a table would be empty. */
  readonly whenEmpty: string;
}

export function writeList(terminal: Terminal, options: OutputOptions, list: ListOutput): void {
  const { form } = options;
  if (form === "json" || form === "yaml") writeValue(terminal, form, list.rows);
  else if (form === "name") {
    terminal.write(list.rows.map((row) => `${harmless(textOf(row, list.name))}\n`).join(""));
  } else if (list.rows.length === 0) terminal.writeError(`${list.whenEmpty}\n`);
  else {
    terminal.write(renderTable(list.columns, list.rows, { ...options, wide: form === "wide" }));
  }
}

/** One thing: `lines` is what people get. */
export function writeItem(
  terminal: Terminal,
  options: OutputOptions,
  item: {
    readonly value: Document;
    readonly name: string;
    readonly lines: () => readonly string[];
  },
): void {
  const { form } = options;
  if (form === "json" || form === "yaml") writeValue(terminal, form, item.value);
  else if (form === "name") terminal.write(`${harmless(textOf(item.value, item.name))}\n`);
  else {
    terminal.write(
      item
        .lines()
        .map((line) => `${line}\n`)
        .join(""),
    );
  }
}

function writeValue(terminal: Terminal, form: "json" | "yaml", value: unknown): void {
  terminal.write(form === "json" ? jsonText(value) : yamlText(value));
}

function jsonText(value: unknown): string {
  return `${escapeUnsafe(JSON.stringify(value, null, 2))}\n`;
}

function yamlText(value: unknown): string {
  const plain = stringify(value, { lineWidth: 0 });
  if (escapeUnsafe(plain) === plain) return plain;
  // Only double-quoted text can carry escapes.
  const quoted = stringify(value, { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE" });
  return escapeUnsafe(quoted);
}
