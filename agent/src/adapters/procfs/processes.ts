/**
 * Process states from /proc/<pid>/stat. The file is kept open: one read per look, and an open file
 * never speaks of another process that got the same pid later. A look at ten a second and guest must
 * cost next to nothing, so mostly only the state's letter is compared.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Processes, ProcessSample } from "../../ports/processes.ts";

/** Far above the guests of one hypervisor; beyond it the one that was opened first is closed. */
const OPEN_MAX = 1_024;
/** One line of 52 numbers and a name of up to 64 bytes. */
const STAT_BYTES_MAX = 1_024;
/** While the state stays the same, the numbers are parsed at every so many looks. */
const LOOKS_PER_PARSE = 10;
const PARENTHESIS = 0x29;

interface Followed {
  readonly descriptor: number;
  sample: ProcessSample | null;
  looks: number;
}

export class ProcfsProcesses implements Processes {
  readonly #root: string;
  readonly #open = new Map<number, Followed>();
  readonly #buffer = Buffer.alloc(STAT_BYTES_MAX);

  /** @param root where procfs is mounted */
  constructor(root = "/proc") {
    this.#root = root;
  }

  sample(pid: number): ProcessSample | null {
    const known = this.#open.get(pid);
    if (known !== undefined) {
      const sample = this.#look(known);
      if (sample !== null) return sample;
      // That process is gone; whatever has its pid now is another one.
      closeSync(known.descriptor);
      this.#open.delete(pid);
    }
    const opened = this.#follow(pid);
    return opened === null ? null : this.#look(opened);
  }

  close(): void {
    for (const { descriptor } of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }

  #follow(pid: number): Followed | null {
    let descriptor: number;
    try {
      descriptor = openSync(`${this.#root}/${pid}/stat`, "r");
    } catch {
      // No such process, which is an answer.
      return null;
    }
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size >= OPEN_MAX) {
      closeSync(oldest[1].descriptor);
      this.#open.delete(oldest[0]);
    }
    const followed: Followed = { descriptor, sample: null, looks: 0 };
    this.#open.set(pid, followed);
    return followed;
  }

  #look(followed: Followed): ProcessSample | null {
    let length: number;
    try {
      length = readSync(followed.descriptor, this.#buffer, 0, STAT_BYTES_MAX, 0);
    } catch {
      // ESRCH: reaped since it was opened.
      return null;
    }
    followed.looks += 1;
    const { sample } = followed;
    if (sample !== null && followed.looks % LOOKS_PER_PARSE !== 0) {
      const stateAt = this.#buffer.lastIndexOf(PARENTHESIS, length - 1) + 2;
      if (this.#buffer[stateAt] === sample.state.charCodeAt(0)) return sample;
    }
    followed.sample = parseProcessStat(this.#buffer.toString("latin1", 0, length));
    return followed.sample;
  }
}

/** Fields by proc_pid_stat(5), counted from the state, which follows the last parenthesis. */
const FIELD = { state: 0, userTicks: 11, systemTicks: 12, startTicks: 19, exitCode: 49 } as const;
const SIGNAL_MASK = 0x7f;

/** Null when the text is not a whole line of /proc/<pid>/stat. */
export function parseProcessStat(text: string): ProcessSample | null {
  // The name in parentheses is chosen by the program and may hold anything, also parentheses.
  const end = text.lastIndexOf(")");
  if (end < 0) return null;
  const fields = text.slice(end + 2).split(" ");
  const state = fields[FIELD.state];
  const number = (index: number): number => Number(fields[index] ?? Number.NaN);
  const cpuTicks = number(FIELD.userTicks) + number(FIELD.systemTicks);
  const startTicks = number(FIELD.startTicks);
  if (state === undefined || Number.isNaN(cpuTicks) || Number.isNaN(startTicks)) return null;
  // A wait status: the signal in the low bits. Zero for the living and for who may not look.
  const status = Number.parseInt(fields[FIELD.exitCode] ?? "0", 10);
  return { state, startTicks, cpuTicks, killedBy: Number.isNaN(status) ? 0 : status & SIGNAL_MASK };
}
