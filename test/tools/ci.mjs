// The whole of continuous integration: `npm test`, the longer suites, the audits.
//
// Each suite closes with `N passed, N failed, N skipped`; the last such line counts. A suite that
// ends with another code than 0 without counting a failure is one failure; one that has no closing
// line counts as one test.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { CI_SCRIPTS } from "./suites.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OUTPUT_BYTES_MAX = 10_000_000;

/** @type {{ scripts: Record<string, string> }} */
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const sums = { passed: 0, failed: 0, skipped: 0 };

for (const { script, deadlineMs } of CI_SCRIPTS) {
  console.log(`== npm run ${script}`);
  if (manifest.scripts[script] === undefined) {
    console.log("package.json has no such script");
    count(1, "");
    continue;
  }
  const started = performance.now();
  const { code, output } = await run(["run", "--silent", script], { deadlineMs, echo: true });
  count(code, output);
  console.log(`== ${script}: code ${code}, ${Math.round((performance.now() - started) / 1_000)} s`);
}
await audit();
console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
process.exitCode = sums.failed > 0 ? 1 : 0;

/**
 * @param {number} code
 * @param {string} output
 */
function count(code, output) {
  const closing = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1);
  const failed = Number(closing?.[2] ?? 0);
  sums.passed += Number(closing?.[1] ?? (code === 0 ? 1 : 0));
  sums.failed += failed === 0 && code !== 0 ? 1 : failed;
  sums.skipped += Number(closing?.[3] ?? 0);
}

/** Known weaknesses in what we ship. A registry without advisories is not a failure of ours. */
async function audit() {
  console.log("== npm audit");
  const args = ["audit", "--omit=dev", "--audit-level=high", "--json"];
  const { code, output } = await run(args, { deadlineMs: 120_000, echo: false });
  const report = parse(output);
  if (report?.metadata?.vulnerabilities === undefined) {
    console.log("skipped: the package registry offers no advisories");
    sums.skipped += 1;
    return;
  }
  console.log(JSON.stringify(report.metadata.vulnerabilities));
  if (code !== 0) console.log(JSON.stringify(report.vulnerabilities, null, 1));
  count(code, "");
}

/**
 * @param {string} text
 * @returns {{ metadata?: { vulnerabilities?: object }, vulnerabilities?: object } | undefined}
 */
function parse(text) {
  const start = text.indexOf("{");
  try {
    return start < 0 ? undefined : JSON.parse(text.slice(start, text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}

/**
 * @param {string[]} args
 * @param {{ deadlineMs: number, echo: boolean }} options
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(args, { deadlineMs, echo }) {
  return new Promise((done) => {
    const child = spawn("npm", args, {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", echo ? "inherit" : "ignore"],
    });
    let output = "";
    child.stdout.on("data", (/** @type {Buffer} */ chunk) => {
      if (echo) process.stdout.write(chunk);
      output = (output + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
    });
    child.on("error", (error) => console.log(error.message));
    const timer = setTimeout(() => {
      console.log(`killed at its deadline of ${deadlineMs / 1_000} s`);
      killGroup(child.pid);
    }, deadlineMs);
    child.on("close", (code) => {
      clearTimeout(timer);
      killGroup(child.pid);
      done({ code: code ?? 1, output });
    });
  });
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  if (!pid) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already, which is what we want.
  }
}
