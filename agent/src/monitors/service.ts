/**
 * Services: units of systemd and plain processes.
 *
 * Each second the kernel is asked (control group, process start time), which costs nothing and works
 * while systemd hangs. systemd itself is asked in a child at start, when the kernel's answer changed,
 * while a unit is not running, and once a minute. A check, where configured, tells a service that
 * runs from one that answers; it runs beside all this, never overlapping itself.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import { parseUnitStates, type UnitState } from "../core/unit-state.ts";
import type { Monitor } from "../ports/monitor.ts";
import type {
  CheckResult,
  ProcessIdentity,
  ProcessTable,
  ServiceCheck,
  ServiceChecks,
  ServiceManager,
} from "../ports/services.ts";

const UNITS_REFRESH = durationMs(60_000);
/** While a unit is not running, or the kernel and systemd disagree. */
const UNITS_REFRESH_SICK = durationMs(5_000);
const SHOW_TIMEOUT = durationMs(5_000);
/** Consecutive failed checks that make a running service hung. */
const CHECK_FAILURES = 2;

export interface ServiceConfig {
  readonly name: string;
  readonly unit: string | null;
  /** Path of the program; identifies the process, or tells an impostor. */
  readonly executable: string | null;
  readonly pidFile: string | null;
  readonly check: ServiceCheck | null;
  readonly checkInterval: DurationMs;
}

export interface ServiceMonitorDeps {
  readonly manager: ServiceManager;
  readonly processes: ProcessTable;
  readonly checks: ServiceChecks;
  readonly clock: Clock;
}

interface Watched {
  readonly config: ServiceConfig;
  process: ProcessIdentity | null;
  check: CheckResult | null;
  checkFailures: number;
  checkedAt: MonotonicMs | null;
  isChecking: boolean;
}

export function createServiceMonitor(
  services: readonly ServiceConfig[],
  deps: ServiceMonitorDeps,
): Monitor {
  const units = new UnitCache(
    services.flatMap(({ unit }) => (unit === null ? [] : [unit])),
    deps,
  );
  const watched = services.map(
    (config): Watched => ({
      config,
      process: null,
      check: null,
      checkFailures: 0,
      checkedAt: null,
      isChecking: false,
    }),
  );
  let wake: () => void = () => {};
  return {
    name: "service" as MonitorName,
    interval: durationMs(1_000),
    timeout: durationMs(8_000),
    hysteresis: { problemAfter: 2, okAfter: 1 },
    failureClass: "service-down",
    start: (wakeRunner) => {
      wake = wakeRunner;
      return Promise.resolve();
    },
    async probe() {
      await units.refresh(wake);
      const findings: Finding[] = [];
      for (const watch of watched) {
        const state = await stateOf(watch, units, deps);
        if (state.status === "ok") startCheck(watch, deps, wake);
        else watch.checkFailures = 0;
        findings.push(judge(watch, state));
      }
      return findings;
    },
  };
}

/** What systemd said last, and whether it is time to ask again. */
class UnitCache {
  readonly #names: readonly string[];
  readonly #deps: ServiceMonitorDeps;
  #states: ReadonlyMap<string, UnitState> = new Map();
  #askedAt: MonotonicMs | null = null;
  #asking: Promise<void> | null = null;
  #failure: string | null = null;

  constructor(names: readonly string[], deps: ServiceMonitorDeps) {
    this.#names = names;
    this.#deps = deps;
  }

  /** Why systemd gave no answer last time. */
  get failure(): string | null {
    return this.#failure;
  }

  get(name: string): UnitState | null {
    return this.#states.get(name) ?? null;
  }

  isPopulated(state: UnitState): boolean | null {
    return state.controlGroup === "" ? null : this.#deps.manager.isPopulated(state.controlGroup);
  }

  /** Waits only for the very first answer; later ones arrive beside the probes and wake them. */
  async refresh(wake: () => void): Promise<void> {
    if (this.#names.length === 0 || !this.#deps.manager.isPresent()) return;
    const { clock } = this.#deps;
    const age = this.#askedAt === null ? null : elapsed(this.#askedAt, clock.now());
    if (age !== null && age < (this.#isSick() ? UNITS_REFRESH_SICK : UNITS_REFRESH)) return;
    if (this.#asking !== null) return;
    const isFirst = age === null;
    this.#askedAt = clock.now();
    this.#asking = this.#ask().then(() => {
      this.#asking = null;
      if (!isFirst) wake();
    });
    if (isFirst) await this.#asking;
  }

  #isSick(): boolean {
    return this.#names.some((name) => {
      const state = this.#states.get(name);
      if (state === undefined || state.activeState !== "active") return true;
      return state.subState === "running" && this.isPopulated(state) === false;
    });
  }

  async #ask(): Promise<void> {
    try {
      const text = await this.#deps.manager.show(this.#names, SHOW_TIMEOUT);
      this.#states = parseUnitStates(text);
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}

type State = Pick<Finding, "status" | "failureClass" | "reason" | "message">;

const state = (
  status: Finding["status"],
  failureClass: Finding["failureClass"],
  reason: string,
  message: string,
): State => ({ status, failureClass, reason, message });

async function stateOf(watch: Watched, units: UnitCache, deps: ServiceMonitorDeps): Promise<State> {
  const { config } = watch;
  if (config.unit !== null && deps.manager.isPresent())
    return unitState(watch, config.unit, units, deps);
  if (config.pidFile !== null) return pidFileState(watch, config.pidFile, deps);
  if (config.executable !== null) return executableState(watch, config.executable, deps);
  return state("unknown", "service-down", "NoServiceManager", "systemd does not run on this host");
}

function unitState(
  watch: Watched,
  name: string,
  units: UnitCache,
  deps: ServiceMonitorDeps,
): State {
  const unit = units.get(name);
  if (unit === null) {
    return state(
      "unknown",
      "service-down",
      "ManagerSilent",
      units.failure ?? `systemd did not name ${name}`,
    );
  }
  if (unit.loadState === "not-found") {
    return state("problem", "service-down", "UnitNotFound", `${name} does not exist`);
  }
  const text = `${name} is ${unit.activeState} (${unit.subState}, result ${unit.result})`;
  if (unit.activeState === "active" || unit.activeState === "reloading") {
    if (unit.subState === "running" && units.isPopulated(unit) === false) {
      return state("problem", "service-down", "ProcessGone", `${name} has no process any more`);
    }
    watch.process = unit.mainPid > 0 ? deps.processes.identify(unit.mainPid) : null;
    return impostor(watch) ?? state("ok", "service-down", "Running", text);
  }
  if (unit.result === "watchdog") return state("problem", "service-hung", "WatchdogTimeout", text);
  if (unit.activeState === "failed") return state("problem", "service-down", "Failed", text);
  if (unit.subState === "auto-restart") return state("problem", "service-down", "Restarting", text);
  if (unit.activeState === "activating") return state("unknown", "service-down", "Starting", text);
  return state("problem", "service-down", "Stopped", text);
}

async function pidFileState(
  watch: Watched,
  path: string,
  deps: ServiceMonitorDeps,
): Promise<State> {
  const pid = await deps.processes.readPidFile(path);
  if (pid === null)
    return state("problem", "service-down", "NoPidFile", `${path} names no process`);
  watch.process = deps.processes.identify(pid);
  if (watch.process === null) {
    return state(
      "problem",
      "service-down",
      "ProcessGone",
      `${path} names ${pid}, which does not run`,
    );
  }
  return impostor(watch) ?? state("ok", "service-down", "Running", `runs as ${pid}`);
}

function executableState(watch: Watched, path: string, deps: ServiceMonitorDeps): State {
  const before = watch.process;
  const now = before === null ? null : deps.processes.identify(before.pid);
  const isSame = now !== null && before !== null && now.startTicks === before.startTicks;
  watch.process = isSame ? now : (deps.processes.findByExecutable(path)[0] ?? null);
  if (watch.process === null) {
    return state("problem", "service-down", "ProcessGone", `nothing runs ${path}`);
  }
  return state("ok", "service-down", "Running", `runs as ${watch.process.pid}`);
}

/** A live process that is not the program it should be: a reused pid, or something in its place. */
function impostor(watch: Watched): State | null {
  const { executable } = watch.config;
  const actual = watch.process?.executable ?? null;
  if (executable === null || actual === null || actual === executable) return null;
  const message = `process ${watch.process?.pid ?? 0} runs ${actual}, not ${executable}`;
  return state("problem", "service-impostor", "WrongProgram", message);
}

function startCheck(watch: Watched, deps: ServiceMonitorDeps, wake: () => void): void {
  const { check, checkInterval } = watch.config;
  if (check === null || watch.isChecking) return;
  const now = deps.clock.now();
  if (watch.checkedAt !== null && elapsed(watch.checkedAt, now) < checkInterval) return;
  watch.isChecking = true;
  watch.checkedAt = now;
  void deps.checks.run(check).then((result) => {
    watch.isChecking = false;
    watch.check = result;
    watch.checkFailures = result.outcome === "answered" ? 0 : watch.checkFailures + 1;
    if (watch.checkFailures === CHECK_FAILURES) wake();
  });
}

function judge(watch: Watched, found: State): Finding {
  const { config, process, check } = watch;
  const attributes: Record<string, string> = {};
  if (config.unit !== null) attributes["unit"] = config.unit;
  if (process !== null) attributes["pid"] = String(process.pid);
  if (process?.executable != null) attributes["executable"] = process.executable;
  const finding: Finding = { subject: config.name, ...found, attributes };
  if (found.status !== "ok" || check === null || watch.checkFailures < CHECK_FAILURES)
    return finding;
  const reason = {
    timeout: "CheckTimeout",
    refused: "CheckRefused",
    "wrong-answer": "WrongAnswer",
    answered: "",
  };
  return {
    ...finding,
    status: "problem",
    failureClass: "service-hung",
    reason: reason[check.outcome],
    message: `runs but fails its check ${watch.checkFailures} times: ${check.detail}`,
  };
}
