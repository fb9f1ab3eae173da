// Child processes of tests: tracked from start to end, killed by pid, never by name.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

const OUTPUT_BYTES_MAX = 1_000_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TrackedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Standard output and error so far, in order of arrival. */
  output(): string;
  /** Resolves when the process is over and its output is complete. */
  readonly ended: Promise<Ended>;
  /** SIGTERM, then SIGKILL to its whole group after `graceMs`. Resolves when it is gone. */
  stop(graceMs?: number): Promise<Ended>;
}

const running = new Set<number>();

process.once("exit", () => {
  for (const pid of running) killGroup(pid, "SIGKILL");
});

/** Starts a program as the leader of its own process group. */
export function startProcess(
  command: string,
  args: readonly string[],
  {
    withInput,
    ...options
  }: Omit<SpawnOptions, "detached" | "stdio"> & { readonly withInput?: boolean } = {},
): TrackedProcess {
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: [withInput === true ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const pid = child.pid;
  let text = "";
  const collect = (chunk: Buffer): void => {
    if (text.length < OUTPUT_BYTES_MAX) text += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  // A program that cannot be started reports it here and then ends with code null.
  child.on("error", (error) => collect(Buffer.from(`${error.message}\n`)));
  if (pid === undefined) throw new Error(`could not start ${command}`);
  running.add(pid);
  const ended = once(child, "close").then(([code, signal]): Ended => {
    running.delete(pid);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const stop = async (graceMs = 2_000): Promise<Ended> => {
    if (child.exitCode === null && child.signalCode === null) killGroup(pid, "SIGTERM");
    const timer = setTimeout(() => killGroup(pid, "SIGKILL"), graceMs);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  };
  return { child, pid, output: () => text, ended, stop };
}

/** Runs `use` with a started program and stops the program whatever happens. */
export async function withProcess<T>(
  started: TrackedProcess,
  use: (started: TrackedProcess) => Promise<T>,
): Promise<T> {
  try {
    return await use(started);
  } finally {
    await started.stop();
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what we want.
  }
}
