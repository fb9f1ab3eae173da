// What the documents promise, compared with what the programs have.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createProgram } from "@herdbeat/aggregator/cli/program";
import type { Terminal } from "@herdbeat/aggregator/cli/terminal";
import { ERROR_CODES } from "@herdbeat/shared/errors";
import type { Command } from "commander";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";

const test = suite("documents");

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");

test("operations.md explains every error code, and no other", () => {
  const headings = [...read("operations.md").matchAll(/^### (HB_\w+)$/gm)].map((match) => match[1]);
  assert.equal(headings, [...ERROR_CODES]);
});

test("operations.md says what to do about each code", () => {
  const sections = read("operations.md").split(/^### /m).slice(1);
  for (const section of sections) assert.ok(section.includes("**Do:**"), section.split("\n", 1)[0]);
});

const SILENT: Terminal = {
  write: () => {},
  writeError: () => {},
  environment: {},
  isTerminal: false,
  ask: async () => null,
  readFile: async () => null,
};

function* leavesOf(command: Command, path: readonly string[] = []): Generator<string> {
  if (command.commands.length === 0) yield path.join(" ");
  for (const each of command.commands) yield* leavesOf(each, [...path, each.name()]);
}

test("herdctl.md shows every command, and no other", () => {
  const grammar = read("herdctl.md").split("```")[1] ?? "";
  const shown = [
    ...grammar.matchAll(/^herdctl ((?:[a-z]+(?:-[a-z]+)* ?)+?)(?= [^a-z]| [a-z]+\||$| {2})/gm),
  ].map((match) => match[1]?.trim());
  assert.equal(shown, [...leavesOf(createProgram(SILENT, "0"))]);
});

test.run();
