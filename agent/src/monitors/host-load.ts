/**
 * Hosts that still answer and no longer work: tasks that pile up waiting for a disk or a lock, CPUs
 * that nobody gets, and a kernel that has stopped reporting hung tasks because it reported too many.
 */
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

/** Tasks in uninterruptible sleep per CPU, and at least, that make a host degraded. */
const BLOCKED_PER_CPU = 4;
const BLOCKED_MIN = 16;
/** Of the last ten seconds in which some task that could run had to wait for a CPU... */
const CPU_WAIT_PERCENT = 90;
/** ...while so many per CPU wanted one: a busy hypervisor is not a starved one. */
const RUNNING_PER_CPU = 4;

export interface LoadSample {
  readonly cpus: number;
  readonly running: number;
  readonly blocked: number;
}

export function createHostLoadMonitor(files: TextFiles): Pick<Monitor, "probe"> {
  return {
    async probe() {
      const stat = await files.read("/proc/stat");
      const sample = stat === null ? null : parseStat(stat);
      if (sample === null) return [unreadable()];
      const pressure = await files.read("/proc/pressure/cpu");
      const warnings = await files.read("/proc/sys/kernel/hung_task_warnings");
      const reports = judgeHungTaskWarnings(warnings);
      return [
        judgeBlocked(sample),
        judgeCpu(sample, pressure),
        ...(reports === null ? [] : [reports]),
      ];
    },
  };
}

/** Null when the text is cut off before the numbers of tasks. */
export function parseStat(text: string): LoadSample | null {
  const running = /^procs_running (\d{1,9})$/m.exec(text)?.[1];
  const blocked = /^procs_blocked (\d{1,9})$/m.exec(text)?.[1];
  if (running === undefined || blocked === undefined) return null;
  const cpus = text.match(/^cpu\d+ /gm)?.length ?? 0;
  return { cpus: Math.max(1, cpus), running: Number(running), blocked: Number(blocked) };
}

export function judgeBlocked({ cpus, blocked }: LoadSample): Finding {
  const isMuch = blocked >= Math.max(BLOCKED_MIN, BLOCKED_PER_CPU * cpus);
  const message = `${blocked} tasks wait for I/O on ${cpus} CPUs`;
  return isMuch
    ? say("blocked-tasks", "problem", "TasksPileUp", message)
    : say("blocked-tasks", "ok", "TasksFlow", message);
}

export function judgeCpu({ cpus, running }: LoadSample, pressure: string | null): Finding {
  const average = /^some avg10=(\d{1,3}\.\d{2}) /m.exec(pressure ?? "")?.[1];
  if (average === undefined) {
    const why = "the kernel does not tell how long tasks wait for a CPU";
    return say("cpu", "unknown", "PressureUnreadable", why);
  }
  const message = `${running} tasks want ${cpus} CPUs and wait ${average} % of the time`;
  const isStarved = Number(average) >= CPU_WAIT_PERCENT && running >= RUNNING_PER_CPU * cpus;
  return isStarved
    ? say("cpu", "problem", "CpuStarved", message)
    : say("cpu", "ok", "CpuAvailable", message);
}

/** Null where the kernel does not look for hung tasks. -1 is without end. */
export function judgeHungTaskWarnings(text: string | null): Finding | null {
  const left = text === null || text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(left)) return null;
  return left === 0
    ? say(
        "hung-task-reports",
        "unknown",
        "ReportsUsedUp",
        "the kernel no longer reports hung tasks: kernel.hung_task_warnings is 0",
      )
    : say("hung-task-reports", "ok", "ReportsLeft", "the kernel reports hung tasks");
}

function unreadable(): Finding {
  return say("", "unknown", "StatUnreadable", "/proc/stat does not tell the numbers of tasks");
}

function say(subject: string, status: Finding["status"], reason: string, message: string): Finding {
  return { subject, status, failureClass: "host-degraded", reason, message };
}
