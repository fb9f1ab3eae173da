/** One life of the server's process. */
import { type ChildProcess, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import type { ServerLog } from "./server-log.ts";

export interface Launch {
  /** util-linux's flock: the lock lives exactly as long as the server's process, even when that is killed. */
  readonly flock: string;
  /** util-linux's setpriv: the kernel kills the server when we die, however we die. */
  readonly setpriv: string;
  readonly program: string;
  readonly lockPath: string;
  readonly dataDir: string;
  readonly config: string;
}

/** From sysexits(3)'s free range; the server itself ends with 0 or 1. */
export const LOCKED_EXIT_CODE = 73;
const PING_AGAIN = durationMs(10);
const ANSWER_BYTES_MAX = 200;

/**
 * All three programs replace each other by exec: one process, one pid, which is the server's.
 * Its own session, so that Ctrl-C in a terminal stops us, and we stop it when we are done.
 */
export function launch(options: Launch, log: ServerLog): ChildProcess {
  const { flock, setpriv, program, lockPath } = options;
  const lock = ["--nonblock", "--conflict-exit-code", `${LOCKED_EXIT_CODE}`, "--no-fork", lockPath];
  const child = spawn(flock, [...lock, setpriv, "--pdeathsig", "KILL", "--", program, "-"], {
    cwd: options.dataDir,
    detached: true,
    env: { LC_ALL: "C" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  log.follow(child.stdout);
  log.follow(child.stderr);
  // It may end before it reads; its end is what is reported.
  child.stdin.on("error", () => {});
  // By standard input: the password is in no file and in no process list.
  child.stdin.end(options.config);
  return child;
}

/** Resolves true as soon as the server serves, false when `signal` aborts first. */
export async function untilServing(
  address: { readonly socketPath: string; readonly password: string },
  timers: Timers,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if (await serves(address, signal)) return true;
    await pause(PING_AGAIN, timers);
  }
  return false;
}

export function pause(duration: DurationMs, timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.after(duration, resolve);
  });
}

/** Asks in the protocol's inline form; a server that still loads its data answers -LOADING. */
function serves(
  address: { readonly socketPath: string; readonly password: string },
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: address.socketPath, signal });
    let answer = "";
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => socket.write(`AUTH ${address.password}\r\nPING\r\n`));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
      if (answer.includes("+PONG")) finish(true);
      else if (answer.split("\r\n").length > 2 || answer.length > ANSWER_BYTES_MAX) finish(false);
    });
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
  });
}
