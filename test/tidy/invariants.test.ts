import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { type Invariant, ROOT, readInvariants } from "../tools/invariants.ts";

const test = suite("invariants");

const invariants = readInvariants();

test("every identifier is used once", () => {
  const ids = invariants.map(({ id }) => id);
  assert.equal(ids, [...new Set(ids)]);
});

for (const invariant of invariants)
  test(`"${invariant.id}" is backed by tests and a mutant`, () => {
    assert.equal(problemsOf(invariant), []);
  });

function problemsOf({ tests, mutant }: Invariant): string[] {
  const problems: string[] = [];
  for (const { path, names } of tests) {
    const own = read(path);
    if (own === null) {
      problems.push(`no such test file: ${path}`);
      continue;
    }
    const text = own + contractsOf(path);
    for (const name of names)
      if (!text.includes(name) && !templates(text).some((one) => one.test(name)))
        problems.push(`no test of that name in ${path}: ${name}`);
  }
  const source = read(mutant.file);
  const found = source === null ? 0 : source.split(mutant.find).length - 1;
  if (found !== 1) problems.push(`${mutant.file} holds the text of the mutant ${found} times`);
  if (mutant.find === mutant.replace) problems.push("the mutant changes nothing");
  return problems;
}

/** Names of table tests, which are templates in the source. */
function templates(text: string): readonly RegExp[] {
  return [...text.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)].map(([, template = ""]) => {
    const parts = template
      .split(/\$\{[^}]*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".+")}$`);
  });
}

/** A contract's tests are written in the suites that its two runners share. */
function contractsOf(path: string): string {
  if (!path.startsWith("test/contract/")) return "";
  return readdirSync(join(ROOT, "test/contract"))
    .filter((name) => name.endsWith(".contract.ts"))
    .map((name) => readFileSync(join(ROOT, "test/contract", name), "utf8"))
    .join("\n");
}

test("each of the ten invariants has a mutant in every CI run", () => {
  const covered = new Set(invariants.filter(({ ci }) => ci).map(({ invariant }) => invariant));
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) assert.ok(covered.has(number), `${number}`);
});

function read(path: string): string | null {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), "utf8") : null;
}

test.run();
