/**
 * Keeps one libvirt child running. The child is allowed to hang: it is given time for a domain that
 * is just being started (libvirt answers nothing about it for 4 s) and then killed with SIGKILL,
 * the only thing that ends a process inside a hung call. A new one starts after a growing pause.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import {
  type ChildMessage,
  LINE_BYTES_MAX,
  LineSplitter,
  type PingCommand,
  parseChildMessage,
} from "./child-protocol.ts";

export interface ChildSupervisorDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** May be a little late. */
  readonly relaxed: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Node's arguments before the child's own: options and the entry's path. */
  readonly nodeArguments: readonly string[];
  /** The child's own arguments; null while there is nothing to connect to. Asked before each start. */
  readonly childArguments: () => readonly string[] | null;
  readonly onMessage: (message: ChildMessage) => void;
  /** The child is gone; every unanswered command is lost. */
  readonly onEnded: () => void;
}

/** Above the 4 s for which a starting domain blocks every call about it, with margin for a busy host. */
const SILENCE_MAX: DurationMs = durationMs(15_000);
const CHECK_INTERVAL = durationMs(1_000);
/** A late check is our own stall, not the child's silence. */
const CHECK_GAP_MAX = durationMs(2_000);
const RESTART: BackoffConfig = {
  initial: durationMs(200),
  factor: 2,
  max: durationMs(10_000),
};
/** A child that lived this long starts the pauses from the beginning. */
const STABLE_AFTER = durationMs(30_000);

type Child = ChildProcessByStdio<Writable, Readable, null>;

export class ChildSupervisor {
  readonly #deps: ChildSupervisorDeps;
  #child: Child | null = null;
  #startedAt: MonotonicMs;
  #checkedAt: MonotonicMs;
  #silentFor = 0;
  #failures = 0;
  #restart: TimerHandle | null = null;
  #check: TimerHandle | null = null;
  #isStopped = false;

  constructor(deps: ChildSupervisorDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#checkedAt = this.#startedAt;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the child without waiting for the pause: what made it end is over. */
  startNow(): void {
    this.#restart?.cancel();
    this.#restart = null;
    this.ensureStarted();
  }

  /** Starts the child if none runs and there is something to connect to. */
  ensureStarted(): void {
    if (this.#isStopped || this.#child !== null || this.#restart !== null) return;
    const childArguments = this.#deps.childArguments();
    if (childArguments === null) return;
    const { clock, nodeArguments } = this.#deps;
    // stderr goes to ours: a crash inside native code says its last words there.
    const child: Child = spawn(process.execPath, [...nodeArguments, ...childArguments], {
      stdio: ["pipe", "pipe", "inherit"],
      // One thread allocates: further malloc arenas would only cost memory.
      env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    });
    this.#child = child;
    this.#startedAt = clock.now();
    this.#checkedAt = this.#startedAt;
    this.#silentFor = 0;
    this.#listen(child);
    this.#scheduleCheck();
  }

  /** False when no child runs that could take the command. */
  send(command: PingCommand): boolean {
    if (this.#child === null) return false;
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return true;
  }

  /** Resolves when the child is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#restart?.cancel();
    this.#check?.cancel();
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // It has nothing to finish, and may be inside a call that never returns.
    child.kill("SIGKILL");
    await ended;
  }

  #listen(child: Child): void {
    const lines = new LineSplitter(LINE_BYTES_MAX);
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (chunk: string) => {
      this.#silentFor = 0;
      for (const line of lines.push(chunk)) this.#onLine(line);
    });
    // The child may die while we write; its end is reported by `close`.
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      this.#deps.logger.error("could not start the libvirt child", { error: error.message });
    });
    child.on("close", (code, signal) => this.#onClosed(child, code, signal));
  }

  #onLine(line: string): void {
    const message = parseChildMessage(line);
    if (message === null) {
      this.#deps.logger.warn("the libvirt child said something that is no message");
      return;
    }
    if (message.kind === "failed") {
      this.#deps.logger.info("libvirt child ends", { detail: message.detail });
    }
    this.#deps.onMessage(message);
  }

  #scheduleCheck(): void {
    this.#check?.cancel();
    this.#check = this.#deps.relaxed.after(CHECK_INTERVAL, () => {
      const now = this.#deps.clock.now();
      this.#silentFor += Math.min(elapsed(this.#checkedAt, now), CHECK_GAP_MAX);
      this.#checkedAt = now;
      if (this.#silentFor >= SILENCE_MAX) {
        this.#deps.logger.warn("the libvirt child does not answer; killing it");
        this.#child?.kill("SIGKILL");
        this.#silentFor = 0;
      }
      this.#scheduleCheck();
    });
  }

  #onClosed(child: Child, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#check?.cancel();
    this.#deps.onEnded();
    if (this.#isStopped) return;
    const { clock, timers, random, logger } = this.#deps;
    const isStable = elapsed(this.#startedAt, clock.now()) >= STABLE_AFTER;
    this.#failures = isStable ? 1 : this.#failures + 1;
    const delay = backoffDelay(this.#failures, RESTART, random);
    logger.debug("libvirt child ended", { code, signal, restartInMs: delay });
    this.#restart = timers.after(delay, () => {
      this.#restart = null;
      this.ensureStarted();
    });
  }
}
