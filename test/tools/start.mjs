// `npm start`: the main job on this machine. Installs what is missing, builds, then runs test/demo.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  BootstrapError,
  checkNodeVersion,
  ensureNodeModules,
  ensurePurposes,
} from "./bootstrap.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SYSTEM_SOCKETS = ["/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"];

const words = process.argv.slice(2);
if (words.includes("--help")) {
  console.log(`npm start [-- options]
  --guests=auto|yes|no   a private libvirtd with two tiny guests; auto: when there is no libvirt here
  --nodes=N              simulated nodes beside this machine (default 20)
  --port=N               of the dashboard (default: any free one)
  --check                start, wait until everything is seen, and end`);
  process.exit(0);
}
const guests =
  words.find((word) => word.startsWith("--guests="))?.slice("--guests=".length) ?? "auto";
const ownLibvirt = SYSTEM_SOCKETS.find((path) => existsSync(path));
const wantGuests = guests === "yes" || (guests === "auto" && ownLibvirt === undefined);

try {
  checkNodeVersion();
  ensureNodeModules();
  ensurePurposes(["store"]);
  if (wantGuests) ensurePurposes(["guests"]);
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  console.error(`bootstrap: ${error.message}`);
  process.exit(error.exitCode);
}

step("building", process.execPath, [
  join(ROOT, "node_modules/typescript/bin/tsc"),
  "-b",
  "aggregator",
  "agent",
]);
if (!existsSync(join(ROOT, "aggregator/web/dist/index.html"))) {
  step("building the dashboard", process.execPath, [join(ROOT, "test/tools/build-web.mjs")]);
}

const child = spawn(
  process.execPath,
  [
    "--import",
    "tsx",
    "--conditions=source",
    join(ROOT, "test/demo/main.ts"),
    ...words,
    `--with-guests=${wantGuests}`,
  ],
  { cwd: ROOT, stdio: "inherit" },
);
// Ctrl-C reaches the child by itself; it cleans up and ends, and so do we.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));

/**
 * @param {string} title
 * @param {string} program
 * @param {string[]} args
 */
function step(title, program, args) {
  const startedAt = Date.now();
  const result = spawnSync(program, args, { cwd: ROOT, encoding: "utf8" });
  if (result.status !== 0) {
    console.error(`${title}: failed\n${result.stdout}${result.stderr}`);
    process.exit(1);
  }
  const seconds = (Date.now() - startedAt) / 1_000;
  if (seconds > 1) console.log(`${title}: ${seconds.toFixed(0)} s`);
}
