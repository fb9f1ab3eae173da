/**
 * Runs one fence agent once. It is a foreign program that may hang, flood or leave children behind:
 * it gets a process group of its own, which is killed at the deadline and again when it has ended.
 *
 * Options go in on stdin, never on the command line or in the environment, where every user of the
 * machine could read a password.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { DurationMs, Timers } from "@herdbeat/shared/time";

export interface AgentRun {
  /** Name of a program in the system's folders, or an absolute path. */
  readonly program: string;
  readonly options: ReadonlyMap<string, string>;
  readonly deadline: DurationMs;
}

export type AgentResult =
  | {
      readonly kind: "exited";
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      /** More was printed than is kept. */
      readonly isCut: boolean;
    }
  /** Killed by somebody else's signal. */
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "timed-out"; readonly stderr: string }
  | { readonly kind: "not-started"; readonly detail: string };

/** Metadata of the largest agents has 60 KB. What is beyond is read and thrown away. */
export const OUTPUT_BYTES_MAX = 262_144;
const STDERR_BYTES_MAX = 16_384;
/** What an ended agent printed is in the pipe by then, unless a child of its own holds it open. */
const AFTER_EXIT_MS = 200 as DurationMs;
const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export function runAgent(run: AgentRun, timers: Timers): Promise<AgentResult> {
  return new Promise((resolve) => {
    let child: Child;
    try {
      child = spawn(run.program, [], {
        cwd: "/",
        detached: true,
        env: { PATH, LANG: "C.UTF-8", LC_ALL: "C.UTF-8", PYTHONWARNINGS: "ignore" },
        stdio: ["pipe", "pipe", "pipe"],
      });
    } catch (error) {
      resolve({ kind: "not-started", detail: codeOf(error) });
      return;
    }
    const stdout = collect(child.stdout, OUTPUT_BYTES_MAX);
    const stderr = collect(child.stderr, STDERR_BYTES_MAX);
    let ended: AgentResult | null = null;
    const finish = (result: AgentResult): void => {
      deadline.cancel();
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      child.stdin.destroy();
      resolve(result);
    };
    const deadline = timers.after(run.deadline, () => {
      if (ended === null) finish({ kind: "timed-out", stderr: stderr.text() });
    });
    child.once("error", (error) => {
      if (ended !== null) return;
      ended = { kind: "not-started", detail: codeOf(error) };
      finish(ended);
    });
    child.once("exit", (code, signal) => {
      if (ended !== null) return;
      const result = (): AgentResult =>
        code === null
          ? { kind: "killed", signal: String(signal) }
          : {
              kind: "exited",
              code,
              stdout: stdout.text(),
              stderr: stderr.text(),
              isCut: stdout.isCut(),
            };
      ended = result();
      const grace = timers.after(AFTER_EXIT_MS, () => finish(result()));
      child.once("close", () => {
        grace.cancel();
        finish(result());
      });
    });
    // An agent may end without reading its options; what follows is its exit, not our failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdinOf(run.options));
  });
}

/** One option a line, as the interface of fence agents wants it. Values were checked for line ends. */
function stdinOf(options: ReadonlyMap<string, string>): string {
  return [...options].map(([name, value]) => `${name}=${value}\n`).join("");
}

function collect(
  stream: Readable,
  max: number,
): { readonly text: () => string; readonly isCut: () => boolean } {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  stream.on("data", (chunk: Buffer) => {
    const room = max - size;
    if (chunk.length > room) cut = true;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    size += Math.min(chunk.length, Math.max(0, room));
  });
  stream.on("error", () => undefined);
  return { text: () => Buffer.concat(chunks).toString("utf8"), isCut: () => cut };
}

/** The agent and everything it started. */
function killGroup(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing of it lives any more.
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}
