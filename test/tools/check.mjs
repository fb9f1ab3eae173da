// `npm test`: everything that must hold before a change lands. Runs on a fresh machine.
//
// Every step runs even when an earlier one failed, so that one run shows all that is wrong; only
// without node_modules there is nothing to run. A failed step counts as one failure in the last line.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BootstrapError, checkNodeVersion, ensureNodeModules } from "./bootstrap.mjs";
import {
  findTestFiles,
  printSlowest,
  provideNeeds,
  runFiles,
  stopOnSignals,
  sumOf,
} from "./run-tests.mjs";
import { CHECKED_SUITES } from "./suites.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const JOBS = 2;

try {
  checkNodeVersion();
  ensureNodeModules();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  console.error(`bootstrap: ${error.message}`);
  process.exit(error.exitCode);
}

let failedSteps = 0;
step("typecheck", "tsc", ["-b"]);
step("format and layers", "biome", ["check", "--error-on-warnings", "--max-diagnostics=100"]);
step("promises and types", "oxlint", ["--type-aware", "--deny-warnings"]);

stopOnSignals();
const files = findTestFiles([...CHECKED_SUITES]);
provideNeeds(files);
const results = await runFiles(files, { jobs: JOBS, verbose: process.argv.includes("--verbose") });
printSlowest(results);
const { passed, failed, skipped } = sumOf(results);
console.log(`${passed} passed, ${failed + failedSteps} failed, ${skipped} skipped`);
process.exitCode = failed + failedSteps > 0 ? 1 : 0;

/**
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 */
function step(title, program, args) {
  const result = spawnSync(join(ROOT, "node_modules", ".bin", program), args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 50_000_000,
  });
  if (result.status === 0) {
    console.log(`ok   ${title}`);
    return;
  }
  failedSteps += 1;
  console.log(`FAIL ${title}`);
  console.log(`${result.stdout}${result.stderr}`.trimEnd().replace(/^/gm, "     | "));
}
