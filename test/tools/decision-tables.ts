// The tables of docs/failure-detection.md that are made from the code.
// Usage: node --import tsx --conditions=source test/tools/decision-tables.ts --write
import { readFileSync, writeFileSync } from "node:fs";
import { ruleFor } from "@herdbeat/aggregator/core/detection-config";
import { applyVerdicts } from "@herdbeat/aggregator/core/incident-book";
import { HOST_GRADE_MIN, requestFor } from "@herdbeat/aggregator/core/incident-request";
import type { Verdict } from "@herdbeat/aggregator/core/node-state";
import {
  FAILURE_CLASSES,
  type FailureClass,
  familyOf,
  type Grade,
  gradeName,
  isReportable,
} from "@herdbeat/shared/classes";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import { aliveNode, testConfig } from "../support/node-driver.ts";
import { type Said, SITUATIONS, saidOf } from "../support/situations.ts";

const PAGE = new URL("../../docs/failure-detection.md", import.meta.url);
const ALL_GRADES: readonly Grade[] = [0, 1, 2, 3, 4, 5];

/** The page with its tables made anew. */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, table]) => {
    const begin = `<!-- ${name}: made by test/tools/decision-tables.ts -->`;
    const end = `<!-- end of ${name} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) throw new Error(`the page has no place for "${name}"`);
    return `${text.slice(0, from)}${begin}\n\n${table().join("\n")}\n\n${text.slice(to)}`;
  }, page);
}

export function pageText(): string {
  return readFileSync(PAGE, "utf8");
}

const TABLES: { readonly [name: string]: () => readonly string[] } = {
  situations: situationTable,
  classes: classTable,
};

function situationTable(): readonly string[] {
  const rows = SITUATIONS.flatMap((one) =>
    saidOf(one).map((said, i) => `| ${i === 0 ? said.what : "the same"} | ${saidCells(said)} |`),
  );
  return [
    "| what happens | said | grade | rule | after | told after | state shown in the end |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ];
}

function saidCells(said: Said): string {
  const { failureClass, grade, rule, afterMs, toldAfterMs, state } = said;
  if (failureClass === "") return `nothing | | | | | \`${state}\``;
  const told = toldAfterMs === null ? "not told" : seconds(toldAfterMs);
  return `\`${failureClass}\` | ${grade} | \`${rule}\` | ${seconds(afterMs)} | ${told} | \`${state}\``;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function classTable(): readonly string[] {
  return [
    "| class | family | may be reported by an agent | by default | with `recover`, asks for | from grade |",
    "|---|---|---|---|---|---|",
    ...FAILURE_CLASSES.map((one) => {
      const request = requestFor(one);
      const least = leastGrade(one);
      const asks =
        least === null ? "nothing | " : `\`${request}\` | ${least} \`${gradeName(least)}\``;
      const reported = isReportable(one) ? "yes" : "no";
      return `| \`${one}\` | ${familyOf(one)} | ${reported} | ${ruleFor({}, one).action} | ${asks} |`;
    }),
  ];
}

/**
 * The least grade at which an incident of that class is committed, by opening one of each. A host's
 * commit is judged apart, and no policy lowers the proof that it needs.
 */
export function leastGrade(failureClass: FailureClass): Grade | null {
  if (failureClass === "host-down") return HOST_GRADE_MIN;
  const config = testConfig({ [failureClass]: { action: "recover", minGrade: 0 } });
  const now = { listening: listeningMs(0), wall: unixMs(0) };
  const opened = (grade: Grade): boolean =>
    applyVerdicts(aliveNode().state, [openVerdict(failureClass, grade)], {
      config,
      now,
    }).effects.some((one) => one.kind === "transition" && one.request);
  return ALL_GRADES.find(opened) ?? null;
}

function openVerdict(failureClass: FailureClass, grade: Grade): Verdict {
  return {
    kind: "open",
    origin: "table",
    subject: "",
    onset: 0,
    failureClass,
    grade,
    reason: "Table",
    message: "",
    evidence: [],
    rule: { name: "table", thresholdsMs: {}, because: "" },
    attributes: {},
    announce: true,
  };
}

if (process.argv.includes("--write")) writeFileSync(PAGE, withTables(pageText()));
