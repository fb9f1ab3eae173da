/** A process under measurement: pinned to a core, its CPU and loop delay observable from outside. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nodeArguments } from "../../tools/run-tests.mjs";
import { cpuMs, processTree, rssMiB } from "./process-tree.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PROBE = fileURLToPath(new URL("loop-probe.mjs", import.meta.url));
const LINES_KEPT = 1_000;

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

export class MeasuredProcess {
  readonly child: ChildProcess;
  readonly #probeFile: string;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();

  /** Starts `node FILE ARGS` on one core. */
  constructor(core: number, file: string, args: readonly string[]) {
    this.#probeFile = join(tmpdir(), `herdbeat-loop-${process.pid}-${file.replaceAll(/\W/g, "-")}`);
    const node = [process.execPath, ...nodeArguments(), "--import", PROBE, file, ...args];
    this.child = spawn("taskset", ["-c", String(core), ...node], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, HERDBEAT_LOOP_PROBE: this.#probeFile, NODE_NO_WARNINGS: "1" },
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error("no standard output");
    createInterface({ input: stdout }).on("line", (line) => {
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      for (const wake of this.#waiting) wake(line);
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first line so far or to come that `pick` makes something of. */
  line<T>(pick: (line: string) => T | undefined, withinMs = 60_000): Promise<T> {
    for (const line of this.#lines) {
      const found = pick(line);
      if (found !== undefined) return Promise.resolve(found);
    }
    return this.nextLine(pick, withinMs);
  }

  /** The first line from now on. */
  nextLine<T>(pick: (line: string) => T | undefined, withinMs = 60_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        this.child.off("exit", gone);
      };
      const wake = (line: string): void => {
        const found = pick(line);
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const gone = (): void => {
        end();
        reject(
          new Error(`the process ended; its last lines:\n${this.#lines.slice(-5).join("\n")}`),
        );
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no such line in ${withinMs} ms; last: ${this.#lines.at(-1) ?? "none"}`));
      }, withinMs);
      this.#waiting.add(wake);
      this.child.once("exit", gone);
    });
  }

  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** With all descendants. */
  cpuMs(): number {
    return cpuMs(processTree(this.pid));
  }

  rssMiB(): number {
    return rssMiB(processTree(this.pid));
  }

  async loopDelay(windowMs: number): Promise<LoopDelay> {
    rmSync(this.#probeFile, { force: true });
    this.child.kill("SIGUSR2");
    await delay(windowMs);
    this.child.kill("SIGUSR2");
    for (let look = 0; look < 200; look++) {
      await delay(25);
      if (!existsSync(this.#probeFile)) continue;
      const text = readFileSync(this.#probeFile, "utf8");
      if (text !== "") return JSON.parse(text) as LoopDelay;
    }
    throw new Error("the loop probe did not answer");
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill("SIGTERM");
      const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#probeFile, { force: true });
  }
}
