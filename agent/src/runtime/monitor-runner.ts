/**
 * Runs every monitor: one tick for all of them.
 *
 * Guarantee: never two probes of one monitor at once; a probe past its deadline is aborted and its
 * subjects become `unknown`, though it may never return; a monitor that throws affects only itself.
 * Mechanism: at each tick monitors are polled (cheap reads), and those that are woken or whose poll
 * said so are probed; what is due is probed at the first tick of a second, because one wake with
 * much to do costs less than many. Findings go to the condition table, its changes to `onChanges`.
 * Own lag: the tick is the agent's most frequent timer, so its delay is the agent's.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { ConditionChange, ConditionTable } from "../core/condition-table.ts";
import type { OwnLag } from "../core/own-lag.ts";
import type { Monitor } from "../ports/monitor.ts";

/** Between two polls of a monitor that does not ask for less. */
const POLL_INTERVAL_DEFAULT: DurationMs = durationMs(100);
const SECOND: DurationMs = durationMs(1_000);
/** Between two ticks while nothing is polled more often. */
const TICK_MAX: DurationMs = SECOND;
/** What is due this little after a tick is done in it. */
const SLACK: DurationMs = durationMs(50);

interface Slot {
  readonly monitor: Monitor;
  dueAt: MonotonicMs;
  pollAt: MonotonicMs;
  /** Kept until it was used: a signal that nobody aborted is as good as new. */
  controller: AbortController;
  /** Set while a probe runs; `deadline` is infinite once it was aborted but has not returned. */
  running: { deadline: number } | null;
  woken: boolean;
  /** The reason that was logged last; the same one is not repeated. */
  failure: string;
}

export interface MonitorRunnerDeps {
  readonly monitors: readonly Monitor[];
  readonly table: ConditionTable;
  readonly ownLag: OwnLag;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly onChanges: (changes: readonly ConditionChange[]) => void;
  /** After every whole tick, with how late it was. */
  readonly onTick: (now: MonotonicMs, late: DurationMs) => void;
  /** At the first tick of every second, before its probes. */
  readonly onSecond: (now: MonotonicMs) => void;
}

export class MonitorRunner implements Startable {
  readonly #deps: MonitorRunnerDeps;
  readonly #slots: readonly Slot[];
  #timer: TimerHandle | null = null;
  #nextTickAt: MonotonicMs;
  /** When the second began in which we are. */
  #secondAt: MonotonicMs;
  #evaluatedAt: MonotonicMs;
  #isStopped = false;

  constructor(deps: MonitorRunnerDeps) {
    this.#deps = deps;
    const now = deps.clock.now();
    this.#nextTickAt = now;
    this.#secondAt = now;
    this.#evaluatedAt = now;
    this.#slots = deps.monitors.map((monitor) => ({
      monitor,
      dueAt: now,
      pollAt: now,
      controller: new AbortController(),
      running: null,
      woken: false,
      failure: "",
    }));
  }

  /** When monitors were last looked after. */
  get evaluatedAt(): MonotonicMs {
    return this.#evaluatedAt;
  }

  /** From now on ticks fall together with what happens every second from `at`: one wake less. */
  alignTo(at: MonotonicMs): void {
    const tick = this.#tickLength();
    const ahead = Math.ceil(elapsed(at, this.#nextTickAt) / tick);
    this.#nextTickAt = after(at, durationMs(ahead * tick));
    // The second that is under way ends earlier, and with it what is due at its end.
    const early = (SECOND + (elapsed(at, this.#secondAt) % SECOND)) % SECOND;
    const earlier = (time: MonotonicMs): MonotonicMs => after(time, durationMs(-early));
    this.#secondAt = earlier(this.#secondAt);
    for (const slot of this.#slots) slot.dueAt = earlier(slot.dueAt);
    if (this.#timer !== null) this.#arm();
  }

  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#startMonitor(slot)));
    this.#nextTickAt = this.#deps.clock.now();
    this.#secondAt = after(this.#nextTickAt, durationMs(-SECOND));
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const slot of this.#slots) if (slot.running !== null) slot.controller.abort();
    await Promise.allSettled(this.#slots.map(async ({ monitor }) => monitor.stop?.()));
  }

  async #startMonitor(slot: Slot): Promise<void> {
    const wake = (): void => {
      slot.woken = true;
      if (!this.#isStopped) this.#deps.timers.after(durationMs(0), () => this.#serve(slot));
    };
    try {
      await slot.monitor.start?.(wake);
    } catch (error) {
      this.#failed(slot, "MonitorStartFailed", error);
    }
  }

  #tick(): void {
    const { clock, ownLag, onTick } = this.#deps;
    const now = clock.now();
    const late = elapsed(this.#nextTickAt, now);
    ownLag.observe(this.#nextTickAt, now);
    const seconds = Math.floor((elapsed(this.#secondAt, now) + SLACK) / SECOND);
    if (seconds > 0) {
      this.#secondAt = after(this.#secondAt, durationMs(seconds * SECOND));
      this.#deps.onSecond(now);
    }
    for (const slot of this.#slots) this.#serve(slot, seconds > 0);
    this.#evaluatedAt = now;
    onTick(now, late);
    // Slots of the tick stay in place; those that a stall swallowed are left out.
    const tick = this.#tickLength();
    const missed = Math.max(0, Math.floor(late / tick));
    this.#nextTickAt = after(this.#nextTickAt, durationMs((missed + 1) * tick));
    this.#arm();
  }

  #arm(): void {
    const { clock, timers } = this.#deps;
    this.#timer?.cancel();
    // A timer may fire up to 1 ms early: aiming a little later is cheaper than waking twice.
    const delay = durationMs(Math.max(0, Math.ceil(elapsed(clock.now(), this.#nextTickAt))) + 1);
    this.#timer = timers.after(delay, () => {
      this.#timer = null;
      this.#tick();
    });
  }

  /** Every wake of the process costs: as often as the most eager poll, not more. */
  #tickLength(): DurationMs {
    let shortest = TICK_MAX;
    for (const { monitor } of this.#slots) {
      const wanted = pollIntervalOf(monitor);
      if (wanted !== null && wanted < shortest) shortest = wanted;
    }
    return shortest;
  }

  #serve(slot: Slot, isSecond = false): void {
    if (this.#isStopped) return;
    const now = this.#deps.clock.now();
    if (slot.running !== null) {
      if (now >= slot.running.deadline) this.#expire(slot, now);
      return;
    }
    const { interval } = slot.monitor;
    const isDue = now + SLACK >= slot.dueAt && (isSecond || interval < SECOND);
    if (!slot.woken && !isDue && !pollSays(slot, now)) return;
    slot.woken = false;
    slot.dueAt = after(interval < SECOND ? now : this.#secondAt, interval);
    void this.#probe(slot, now);
  }

  async #probe(slot: Slot, now: MonotonicMs): Promise<void> {
    const { monitor } = slot;
    const running = { deadline: after(now, monitor.timeout) as number };
    slot.running = running;
    this.#deps.timers.afterDrain(() => this.#awaitDeadline(slot, running));
    if (slot.controller.signal.aborted) slot.controller = new AbortController();
    try {
      const findings = await monitor.probe(slot.controller.signal);
      if (Number.isFinite(running.deadline)) this.#apply(slot, findings);
    } catch (error) {
      if (Number.isFinite(running.deadline)) this.#failed(slot, "ProbeFailed", error);
    } finally {
      slot.running = null;
    }
    if (slot.woken) this.#serve(slot);
  }

  /** Most probes are through by now; only for one that is not its end may not wait for a tick. */
  #awaitDeadline(slot: Slot, running: object): void {
    const { clock, timers } = this.#deps;
    if (slot.running !== running || slot.running.deadline >= this.#nextTickAt) return;
    const left = Math.max(0, Math.ceil(slot.running.deadline - clock.now())) + 1;
    timers.after(durationMs(left), () => {
      if (slot.running === running) this.#serve(slot);
    });
  }

  #apply(slot: Slot, findings: readonly Finding[]): void {
    if (this.#isStopped) return;
    const { table, clock, onChanges } = this.#deps;
    const { name, hysteresis } = slot.monitor;
    slot.failure = "";
    const changes = table.apply(name, findings, hysteresis, clock.now());
    if (changes.length > 0) onChanges(changes);
  }

  /** The probe is overdue. It keeps its slot until it returns, which may be never. */
  #expire(slot: Slot, now: MonotonicMs): void {
    if (slot.running === null) return;
    slot.running.deadline = Number.POSITIVE_INFINITY;
    slot.controller.abort();
    this.#unknown(slot, "ProbeTimeout", `no answer within ${slot.monitor.timeout} ms`, now);
  }

  #failed(slot: Slot, reason: string, error: unknown): void {
    this.#unknown(slot, reason, renderErrorChain(error), this.#deps.clock.now());
  }

  #unknown(slot: Slot, reason: string, message: string, now: MonotonicMs): void {
    if (this.#isStopped) return;
    const { table, onChanges, logger, metrics } = this.#deps;
    const { name, hysteresis, failureClass } = slot.monitor;
    metrics
      .counter("herdbeat_agent_probes_failed_total", "Probes without a result", { monitor: name })
      .add();
    if (slot.failure !== reason) {
      slot.failure = reason;
      logger.warn("a monitor could not tell", { monitor: name, reason, detail: message });
    }
    const why = { reason, message, failureClass };
    const changes = table.applyUnknown(name, why, hysteresis, now);
    if (changes.length > 0) onChanges(changes);
  }
}

function pollSays(slot: Slot, now: MonotonicMs): boolean {
  const { monitor } = slot;
  if (monitor.poll === undefined || now + SLACK < slot.pollAt) return false;
  const interval = pollIntervalOf(monitor);
  if (interval === null) return false;
  slot.pollAt = after(now, interval);
  try {
    return monitor.poll();
  } catch {
    // The probe meets the same error and reports it.
    return true;
  }
}

/** Null: nothing to poll at present. */
function pollIntervalOf(monitor: Monitor): DurationMs | null {
  if (monitor.poll === undefined) return null;
  return monitor.pollInterval === undefined ? POLL_INTERVAL_DEFAULT : monitor.pollInterval();
}
