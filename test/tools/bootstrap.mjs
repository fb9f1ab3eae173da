// Installs what is missing on a fresh machine. Has no dependencies: it runs before `npm ci`.
//
// Guarantee: after `ensure...` returns, the thing is there; otherwise it throws a BootstrapError whose
// message is the exact line to run, and the command line exits with 69 (service unavailable).
// Mechanism: nothing is touched when nothing is missing (one dpkg-query, one hash: below 0.3 s).
// Packages never start a service: a temporary policy-rc.d forbids it while apt-get runs, because a
// developer's machine must not find a virtualization daemon running after `npm test`.
//
// Usage: node test/tools/bootstrap.mjs [node-modules] [store] [network] [guests] [fencing] [services] [browser] [kernel]
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".herdbeat-stamp");
const KERNEL_DIR = join(ROOT, ".cache", "kernel");
const NODE_FLOOR = Object.freeze({ major: 20, minor: 19 });
const EXIT_UNAVAILABLE = 69;
/** A slow mirror and 500 MB of packages still end well before this. */
const STEP_DEADLINE_MS = 900_000;
const OUTPUT_BYTES_MAX = 50_000_000;

const X86 = process.arch === "x64";

/** Debian packages per purpose. */
export const PURPOSES = Object.freeze({
  /** redis-tools holds the server program too (as redis-check-rdb) and brings no system service. */
  store: Object.freeze(["redis-tools"]),
  network: Object.freeze(["iproute2", "nftables"]),
  guests: Object.freeze([
    "busybox-static",
    "cpio",
    "kmod",
    "libvirt-clients",
    "libvirt-daemon-system",
    X86 ? "qemu-system-x86" : "qemu-system-arm",
    "qemu-utils",
  ]),
  /** ipmi_sim answers like a BMC, and fence_ipmilan asks it through ipmitool. */
  fencing: Object.freeze(["fence-agents", "ipmitool", "openipmi"]),
  /** Real servers that profiles of services are tried against; none of them is started. */
  services: Object.freeze(["chrony", "etcd-server", "memcached", "nginx-light", "postgresql"]),
  /** Without a font package Chromium draws no text. */
  browser: Object.freeze(["chromium", "fonts-dejavu-core"]),
});

/** @typedef {keyof typeof PURPOSES} Purpose */
/** @typedef {"cloud" | "full"} KernelFlavour */

export class BootstrapError extends Error {
  exitCode = EXIT_UNAVAILABLE;
}

export function checkNodeVersion(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NODE_FLOOR.major || (major === NODE_FLOOR.major && minor >= NODE_FLOOR.minor)) return;
  throw new BootstrapError(
    `Node.js ${NODE_FLOOR.major}.${NODE_FLOOR.minor} or later is needed; this is ${version}`,
  );
}

/** Runs `npm ci` when node_modules is missing or does not belong to the lockfile. */
export function ensureNodeModules() {
  const lockfile = join(ROOT, "package-lock.json");
  const wanted = createHash("sha256").update(readFileSync(lockfile)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  const byHand = statSync(join(ROOT, "node_modules", ".package-lock.json"), {
    throwIfNoEntry: false,
  });
  const isFresh = byHand !== undefined && byHand.mtimeMs >= statSync(lockfile).mtimeMs;
  if (!isFresh) {
    progress("installing npm packages");
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    const first = run("npm", args);
    const result = first.status === 0 ? first : run("npm", args);
    if (result.status !== 0)
      throw new BootstrapError(`npm ci failed; run it by hand in ${ROOT}\n${result.output}`);
  }
  writeFileSync(STAMP, wanted);
}

/**
 * @param {readonly string[]} names
 * @returns {string[]}
 */
export function missingPackages(names) {
  if (names.length === 0) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format language of dpkg-query.
  const query = spawnSync("dpkg-query", ["-W", "-f=${Package} ${db:Status-Status}\n", ...names], {
    encoding: "utf8",
  });
  const installed = new Set(
    (query.stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Installs those of the Debian packages that are missing.
 * @param {readonly string[]} names
 */
export function ensurePackages(names) {
  const missing = missingPackages(names);
  if (missing.length === 0) return;
  const line = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (!existsSync("/usr/bin/apt-get"))
    throw new BootstrapError(`not a Debian system; install what these hold: ${missing.join(" ")}`);
  const asRoot = rootCommand();
  if (asRoot === null) throw new BootstrapError(`run as root: ${line}`);
  progress(`installing Debian packages: ${missing.join(" ")}`);
  const result = run(asRoot[0] ?? "", [...asRoot.slice(1), "sh", "-c", INSTALL, "sh", ...missing]);
  const still = missingPackages(missing);
  if (result.status !== 0 || still.length > 0)
    throw new BootstrapError(`could not install; run as root: ${line}\n${result.output}`);
}

/**
 * @param {readonly Purpose[]} purposes
 */
export function ensurePurposes(purposes) {
  ensurePackages(purposes.flatMap((purpose) => PURPOSES[purpose]));
}

/**
 * A Debian kernel for guests, downloaded and unpacked, never installed: the host's boot stays as is.
 * "cloud" starts fastest; "full" has the watchdog drivers.
 * @param {KernelFlavour} flavour
 * @returns {{ version: string, kernelPath: string, modulesPath: string }}
 */
export function ensureGuestKernel(flavour = "cloud") {
  const target = join(KERNEL_DIR, flavour);
  return findKernel(target) ?? downloadKernel(flavour, target);
}

/** @param {string} target */
function findKernel(target) {
  const boot = join(target, "boot");
  const image = existsSync(boot)
    ? readdirSync(boot).find((name) => name.startsWith("vmlinuz-"))
    : undefined;
  if (image === undefined) return null;
  const version = image.slice("vmlinuz-".length);
  const modulesPath = join(target, "lib", "modules", version);
  return { version, kernelPath: join(boot, image), modulesPath };
}

/**
 * @param {KernelFlavour} flavour
 * @param {string} target
 */
function downloadKernel(flavour, target) {
  const arch = X86 ? "amd64" : "arm64";
  const meta = flavour === "cloud" ? `linux-image-cloud-${arch}` : `linux-image-${arch}`;
  progress(`downloading a guest kernel (${meta})`);
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  // The flavour's package is empty and depends on the one that holds the kernel.
  const script = `set -e
cd "$1"
name() { apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: \\(linux-image-[0-9][^ ]*\\)$/\\1/p' | head -n 1; }
package=$(name "$2")
test -n "$package"
apt-get download -q "$package"
dpkg -x linux-image-*.deb .
rm -f linux-image-*.deb`;
  let result = run("sh", ["-c", script, "sh", partial, meta]);
  const asRoot = rootCommand();
  if (result.status !== 0 && asRoot !== null) {
    run(asRoot[0] ?? "", [...asRoot.slice(1), "apt-get", "update", "-q"]);
    result = run("sh", ["-c", script, "sh", partial, meta]);
  }
  if (result.status !== 0)
    throw new BootstrapError(
      `could not download ${meta}; run as root: apt-get update\n${result.output}`,
    );
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  const kernel = findKernel(target);
  if (kernel === null) throw new BootstrapError(`${meta} holds no kernel`);
  return kernel;
}

/** Runs as root with the packages as arguments; one at a time, so that the guard is not removed early. */
const INSTALL = `set -e
export DEBIAN_FRONTEND=noninteractive
exec 9>/run/herdbeat-bootstrap.lock
flock -w 800 9
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ] || grep -q herdbeat "$guard"; then
  trap 'rm -f "$guard"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\n# herdbeat: no service starts while packages are installed\\nexit 101\\n' >"$guard"
  chmod 755 "$guard"
fi
update() { apt-get update -q -o DPkg::Lock::Timeout=300 9>&-; }
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 \\
    -o Dpkg::Options::=--force-confold "$@" 9>&-
}
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || update
install "$@" || { update; install "$@"; }`;

/** @returns {string[] | null} */
function rootCommand() {
  if (process.geteuid?.() === 0) return ["env"];
  const sudo = spawnSync("sudo", ["-n", "true"], { stdio: "ignore", timeout: 5_000 });
  return sudo.status === 0 ? ["sudo", "-n"] : null;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: STEP_DEADLINE_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const error = result.error ? `${result.error.message}\n` : "";
  return { status: result.status, output: `${result.stdout ?? ""}${result.stderr ?? ""}${error}` };
}

/** @param {string} step */
function progress(step) {
  console.error(`bootstrap: ${step} ...`);
}

/** @param {string[]} words */
function main(words) {
  checkNodeVersion();
  const purposes = words.filter((word) => !["node-modules", "kernel"].includes(word));
  const unknown = purposes.filter((word) => !Object.hasOwn(PURPOSES, word));
  if (unknown.length > 0) throw new BootstrapError(`unknown purpose: ${unknown.join(" ")}`);
  if (words.length === 0 || words.includes("node-modules")) ensureNodeModules();
  ensurePurposes(/** @type {Purpose[]} */ (purposes));
  if (words.includes("kernel")) ensureGuestKernel();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    console.error(`bootstrap: ${error.message}`);
    process.exitCode = error.exitCode;
  }
}
