/**
 * Runs the calling program again in a network namespace of its own, with loopback up and nothing
 * else: deaths by dropped packets and whole address blocks touch nobody else there.
 *
 * Then there are two processes: an outer one that waits and an inner one that works. What ends the
 * outer one, SIGKILL included, ends the inner one by its `exit` handlers, which clean up. `unshare`
 * is not asked to fork: while it waits for a child it lets no signal through.
 */
import { spawn, spawnSync } from "node:child_process";

const MARK = "HERDBEAT_IN_NAMESPACE";
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Why there can be no namespace here, or null. */
export function noNamespaceBecause(): string | null {
  if (process.getuid?.() !== 0) return "needs root for a network namespace";
  const probe = spawnSync("unshare", ["--net", "true"], { stdio: "ignore" });
  return probe.status === 0 ? null : "the kernel refuses a network namespace";
}

export function insideNamespace(): boolean {
  return process.env[MARK] === "1";
}

/** Goes on in a namespace of its own where there can be one; false where there can not. */
export async function enterNamespace(): Promise<boolean> {
  if (!insideNamespace() && noNamespaceBecause() !== null) return false;
  await reenterInNamespace();
  return true;
}

/** Never returns in the outer process: it ends with the inner one's exit code. */
async function reenterInNamespace(): Promise<void> {
  if (insideNamespace()) {
    // Not `once`: Ctrl-C reaches both processes, so this one is told twice.
    for (const signal of SIGNALS) process.on(signal, () => process.exit(1));
    return;
  }
  const script = 'ip link set lo up && exec "$@"';
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const inNamespace = ["unshare", "--net", "sh", "-c", script, "sh", ...again];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...inNamespace], {
    stdio: "inherit",
    env: { ...process.env, [MARK]: "1", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (status, signal) => resolve(signal === null ? (status ?? 1) : 128));
  });
  process.exit(code);
}
