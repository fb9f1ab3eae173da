/**
 * The kernel's link notifications (rtnetlink(7), group RTMGRP_LINK) as `ip monitor link` prints them.
 * Only that something was printed counts: what it means is read from sysfs. Node has no netlink
 * sockets, and asking sysfs five times a second instead costs a third of the agent's CPU time.
 *
 * Failure cases: no `ip`, or it ends: not live, the caller polls; it is started again after a growing
 * pause. It is stopped by someone: the caller's slow poll is left.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import type { LinkEvents } from "../../ports/links.ts";

/** It says nothing when it begins to listen; what does not end within this does listen. */
const LISTENS_AFTER = durationMs(1_000);
const RESTART: BackoffConfig = {
  initial: durationMs(1_000),
  factor: 4,
  max: durationMs(300_000),
};
/** So that the child ends with this process, however that ends. */
const SETPRIV = "/usr/bin/setpriv";
const MONITOR = ["ip", "-o", "monitor", "link"] as const;

export interface IpMonitorDeps {
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** The command to run. @default `ip -o monitor link` */
  readonly command?: readonly [string, ...string[]];
}

type Child = ChildProcessByStdio<null, Readable, null>;

export class IpMonitor implements LinkEvents {
  readonly #deps: IpMonitorDeps;
  #child: Child | null = null;
  #timer: TimerHandle | null = null;
  #onEvent: () => void = () => {};
  #failures = 0;
  #isLive = false;
  #isStopped = false;

  constructor(deps: IpMonitorDeps) {
    this.#deps = deps;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  start(onEvent: () => void): void {
    this.#onEvent = onEvent;
    this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#child?.kill("SIGKILL");
  }

  #run(): void {
    if (this.#isStopped) return;
    const [program, ...args] = this.#command();
    const child: Child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#child = child;
    child.stdout.on("data", () => this.#onEvent());
    let isOver = false;
    const over = (why: string): void => {
      if (isOver) return;
      isOver = true;
      this.#onEnded(why);
    };
    child.on("error", (error) => over(error.message));
    child.on("close", (code, signal) => over(`it ended with ${signal ?? code}`));
    this.#timer = this.#deps.timers.after(LISTENS_AFTER, () => {
      this.#isLive = true;
      this.#failures = 0;
      // What happened before it listened is found by this look.
      this.#onEvent();
    });
  }

  #command(): readonly [string, ...string[]] {
    const command = this.#deps.command ?? MONITOR;
    return existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
  }

  #onEnded(why: string): void {
    this.#child = null;
    this.#isLive = false;
    this.#timer?.cancel();
    if (this.#isStopped) return;
    const { logger, random, timers } = this.#deps;
    if (this.#failures === 0)
      logger.warn("link events are not available; links are polled instead", { why });
    this.#failures += 1;
    this.#timer = timers.after(backoffDelay(this.#failures, RESTART, random), () => this.#run());
  }
}
