// Writes docs/configuration.md and the JSON Schemas from the tables that the programs check with.
// Usage: node --import tsx --conditions=source test/tools/config-docs.ts [--write]
// Without --write it only says which file differs. A unit test does the same.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AGENT_CONFIG } from "@herdbeat/agent/config-table";
import { AGGREGATOR_CONFIG } from "@herdbeat/aggregator/config-table";
import { configJsonSchema } from "@herdbeat/shared/config-schema";
import type { ConfigKey, ConfigType, ScalarType } from "@herdbeat/shared/config-table";

const ROOT = new URL("../..", import.meta.url);

const INTRODUCTION = `# Configuration

*This page is made from the tables that the programs check with
(\`agent/src/config-table.ts\`, \`aggregator/src/config-table.ts\`); do not edit it by hand.*

Each daemon reads \`/etc/herdbeat/<name>.yaml\`, then \`<name>.d/*.yaml\` beside it in order of their
names, then the environment, then flags. Later ones win: sections merge key by key, scalars and lists
replace. \`--config FILE\` names another file, which then must exist.

A key \`section.someKey\` is \`HERDBEAT_AGENT__SECTION__SOMEKEY\` or \`HERDBEAT_AGGREGATOR__SECTION__SOMEKEY\`
in the environment (underscores inside a part do not matter: \`SOME_KEY\`); lists are separated by commas.
Keys below a name of your choice (\`destinations.<name>\`) and lists of sections can only stand in files.

Durations are text with a unit: \`1500ms\`, \`30s\`, \`5m\`, \`2h\`. An unknown key, a value out of range or a
relation that does not hold ends the start with exit code 78 and every problem at once, each with its
file, line and column. The JSON Schemas are \`agent/schema/agent.schema.json\` and
\`aggregator/schema/aggregator.schema.json\`; an editor that speaks YAML uses them with
\`# yaml-language-server: $schema=FILE\` in the first line.
`;

/** Name in the repository -> content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/configuration.md", page()],
    [
      "aggregator/schema/aggregator.schema.json",
      schema(AGGREGATOR_CONFIG, "aggregator", "Herdbeat aggregator"),
    ],
    ["agent/schema/agent.schema.json", schema(AGENT_CONFIG, "agent", "Herdbeat agent")],
  ]);
}

function schema(table: readonly ConfigKey[], name: string, title: string): string {
  const document = configJsonSchema(table, `urn:herdbeat:schema:${name}-config`, title);
  return `${printed(document, "")}\n`;
}

const LINE_LENGTH_MAX = 100;

/** As the formatter writes it: lists on one line where they fit. */
function printed(value: unknown, indent: string, taken = indent.length): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const flat = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    if (taken + flat.length + 1 <= LINE_LENGTH_MAX) return flat;
    return `[\n${value.map((item) => inner + printed(item, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value);
  if (members.length === 0) return "{}";
  const lines = members.map(([name, member]) => {
    const start = `${inner}${JSON.stringify(name)}: `;
    return start + printed(member, inner, start.length);
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function page(): string {
  return [
    INTRODUCTION,
    section("aggregator.yaml", shortened(AGGREGATOR_CONFIG)),
    section("agent.yaml", AGENT_CONFIG),
  ].join("\n");
}

/** One pair of rows stands for all classes. */
function shortened(table: readonly ConfigKey[]): readonly ConfigKey[] {
  return table.flatMap((entry) => {
    if (!entry.key.startsWith("policy.")) return [entry];
    if (!entry.key.startsWith("policy.host-down.")) return [];
    const key = entry.key.replace("host-down", "<class>");
    return [
      key.endsWith("minGrade")
        ? {
            ...entry,
            key,
            doc: `${entry.doc} For classes of the families host and zone; 0 for the others.`,
          }
        : { ...entry, key },
    ];
  });
}

function section(title: string, table: readonly ConfigKey[]): string {
  const rows = table.map((entry) => `| ${cells(entry).map(inCell).join(" | ")} |`);
  return `## ${title}\n\n| key | value | default | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function cells(entry: ConfigKey): readonly string[] {
  const name = `\`${entry.key.replaceAll("*", "<name>")}\``;
  if (entry.reserved !== undefined) return [name, "", "", `Reserved: ${entry.reserved}.`];
  const fallback =
    entry.default === undefined
      ? entry.required === true
        ? "required"
        : ""
      : `\`${JSON.stringify(entry.default)}\``;
  const relation = entry.inequality === undefined ? "" : ` Must satisfy: ${entry.inequality.text}.`;
  const secrecy = entry.secret === true ? " Secret: never shown." : "";
  return [name, typeText(entry.type), fallback, `${entry.doc}${relation}${secrecy}`];
}

function typeText(type: ConfigType): string {
  switch (type.kind) {
    case "section":
    case "any":
      return type.kind === "any" ? "any" : "section";
    case "list":
      return `list of ${scalarText(type.of)}, at most ${type.max}`;
    case "map":
      return `name: ${scalarText(type.of)}, at most ${type.max}`;
    case "items":
      return `list of sections, at most ${type.max}`;
    case "entries":
      return `name: section, at most ${type.max}`;
    default:
      return scalarText(type);
  }
}

function scalarText(type: ScalarType): string {
  switch (type.kind) {
    case "boolean":
      return "`true`, `false`";
    case "text":
      return type.expects ?? "text";
    case "choice":
      return type.values.map((value) => `\`${value}\``).join(", ");
    case "integer":
    case "number":
      return `${type.min} to ${type.max}`;
    case "duration":
      return `${type.min} to ${type.max}`;
  }
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of generatedFiles()) {
    const file = new URL(name, `${ROOT.href}/`);
    if (process.argv.includes("--write")) writeFileSync(file, content);
    else if (readFileSync(file, "utf8") !== content) {
      console.log(`${name} differs; run this with --write`);
      process.exitCode = 1;
    }
  }
}
