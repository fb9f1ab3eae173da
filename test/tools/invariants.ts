// test/invariants.json: what must always hold, the tests that show it, and a mutant each must kill.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

export interface InvariantTest {
  /** Path of the test file, relative to the root. */
  readonly path: string;
  /** Names of tests in it, as they are written there. */
  readonly names: readonly string[];
}

/** A small change of a production file that breaks the invariant. */
export interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Invariant {
  readonly id: string;
  /** Which of ARCHITECTURE.md's ten invariants it belongs to. */
  readonly invariant: number;
  readonly title: string;
  /** True: its mutant is tried in every CI run; the others by `npm run mutants`. */
  readonly ci: boolean;
  readonly tests: readonly InvariantTest[];
  readonly mutant: Mutant;
}

export function readInvariants(): readonly Invariant[] {
  const parsed: unknown = JSON.parse(readFileSync(join(ROOT, "test/invariants.json"), "utf8"));
  if (!Array.isArray(parsed)) throw new Error("test/invariants.json must hold a list");
  return parsed.map(parseInvariant);
}

function parseInvariant(value: unknown, index: number): Invariant {
  const at = `test/invariants.json[${index}]`;
  const entry = recordOf(value, at);
  const mutant = recordOf(entry["mutant"], `${at}.mutant`);
  return {
    id: textOf(entry["id"], `${at}.id`),
    invariant: numberOf(entry["invariant"], `${at}.invariant`),
    title: textOf(entry["title"], `${at}.title`),
    ci: entry["ci"] === true,
    tests: listOf(entry["tests"], `${at}.tests`).map((item) => {
      const test = recordOf(item, `${at}.tests`);
      return {
        path: textOf(test["path"], `${at}.tests.path`),
        names: listOf(test["names"], `${at}.tests.names`).map((name) => textOf(name, at)),
      };
    }),
    mutant: {
      file: textOf(mutant["file"], `${at}.mutant.file`),
      find: textOf(mutant["find"], `${at}.mutant.find`),
      replace: typeof mutant["replace"] === "string" ? mutant["replace"] : "",
    },
  };
}

function recordOf(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new Error(`${at} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${at} must be a filled list`);
  return value;
}

function numberOf(value: unknown, at: string): number {
  if (!Number.isInteger(value)) throw new Error(`${at} must be a whole number`);
  return value as number;
}

function textOf(value: unknown, at: string): string {
  if (typeof value !== "string" || value === "") throw new Error(`${at} must be a text`);
  return value;
}
