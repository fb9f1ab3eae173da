/**
 * A bench in a namespace is two processes: one outside that waits, one inside that works. What ends
 * the outer one ends the inner one, which cleans up.
 */
import { readFileSync } from "node:fs";

const OUTER = "HERDBEAT_BENCH_OUTER";
const LOOK_EVERY_MS = 500;

/** In the outer process, before it starts the inner one. */
export function endInnerWithUs(): void {
  process.env[OUTER] = String(process.pid);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // Between us is `unshare`, which lets neither through.
    process.on(signal, () => {
      for (const pid of childrenOf(process.pid).flatMap(childrenOf)) signalTo(pid, signal);
    });
  }
}

/** In the inner process. Without an outer one there is nothing to follow. */
export function endWithOuter(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const outer = Number(process.env[OUTER] ?? NaN);
  if (Number.isNaN(outer)) return;
  // SIGKILL of the outer one is heard of in no other way.
  setInterval(() => {
    if (!signalTo(outer, 0)) process.exit(1);
  }, LOOK_EVERY_MS).unref();
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    // It is over, and its children with it.
    return [];
  }
}

/** False: there is no such process any more. */
function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
