// What linters cannot state about the files of this repository.
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { deadlineOf } from "../tools/run-tests.mjs";
import { ROOT, type SourceFile, textFiles } from "./source-files.ts";

const FILE_LINES_MAX = 400;
/** A suite is a list of cases, read one at a time. */
const SUITE_LINES_MAX = 550;
/** Room for a suite within the deadline of a whole run. */
const FILE_DEADLINE_MAX_MS = 900_000;

const files = textFiles();
const isCode = ({ path }: SourceFile): boolean =>
  /\.(?:ts|tsx|mjs|js)$/.test(path) &&
  !path.startsWith("proto/gen/") &&
  !path.startsWith("test/fixtures/");
const codeFiles = files.filter(isCode);
const testFiles = codeFiles.filter(({ path }) => path.endsWith(".test.ts"));
const inCore = ({ path }: SourceFile): boolean => /^(?:agent|aggregator)\/src\/core\//.test(path);

/** The offending lines as `path:line: text`. */
function grep(among: readonly SourceFile[], pattern: RegExp): string[] {
  return among.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      return pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
    }),
  );
}

const test = suite("tidy");

test("there are files to look at", () => {
  assert.ok(codeFiles.length > 10, "the list of files must not be empty by mistake");
  assert.ok(testFiles.length > 0);
});

test("no code file is longer than the limit", () => {
  const long = codeFiles
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ path, lines }) => {
      return lines > (path.endsWith(".test.ts") ? SUITE_LINES_MAX : FILE_LINES_MAX);
    })
    .map(({ path, lines }) => `${path}: ${lines}`);
  assert.equal(long, []);
});

test("no test is singled out", () => {
  assert.equal(grep(testFiles, /\.only\(/), []);
});

test("every suite is run", () => {
  const forgotten = testFiles.filter(({ text }) => {
    const suites = [...text.matchAll(/^(?:const|let) (\w+) = suite\(/gm)].map((match) => match[1]);
    const ran = suites.every((name) => new RegExp(`^\\s*${name}\\.run\\(\\);`, "m").test(text));
    return !(ran && (suites.length > 0 || /\brun\w*\(/.test(text)));
  });
  assert.equal(
    forgotten.map(({ path }) => path),
    [],
  );
});

test("tests use the suite with a deadline", () => {
  assert.equal(grep(testFiles, /^import .* from "uvu";/), []);
});

test("the deadline of every test file is bounded", () => {
  const endless = testFiles.filter(({ text }) => deadlineOf(text) > FILE_DEADLINE_MAX_MS);
  assert.equal(
    endless.map(({ path }) => path),
    [],
  );
});

test("nothing in a core is asynchronous", () => {
  assert.equal(
    grep(codeFiles.filter(inCore), /\basync\b(?! )|\basync (?:function|\()|\bawait /),
    [],
  );
  assert.equal(grep(codeFiles.filter(inCore), /\bPromise</), []);
});

test("ports hold no values but limits and names", () => {
  const ports = codeFiles.filter(({ path }) => /^(?:agent|aggregator)\/src\/ports\//.test(path));
  assert.equal(grep(ports, /^export (?:const [a-z]|(?:let|function|class|async)\b)/), []);
});

test("code leaves no notes to its author", () => {
  // Spelled apart so that this file does not find itself.
  const fixLater = new RegExp(`\\b${"FIX"}${"ME"}\\b|\\b${"X"}${"XX"}\\b`);
  const ownerless = new RegExp(`\\b${"TO"}${"DO"}\\b(?!\\([\\w-]+\\): )`);
  assert.equal(grep(codeFiles, fixLater), []);
  assert.equal(grep(codeFiles, ownerless), []);
});

test("a linter is silenced only with a reason", () => {
  assert.equal(grep(codeFiles, /(?:biome-ignore(?:-\w+)? [\w/]+)(?!.*: \S)/), []);
  assert.equal(grep(codeFiles, /@ts-(?:ignore|nocheck)/), []);
  assert.equal(grep(codeFiles, /(?:oxlint|eslint)-disable(?!.* -- \S)/), []);
});

test("nothing names a place outside this repository", () => {
  // Spelled apart so that this file does not find itself.
  const words = ["/wo" + "rk/", "npm" + "js.org", "deb.debian" + ".org", "/ro" + "ot/"];
  const pattern = new RegExp(words.map((word) => word.replaceAll(".", "\\.")).join("|"));
  const ours = files.filter(({ path }) => !path.startsWith("test/fixtures/"));
  assert.equal(grep(ours, pattern), []);
});

test("the lockfile names no registry", () => {
  const lockfile = files.find(({ path }) => path === "package-lock.json");
  assert.ok(lockfile);
  assert.equal(grep([lockfile], /"resolved": "(?!(?:agent|aggregator|proto|shared|test)")/), []);
});

test("dependencies have exact versions", () => {
  const manifests = files.filter(({ path }) => /^(?:\w+\/)?package\.json$/.test(path));
  assert.is(manifests.length, 6);
  assert.equal(grep(manifests, /"[\^~]\d/), []);
});

test("relative links in the documents lead somewhere", () => {
  const documents = files.filter(
    ({ path }) => path.endsWith(".md") && !path.startsWith("test/fixtures/"),
  );
  const broken = documents.flatMap(({ path, text }) => {
    const prose = text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
    return [...prose.matchAll(/\]\((?!\w+:|#)<?([^)#>\s]+)[^)]*\)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !existsSync(join(ROOT, normalize(join(dirname(path), link)))))
      .map((link) => `${path}: ${link}`);
  });
  assert.equal(broken, []);
});

test("every fixture states where it comes from", () => {
  const fixtures = files.filter(({ path }) => path.startsWith("test/fixtures/"));
  const orphans = fixtures.filter(
    ({ path, text }) =>
      !path.endsWith("README.md") && !hasReadme(path) && !/\borigin:/i.test(text.slice(0, 500)),
  );
  assert.equal(
    orphans.map(({ path }) => path),
    [],
  );
});

/** A README beside the fixture, or in a folder above it within test/fixtures. */
function hasReadme(path: string): boolean {
  for (let folder = dirname(path); folder !== "test/fixtures"; folder = dirname(folder))
    if (existsSync(join(ROOT, folder, "README.md"))) return true;
  return false;
}

test.run();
