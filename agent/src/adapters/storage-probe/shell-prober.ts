/**
 * One small shell per folder does what can hang.
 *
 * Guarantee: this process never opens, stats or writes anything below the folder, and there is at
 * most one shell per folder, also while one of them cannot be killed because the kernel holds it.
 * Mechanism: the shell waits for a line on its standard input, writes it with `dd conv=fsync`, reads
 * it back and answers with a line. It ends with its input, so it does not outlive the agent.
 * Failure cases: no answer in time: the shell is killed, and its state tells why. Waiting (D, S):
 * the storage hangs. Ready to run or stopped (R, T): it was not let run, which says nothing about the
 * storage. No shell to be had: nothing is known.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import {
  type Clock,
  type DurationMs,
  elapsed,
  type MonotonicMs,
  type Timers,
} from "@herdbeat/shared/time";
import type { StorageAnswer, StorageProber } from "../../ports/storage-prober.ts";

const SHELL = "/bin/sh";
/** One answer is a line; a shell that says more is not ours. */
const ANSWER_BYTES_MAX = 4_096;
const TEXT_LENGTH_MAX = 200;

/** $1 the folder, $2 a name that no other host uses. Answers: `ok FREE TOTAL`, `ok`, `no TEXT`. */
const SCRIPT = `LC_ALL=C; export LC_ALL
file=$1/.herdbeat-probe.$2
trap 'rm -f "$file"' EXIT
while read -r token space; do
  if ! why=$(printf '%s\\n' "$token" | dd of="$file" bs=4096 conv=fsync 2>&1 >/dev/null); then
    printf 'no %s\\n' "$(printf '%s' "$why" | head -n 1)"; continue
  fi
  back=
  if ! read -r back <"$file"; then printf 'no %s: cannot be read back\\n' "$file"; continue; fi
  if [ "$back" != "$token" ]; then printf 'no %s: holds something else\\n' "$file"; continue; fi
  if [ "$space" = space ]; then
    set -- "$1" "$2" $(df -Pk "$1" | tail -n 1)
    printf 'ok %s %s\\n' "$6" "$5"
    set -- "$1" "$2"
  else echo ok; fi
done`;

type Shell = ChildProcessByStdio<Writable, Readable, null>;

interface Folder {
  shell: Shell | null;
  /** While an answer is awaited. */
  pending: { readonly at: MonotonicMs; readonly resolve: (line: string | null) => void } | null;
  /** Since when the shell that was killed does not go away. */
  stuckSince: MonotonicMs | null;
  buffer: string;
  round: number;
}

export interface ShellProberDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Part of the file's name: several hosts may share the folder. */
  readonly hostName: string;
}

export class ShellProber implements StorageProber {
  readonly #deps: ShellProberDeps;
  readonly #folders = new Map<string, Folder>();

  constructor(deps: ShellProberDeps) {
    this.#deps = deps;
  }

  async probe(path: string, timeout: DurationMs, withSpace: boolean): Promise<StorageAnswer> {
    const folder = this.#folder(path);
    const now = this.#deps.clock.now();
    if (folder.stuckSince !== null) return { kind: "hung", since: elapsed(folder.stuckSince, now) };
    if (folder.pending !== null) return { kind: "not-asked", why: "the last question runs" };
    const shell = folder.shell ?? this.#open(path, folder);
    const { pid } = shell;
    if (pid === undefined) return { kind: "not-asked", why: "no process can be started" };
    folder.round += 1;
    const line = await this.#ask(
      folder,
      shell,
      `${folder.round}${withSpace ? " space" : ""}`,
      timeout,
    );
    const took = elapsed(now, this.#deps.clock.now());
    if (line !== null) return answerOf(line, took);
    return this.#silent(folder, shell, pid, took);
  }

  stop(): void {
    // It removes its file and ends; one that hangs ends when the storage is back.
    for (const { shell } of this.#folders.values()) shell?.stdin.end();
  }

  #folder(path: string): Folder {
    let folder = this.#folders.get(path);
    if (folder === undefined) {
      folder = { shell: null, pending: null, stuckSince: null, buffer: "", round: 0 };
      this.#folders.set(path, folder);
    }
    return folder;
  }

  #open(path: string, folder: Folder): Shell {
    const shell: Shell = spawn(SHELL, ["-c", SCRIPT, "sh", path, this.#deps.hostName], {
      stdio: ["pipe", "pipe", "ignore"],
      // Its whole group is killed: what hangs is mostly not the shell.
      detached: true,
      cwd: "/",
    });
    folder.shell = shell;
    folder.buffer = "";
    const gone = (): void => {
      if (folder.shell !== shell) return;
      folder.shell = null;
      folder.stuckSince = null;
      folder.pending?.resolve(null);
    };
    shell.on("error", gone);
    shell.on("exit", gone);
    shell.stdin.on("error", () => {
      // It ended; `exit` tells.
    });
    shell.stdout.on("data", (chunk: Buffer) => {
      if (folder.shell !== shell) return;
      folder.buffer = (folder.buffer + chunk.toString("latin1")).slice(-ANSWER_BYTES_MAX);
      const end = folder.buffer.indexOf("\n");
      if (end < 0) return;
      const line = folder.buffer.slice(0, end);
      folder.buffer = "";
      folder.pending?.resolve(line);
    });
    return shell;
  }

  #ask(folder: Folder, shell: Shell, token: string, timeout: DurationMs): Promise<string | null> {
    const { timers, clock } = this.#deps;
    return new Promise((resolve) => {
      const end = (line: string | null): void => {
        folder.pending = null;
        timer.cancel();
        resolve(line);
      };
      const timer = timers.after(timeout, () => {
        // After a stall of our own the answer may be here, unread.
        timers.afterDrain(() => {
          if (folder.pending !== null) end(null);
        });
      });
      folder.pending = { at: clock.now(), resolve: end };
      shell.stdin.write(`${token}\n`);
    });
  }

  #silent(folder: Folder, shell: Shell, pid: number, took: DurationMs): StorageAnswer {
    // Asked before the kill: afterwards only the kernel's own wait is left.
    const states = familyStates(pid);
    if (folder.shell !== shell) return { kind: "not-asked", why: "the prober ended" };
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Gone meanwhile; `exit` tells.
    }
    if (/[RTt]/.test(states)) {
      folder.shell = null;
      return { kind: "not-asked", why: `the prober was not let run (${states})` };
    }
    folder.stuckSince = durationBefore(this.#deps.clock.now(), took);
    return { kind: "hung", since: took };
  }
}

function durationBefore(now: MonotonicMs, duration: DurationMs): MonotonicMs {
  return (now - duration) as MonotonicMs;
}

function answerOf(line: string, took: DurationMs): StorageAnswer {
  const [, free, total] = /^ok (\d+) (\d+)$/.exec(line) ?? [];
  if (line.startsWith("ok")) {
    // `df` gives what is available and what is used.
    const sum = Number(free) + Number(total);
    const freePercent = sum > 0 ? (Number(free) / sum) * 100 : null;
    return { kind: "written", took, freePercent };
  }
  return { kind: "failed", text: line.replace(/^no (?:dd: )?/, "").slice(0, TEXT_LENGTH_MAX) };
}

/** State letters of the shell and of what it started. Reads of /proc that cannot block. */
function familyStates(pid: number): string {
  const children = text(`/proc/${pid}/task/${pid}/children`).trim();
  const pids = [String(pid), ...(children === "" ? [] : children.split(" "))];
  return pids
    .slice(0, 8)
    .map((one) => {
      const stat = text(`/proc/${one}/stat`);
      return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    })
    .join("");
}

function text(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Gone.
    return "";
  }
}
