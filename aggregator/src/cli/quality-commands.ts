/** `herdctl quality show`: how soon deaths are declared, and how often the living are suspected. */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { durationMs } from "@herdbeat/shared/time";
import type { Command } from "commander";
import { contextOf } from "./context.ts";
import { asDocument, type Document, documentsOf, numberOf, textOf } from "./document.ts";
import { fields } from "./node-commands.ts";
import { writeItem } from "./output.ts";
import { nodeId } from "./resolve.ts";
import { type Column, renderTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface ShowFlags {
  readonly node?: string;
  readonly shards?: true;
}

export function addQualityCommands(program: Command, terminal: Terminal): void {
  program
    .command("quality")
    .description("how well failures are detected")
    .command("show")
    .description("detection time, mistake rate and accuracy, with bounds at 95 %")
    .option("--node <node>", "of this node too: its id or host name")
    .option("--shards", "of each shard too")
    .action((flags: ShowFlags, command: Command) => showQuality(flags, command, terminal));
}

async function showQuality(flags: ShowFlags, command: Command, terminal: Terminal): Promise<void> {
  const { client, output } = await contextOf(command, terminal);
  const id = flags.node === undefined ? null : await nodeId(client, flags.node);
  const query = id === null ? "" : `?node=${encodeURIComponent(id)}`;
  const value = await client.get(`/api/v1/quality${query}`);
  const shards = documentsOf(value["shards"]);
  const lines = (): readonly string[] => [
    ...predictionLines(asDocument(value["prediction"])),
    ...drillLines(asDocument(value["drills"])),
    "",
    ...(id === null ? [] : [`Node ${id}:`, ...figureLines(asDocument(value["node"])), ""]),
    "Fleet:",
    ...figureLines(asDocument(value["fleet"])),
    ...(flags.shards === true
      ? [
          "",
          ...renderTable(SHARD_COLUMNS, shards, {
            headers: true,
            wide: false,
            colour: output.colour,
          })
            .trimEnd()
            .split("\n"),
        ]
      : []),
    "",
    ...fields([["Counted by", (value["countedBy"] as readonly string[]).join(", ")]]),
    ...(value["isComplete"] === true
      ? []
      : ["The store does not answer: these are the counts of one aggregator alone."]),
  ];
  writeItem(terminal, output, { value, name: "fleet", lines });
}

function predictionLines(prediction: Document): readonly string[] {
  const range = (name: string): string => {
    const one = asDocument(prediction[name]);
    return `${timeOf(one["fromMs"])} to ${timeOf(one["toMs"])}`;
  };
  const jitter = numberOf(prediction, "jitterMs");
  return [
    "A death should be declared after",
    ...fields([
      ["  with witnesses", range("witnessed")],
      ["  without", range("alone")],
      ["  jitter seen", jitter === null ? "not yet known" : timeOf(jitter)],
    ]),
  ];
}

function drillLines(drills: Document): readonly string[] {
  const [declared, delivered] = [asDocument(drills["declared"]), asDocument(drills["delivered"])];
  if ((numberOf(declared, "samples") ?? 0) === 0) return [];
  return fields([
    [
      "  in drills",
      `${estimate(declared, "medianMs", timeOf)} in the median of ${textOf(declared, "count")}, ${timeOf(declared["maxMs"])} at most; received after ${estimate(delivered, "medianMs", timeOf)}`,
    ],
  ]);
}

function figureLines(figures: Document): readonly string[] {
  const deaths = asDocument(figures["deaths"]);
  const known = numberOf(deaths, "samples") ?? 0;
  return fields([
    ["  since", textOf(figures, "since")],
    ["  observed", `${(numberOf(figures, "observedNodeHours") ?? 0).toFixed(1)} node hours`],
    [
      "  deaths",
      known === 0
        ? textOf(deaths, "count")
        : `${textOf(deaths, "count")}; declared after ${estimate(deaths, "medianMs", timeOf)} in the median, ${timeOf(deaths["maxMs"])} at most`,
    ],
    ...mistakeFields("suspected", asDocument(figures["suspicion"])),
    ...mistakeFields("declared", asDocument(figures["declaration"])),
  ]);
}

function mistakeFields(what: string, figures: Document): readonly (readonly [string, string])[] {
  const rate = (value: unknown): string => `${Number(value).toPrecision(2)}`;
  const longest = numberOf(figures, "maxMs");
  return [
    [
      `  wrongly ${what}`,
      `${textOf(figures, "mistakes")}; per node and hour ${estimate(figures, "perNodeHour", rate)}`,
    ],
    [
      "    lasting",
      longest === null
        ? "-"
        : `${estimate(figures, "meanMs", timeOf)} in the mean, ${timeOf(longest)} at most`,
    ],
    ["    accuracy", estimate(figures, "accuracy", (value) => Number(value).toFixed(6))],
  ];
}

function estimate(figures: Document, name: string, words: (value: unknown) => string): string {
  const { value, low, high } = asDocument(figures[name]);
  if (typeof value !== "number") return "unknown";
  const [from, to] = [low, high].map((bound) => (typeof bound === "number" ? words(bound) : "?"));
  return `${words(value)} (${from} to ${to})`;
}

function timeOf(ms: unknown): string {
  return typeof ms === "number" ? formatDuration(durationMs(Math.round(ms))) : "unknown";
}

const SHARD_COLUMNS: readonly Column[] = [
  { title: "SHARD", cell: (row) => textOf(row, "shard") },
  { title: "NODE-HOURS", cell: (row) => (numberOf(row, "observedNodeHours") ?? 0).toFixed(1) },
  { title: "DEATHS", cell: (row) => textOf(asDocument(row["deaths"]), "count") },
  { title: "SUSPECTED", cell: (row) => textOf(asDocument(row["suspicion"]), "mistakes") },
  { title: "DECLARED", cell: (row) => textOf(asDocument(row["declaration"]), "mistakes") },
  {
    title: "ACCURACY",
    cell: (row) =>
      estimate(asDocument(row["suspicion"]), "accuracy", (value) => Number(value).toFixed(6)),
  },
];
