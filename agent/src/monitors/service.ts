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
import type { Monitor } from "../ports/monitor.ts";
import type {
  CheckResult,
  ProcessIdentity,
  ProcessTable,
  ServiceCheck,
  ServiceChecks,
  ServiceManager,
} from "../ports/services.ts";
import { UnitCache } from "./unit-cache.ts";

/** Consecutive failed checks that make a running service hung. */
const CHECK_FAILURES = 2;

export interface ServiceConfig {
  readonly name: string;
  readonly unit: string | null;
  /** Instead of `unit`: the first of these that the host has. With none of them the check decides. */
  readonly units?: readonly string[];
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
    services.flatMap(({ unit, units: others }) => others ?? (unit === null ? [] : [unit])),
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

type State = Pick<Finding, "status" | "failureClass" | "reason" | "message">;

const state = (
  status: Finding["status"],
  failureClass: Finding["failureClass"],
  reason: string,
  message: string,
): State => ({ status, failureClass, reason, message });

async function stateOf(watch: Watched, units: UnitCache, deps: ServiceMonitorDeps): Promise<State> {
  const { config } = watch;
  const unit = config.units === undefined ? config.unit : firstFound(config.units, units);
  if (unit !== null && deps.manager.isPresent()) return unitState(watch, unit, units, deps);
  if (config.pidFile !== null) return pidFileState(watch, config.pidFile, deps);
  if (config.executable !== null) return executableState(watch, config.executable, deps);
  // The process is not to be told; what answers is.
  if (config.units !== undefined && config.check !== null)
    return state("ok", "service-down", "Answers", "no unit of it is here; its answer decides");
  return state("unknown", "service-down", "NoServiceManager", "systemd does not run on this host");
}

/** The first one that exists; the first of all while systemd has not answered. */
function firstFound(names: readonly string[], units: UnitCache): string | null {
  const found = names.find((name) => units.get(name)?.loadState !== "not-found");
  return found ?? null;
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
  void deps.checks.run(check, watch.process?.pid ?? null).then((result) => {
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
  const { failureClass, reason, status } = failureOf(config, check);
  return {
    ...finding,
    status,
    failureClass,
    reason,
    message: `fails its check ${watch.checkFailures} times: ${check.detail}`,
  };
}

function failureOf(
  config: ServiceConfig,
  { outcome, reason }: CheckResult,
): Pick<Finding, "status" | "failureClass" | "reason"> {
  // A profile knows what its port should say; a plain check only that the process does not serve.
  const isProfile = config.units !== undefined;
  switch (outcome) {
    case "refused":
      return {
        status: "problem",
        failureClass: isProfile ? "service-down" : "service-hung",
        reason: "CheckRefused",
      };
    case "not-serving":
      return { status: "problem", failureClass: "service-down", reason: reason ?? "NotServing" };
    case "impostor":
      return { status: "problem", failureClass: "service-impostor", reason: "OtherProtocol" };
    case "untold":
      return { status: "unknown", failureClass: "service-hung", reason: reason ?? "NoTelling" };
    case "timeout":
      return { status: "problem", failureClass: "service-hung", reason: "CheckTimeout" };
    default:
      return { status: "problem", failureClass: "service-hung", reason: reason ?? "WrongAnswer" };
  }
}
