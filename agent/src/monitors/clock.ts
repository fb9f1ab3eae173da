/**
 * The wall clock: steps, and whether anyone keeps it right. Nothing in Herdbeat decides by it, but
 * logs, certificates, and services with leases do.
 */
import {
  type Clock,
  durationMs,
  elapsed,
  type MonotonicMs,
  type UnixMs,
} from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

/** Slewing is at most 0.1 %: 5 ms between two looks. What is more was a step. */
const STEP_MIN_MS = 500;
/** How long a step stays a condition. */
const HOLD = durationMs(600_000);
/** A clock that is not synchronised this long after boot never will be by itself. */
const SYNC_GRACE_SECONDS = 600;
const TIMESYNC = "/run/systemd/timesync";

interface Look {
  readonly now: MonotonicMs;
  readonly wall: UnixMs;
  /** Seconds since boot, suspension included; null when it cannot be read. */
  readonly uptime: number | null;
}

interface Step {
  readonly at: MonotonicMs;
  readonly byMs: number;
  readonly wasSuspended: boolean;
}

export function createClockMonitor(files: TextFiles, clock: Clock): Pick<Monitor, "probe"> {
  let last: Look | null = null;
  let step: Step | null = null;
  return {
    async probe() {
      // The file first: what it costs to read it must not lie between the two clocks.
      const uptime = uptimeOf(await files.read("/proc/uptime"));
      const look: Look = { now: clock.now(), wall: clock.wallNow(), uptime };
      step = (last === null ? null : stepBetween(last, look)) ?? step;
      last = look;
      if (step !== null && elapsed(step.at, look.now) > HOLD) step = null;
      const sync = synchronised(files, look.uptime);
      return [judgeStep(step), ...(sync === null ? [] : [sync])];
    },
  };
}

export function stepBetween(before: Look, now: Look): Step | null {
  const passed = elapsed(before.now, now.now);
  const byMs = elapsed(before.wall, now.wall) - passed;
  if (!(Math.abs(byMs) >= STEP_MIN_MS)) return null;
  const uptimePassed =
    before.uptime === null || now.uptime === null ? passed : (now.uptime - before.uptime) * 1_000;
  return { at: now.now, byMs, wasSuspended: uptimePassed - passed >= STEP_MIN_MS };
}

function uptimeOf(text: string | null): number | null {
  const seconds = Number.parseFloat(text ?? "");
  return Number.isNaN(seconds) ? null : seconds;
}

function judgeStep(step: Step | null): Finding {
  const finding = { subject: "step", failureClass: "host-degraded" } as const;
  if (step === null) {
    return { ...finding, status: "ok", reason: "ClockSteady", message: "the clock runs steadily" };
  }
  const by = `${(step.byMs / 1_000).toFixed(1)} s`;
  return step.wasSuspended
    ? { ...finding, status: "problem", reason: "Suspended", message: `the host slept for ${by}` }
    : { ...finding, status: "problem", reason: "ClockStepped", message: `stepped by ${by}` };
}

/** Null where systemd-timesyncd does not keep the clock: another daemon has a profile of its own. */
function synchronised(files: TextFiles, uptime: number | null): Finding | null {
  if (!files.exists(TIMESYNC)) return null;
  const finding = { subject: "synchronisation", failureClass: "host-degraded" } as const;
  if (files.exists(`${TIMESYNC}/synchronized`)) {
    return { ...finding, status: "ok", reason: "Synchronised", message: "systemd-timesyncd is" };
  }
  const isLate = uptime !== null && uptime > SYNC_GRACE_SECONDS;
  const message = "systemd-timesyncd has found no server since boot";
  return { ...finding, status: isLate ? "problem" : "unknown", reason: "NotSynchronised", message };
}
