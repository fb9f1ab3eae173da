// Runs test files written with uvu: one process per file, a hard deadline, strict counting.
//
// Guarantee: the run is green only if every file ended with code 0, ran at least one test, and every
// test either passed or was skipped for a reason on the closed list.
// Mechanism: uvu alone exits 0 when a hook throws or a file forgets `.run()`, so its printed totals
// are parsed and compared. Each file leads a process group, which is killed when the file is over.
// Failure case: a hung file is killed with SIGKILL at its deadline and counted as one failed test.
//
// Usage: node test/tools/run-tests.mjs <suite-or-file>... [--jobs=N] [--verbose]
// A suite is a folder below test/. The last line is always `N passed, N failed, N skipped`.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { BootstrapError, ensurePurposes, PURPOSES } from "./bootstrap.mjs";
import { isInstallable, isSkipReason } from "./skip-reasons.mjs";

/** @typedef {{ file: string, passed: number, failed: number, skipped: number, problem: string | null,
 *   output: string, durationMs: number, reasons: string[] }} FileResult */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A file that needs longer states it in its first lines: `// deadline: 300s`. */
const DEADLINE_DEFAULT_MS = 60_000;
/** Where a file states its deadline and, as `// needs: store browser`, the packages it wants. */
const HEADER_LINES_MAX = 5;
/** More than a reader looks at; a file that prints without end must not fill the memory. */
const OUTPUT_BYTES_MAX = 1_000_000;
const SLOWEST_SHOWN = 5;
/** How long after the end of the process its output may still arrive before its group is killed. */
const DRAIN_MS = 1_000;

/**
 * Node strips types itself from 22.18 on; before that tsx does it.
 * @param {string} version
 * @returns {string[]}
 */
export function nodeArguments(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const native = major > 22 || (major === 22 && minor >= 18);
  return native ? ["--conditions=source"] : ["--import", "tsx", "--conditions=source"];
}

/**
 * @param {string} source
 * @returns {number}
 */
export function deadlineOf(source) {
  const match = /^\/\/ deadline: (\d{1,4})s$/m.exec(headerOf(source));
  return match ? Number(match[1]) * 1_000 : DEADLINE_DEFAULT_MS;
}

/**
 * The purposes of bootstrap.mjs that a test file asks for: `// needs: store browser`.
 * @param {string} source
 * @returns {string[]}
 */
export function needsOf(source) {
  return /^\/\/ needs: ([a-z ]+)$/m.exec(headerOf(source))?.[1]?.split(" ") ?? [];
}

/** @param {string} source */
function headerOf(source) {
  return source.split("\n", HEADER_LINES_MAX).join("\n");
}

/**
 * Installs what the files ask for. Outside CI a machine where that is not possible runs the rest.
 * @param {string[]} files
 */
export function provideNeeds(files) {
  const needs = new Set(files.flatMap((file) => needsOf(readFileSync(file, "utf8"))));
  const unknown = [...needs].filter((need) => !Object.hasOwn(PURPOSES, need));
  if (unknown.length > 0) throw new Error(`unknown "needs": ${unknown.join(", ")}`);
  try {
    ensurePurposes(/** @type {import("./bootstrap.mjs").Purpose[]} */ ([...needs]));
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    console.log(`note: ${error.message}`);
  }
}

/**
 * Judges one finished file by what it printed and how it ended.
 * @param {{ code: number | null, signal: string | null, timedOut: boolean, output: string,
 *   deadlineMs: number, strictSkips: boolean }} end
 * @returns {Omit<FileResult, "file" | "output" | "durationMs">}
 */
export function judge({ code, signal, timedOut, output, deadlineMs, strictSkips }) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with ESC.
  const text = output.replace(/\u001b\[[0-9;]*m/g, "");
  const total = lastCount(text, "Total");
  const passed = lastCount(text, "Passed");
  const skipped = lastCount(text, "Skipped");
  const reasons = [...text.matchAll(/^skip-reason: ([a-z-]+)/gm)].map((match) => match[1] ?? "");
  const unknown = reasons.filter((reason) => !isSkipReason(reason));
  const installable = reasons.filter(isInstallable);
  let problem = null;
  if (timedOut) problem = `killed at its deadline of ${deadlineMs / 1_000} s`;
  else if (signal !== null) problem = `ended by ${signal}`;
  else if (code !== 0) problem = `exit code ${code}`;
  else if (total + skipped === 0) problem = "no test ran (is `.run()` missing?)";
  else if (passed !== total)
    problem = `only ${passed} of ${total} tests passed (did a hook or null get thrown?)`;
  else if (unknown.length > 0) problem = `skip reason not on the list: ${unknown.join(", ")}`;
  else if (reasons.length < skipped) problem = "a test is skipped without a reason";
  else if (strictSkips && installable.length > 0)
    problem = `skipped for something that can be installed: ${installable.join(", ")}`;
  if (problem === null) return { passed, failed: 0, skipped, problem, reasons };
  return { passed, failed: Math.max(1, total - passed), skipped, problem, reasons };
}

/**
 * uvu prints one block of totals per process; the last one counts.
 * @param {string} text
 * @param {string} label
 */
function lastCount(text, label) {
  const all = [...text.matchAll(new RegExp(`^  ${label}:\\s+(\\d+)$`, "gm"))];
  return Number(all.at(-1)?.[1] ?? 0);
}

/**
 * @param {string} file
 * @returns {Promise<FileResult>}
 */
export function runFile(file, strictSkips = process.env["CI"] === "true") {
  const deadlineMs = deadlineOf(readFileSync(file, "utf8"));
  const started = performance.now();
  return new Promise((done) => {
    const child = spawn(process.execPath, [...nodeArguments(), file], {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
    });
    groups.add(child.pid ?? 0);
    let output = "";
    let timedOut = false;
    /** @param {Buffer} chunk */
    const collect = (chunk) => {
      if (output.length < OUTPUT_BYTES_MAX) output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, deadlineMs);
    // A grandchild that outlives the file keeps the pipes open, so "close" alone could wait for ever.
    child.on("exit", () => setTimeout(() => killGroup(child.pid), DRAIN_MS).unref());
    child.on("error", (error) => {
      output += String(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      groups.delete(child.pid ?? 0);
      const verdict = judge({ code, signal, timedOut, output, deadlineMs, strictSkips });
      done({ file, output, durationMs: performance.now() - started, ...verdict });
    });
  });
}

/** @type {Set<number>} */
const groups = new Set();

/** Ends every running test file; for a runner that is itself told to stop. */
export function killAll() {
  for (const pid of groups) killGroup(pid);
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  if (!pid) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is already gone, which is what we want.
  }
}

/**
 * Suites and files named on the command line, as a sorted list of test files.
 * @param {string[]} names
 * @returns {string[]}
 */
export function findTestFiles(names) {
  /** @type {Set<string>} */
  const files = new Set();
  for (const name of names) {
    const inTest = join(ROOT, "test", name);
    const path = isDirectory(inTest) ? inTest : resolve(name);
    if (!isDirectory(path)) {
      statSync(path);
      files.add(path);
      continue;
    }
    for (const entry of readdirSync(path, { recursive: true, encoding: "utf8" }))
      if (entry.endsWith(".test.ts") && !entry.includes("node_modules"))
        files.add(join(path, entry));
  }
  return [...files].sort();
}

/** @param {string} path */
function isDirectory(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * @param {string[]} files
 * @param {{ jobs: number, verbose: boolean }} options
 * @returns {Promise<FileResult[]>}
 */
export async function runFiles(files, { jobs, verbose }) {
  const waiting = [...files];
  /** @type {FileResult[]} */
  const results = [];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(file);
      results.push(result);
      print(result, verbose);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}

/**
 * @param {FileResult} result
 * @param {boolean} verbose
 */
function print(result, verbose) {
  const name = relative(ROOT, result.file);
  if (result.problem === null) {
    const skips = [...new Set(result.reasons)].map((reason) => `, skipped: ${reason}`).join("");
    if (verbose || skips) console.log(`ok   ${name} (${result.passed}${skips})`);
    return;
  }
  console.log(`FAIL ${name}: ${result.problem}`);
  console.log(result.output.trimEnd().replace(/^/gm, "     | "));
}

/** @param {readonly FileResult[]} results */
export function sumOf(results) {
  /** @param {"passed" | "failed" | "skipped"} key */
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** @param {FileResult[]} results */
export function printSlowest(results) {
  if (results.length === 0) return;
  const slowest = [...results].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST_SHOWN);
  const shown = slowest.map(
    ({ file, durationMs }) => `${basename(file)} ${(durationMs / 1_000).toFixed(1)} s`,
  );
  console.log(`slowest: ${shown.join(", ")}`);
}

/** @param {string[]} argv */
async function main(argv) {
  const options = argv.filter((word) => word.startsWith("--"));
  const names = argv.filter((word) => !word.startsWith("--"));
  const jobs = Number(options.find((word) => word.startsWith("--jobs="))?.slice(7) ?? 2);
  const files = findTestFiles(names);
  provideNeeds(files);
  const results = await runFiles(files, { jobs, verbose: options.includes("--verbose") });
  printSlowest(results);
  const sums = sumOf(results);
  console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
  process.exitCode = sums.failed > 0 ? 1 : 0;
}

/** Test files lead process groups of their own, so Ctrl-C does not reach them by itself. */
export function stopOnSignals() {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
    process.once(signal, () => {
      killAll();
      process.exit(1);
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  await main(process.argv.slice(2));
}
