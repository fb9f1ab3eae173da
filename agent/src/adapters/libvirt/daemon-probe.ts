/**
 * Drives the liveness of the daemon: connects, pings, reconnects. Runs in the main process, because
 * nothing here can block it: every wait is a socket event or a timer.
 */
import type { Clock, DurationMs, MonotonicMs, TimerHandle, Timers } from "@herdbeat/shared/time";
import { durationMs, elapsed } from "@herdbeat/shared/time";
import {
  type Liveness,
  type LivenessConfig,
  type LivenessEvent,
  newLiveness,
  stepLiveness,
} from "../../core/daemon-liveness.ts";
import type { DaemonState, GuestEvent } from "../../core/guest-facts.ts";
import { RpcConnection } from "./rpc-connection.ts";
import { findSockets, type SocketConfig } from "./socket-discovery.ts";

export interface DaemonProbeListener {
  onState(state: DaemonState): void;
  onEvent(event: GuestEvent): void;
}

export interface DaemonProbeConfig extends SocketConfig {
  readonly uri: string;
  readonly liveness: LivenessConfig;
  /** @default 1 s */
  readonly pingInterval: DurationMs;
}

/** While an answer is overdue or the daemon is away, it is looked at this often. */
const ALERT_INTERVAL = durationMs(100);

export class DaemonProbe {
  readonly #config: DaemonProbeConfig;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #relaxed: Timers;
  readonly #listener: DaemonProbeListener;
  #liveness: Liveness;
  #connection: RpcConnection | null = null;
  #candidates: readonly string[] = [];
  #timer: TimerHandle | null = null;
  #pingedAt: MonotonicMs | null = null;
  #pingDueAt = 0;
  #isSubscribed = false;
  #isStopped = false;

  constructor(
    config: DaemonProbeConfig,
    deps: {
      readonly clock: Clock;
      readonly timers: Timers;
      /** May be a little late: for pings while all is well. */
      readonly relaxed: Timers;
    },
    listener: DaemonProbeListener,
  ) {
    this.#config = config;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#relaxed = deps.relaxed;
    this.#listener = listener;
    this.#liveness = newLiveness(deps.clock.now());
  }

  get state(): DaemonState {
    return this.#liveness.daemon;
  }

  /** Lifecycle events arrive here, faster than through the child. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** The socket that answered last. */
  get socket(): string | null {
    return this.#candidates[0] ?? null;
  }

  start(): void {
    this.#connect();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#connection?.close();
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const { pingInterval } = this.#config;
    const isOverdue =
      this.#pingedAt !== null && elapsed(this.#pingedAt, this.#clock.now()) >= pingInterval / 2;
    const isQuiet = this.#liveness.daemon.kind === "up" && this.#connection !== null && !isOverdue;
    const tick = (): void => this.#tick();
    this.#timer = isQuiet
      ? this.#relaxed.after(pingInterval, tick)
      : this.#timers.after(ALERT_INTERVAL, tick);
  }

  #tick(): void {
    const now = this.#clock.now();
    this.#observe({ kind: "tick" });
    if (this.#connection === null) this.#connect();
    else if (now >= this.#pingDueAt) this.#ping(now);
    this.#schedule();
  }

  #ping(now: MonotonicMs): void {
    this.#pingDueAt = now + this.#config.pingInterval - ALERT_INTERVAL / 2;
    if (this.#connection?.ping() === true) this.#pingedAt ??= now;
  }

  #connect(): void {
    this.#candidates = findSockets(this.#config);
    if (this.#candidates.length === 0) {
      this.#observe({ kind: "absent", detail: `no libvirt socket in ${this.#config.runDir}` });
    } else this.#open(0);
  }

  /** Tries the candidates in order; a stale socket of another daemon must not hide a living one. */
  #open(index: number): void {
    const path = this.#candidates[index];
    if (path === undefined) return;
    const connection = new RpcConnection(path, this.#config.uri, {
      onConnected: () => {
        this.#candidates = [path];
        this.#pingedAt = this.#clock.now();
        this.#observe({ kind: "connected" });
      },
      onPong: () => this.#onPong(),
      onSubscribed: () => {
        this.#isSubscribed = true;
      },
      onNotSubscribed: () => {
        this.#isSubscribed = false;
      },
      onEvent: (event) => this.#listener.onEvent(event),
      onClosed: (wasConnected, errorCode) => this.#onClosed(index, wasConnected, errorCode),
    });
    this.#connection = connection;
  }

  #onPong(): void {
    const now = this.#clock.now();
    const answeredIn = this.#pingedAt === null ? durationMs(0) : elapsed(this.#pingedAt, now);
    this.#pingedAt = null;
    this.#observe({ kind: "answered", answeredIn });
  }

  #onClosed(index: number, wasConnected: boolean, errorCode: string): void {
    this.#connection = null;
    this.#isSubscribed = false;
    this.#pingedAt = null;
    if (this.#isStopped) return;
    if (wasConnected) {
      const isFirstLoss = this.#liveness.lostAt === null;
      this.#observe({ kind: "lost", detail: errorCode });
      // At once, not at the next tick: whether somebody accepts decides between restart and death.
      // Once, or a daemon that closes what it accepts would make this a busy loop.
      if (isFirstLoss) {
        this.#timer?.cancel();
        this.#connect();
        this.#schedule();
      }
      return;
    }
    if (index + 1 < this.#candidates.length) {
      this.#open(index + 1);
      return;
    }
    this.#observe(whyNot(errorCode));
  }

  #observe(event: LivenessEvent): void {
    const before = this.#liveness.daemon;
    this.#liveness = stepLiveness(this.#liveness, event, this.#clock.now(), this.#config.liveness);
    const after = this.#liveness.daemon;
    if (before.kind !== after.kind) this.#listener.onState(after);
  }
}

function whyNot(errorCode: string): LivenessEvent {
  switch (errorCode) {
    case "ENOENT":
      return { kind: "absent", detail: "the socket is gone" };
    case "EAGAIN":
      return { kind: "busy" };
    case "EACCES":
    case "EPERM":
      return { kind: "forbidden", detail: `not allowed to connect (${errorCode})` };
    default:
      return { kind: "refused", detail: `nobody listens on the socket (${errorCode})` };
  }
}
