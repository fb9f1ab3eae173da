/** Processes by pid and by program. Reads only what never waits for a process's own locks. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { ProcessIdentity, ProcessTable } from "../../ports/services.ts";

const PID_MAX = 4_194_304;
const DELETED = " (deleted)";

export class ProcfsProcessTable implements ProcessTable {
  readonly #root: string;

  constructor(root = "/proc") {
    this.#root = root;
  }

  identify(pid: number): ProcessIdentity | null {
    const startTicks = this.#startTicks(pid);
    return startTicks === null ? null : { pid, executable: this.#executable(pid), startTicks };
  }

  findByExecutable(path: string): readonly ProcessIdentity[] {
    const found: ProcessIdentity[] = [];
    for (const entry of readdirSync(this.#root)) {
      const pid = Number(entry);
      if (!Number.isInteger(pid) || this.#executable(pid) !== path) continue;
      const identity = this.identify(pid);
      if (identity?.executable === path) found.push(identity);
    }
    return found;
  }

  async readPidFile(path: string): Promise<number | null> {
    try {
      const pid = Number((await readFile(path, "latin1")).slice(0, 64).trim());
      return Number.isInteger(pid) && pid > 1 && pid <= PID_MAX ? pid : null;
    } catch {
      // No file is the same to us as a file without a number.
      return null;
    }
  }

  #executable(pid: number): string | null {
    try {
      const path = readlinkSync(`${this.#root}/${pid}/exe`);
      // A running program whose file was replaced by an upgrade is still that program.
      return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
    } catch {
      // A kernel thread, gone, or not ours to see.
      return null;
    }
  }

  /** Field 22 of stat; the name in field 2 may hold spaces and parentheses. */
  #startTicks(pid: number): number | null {
    try {
      const text = readFileSync(`${this.#root}/${pid}/stat`, "latin1");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? null : Number(fields[19]);
    } catch {
      // Gone.
      return null;
    }
  }
}
