/** What is reported of one guest. Pure: from its health to findings, with the evidence in words. */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { Finding } from "./condition.ts";
import { cpuTicksOf, type GuestHealth } from "./guest-health.ts";
import { activity } from "./guest-silence.ts";

export interface GuestFindingConfig {
  /** A QEMU that is stopped (SIGSTOP, debugger) for this long is hung. Above any live-patching pause. */
  readonly stoppedAfter: DurationMs;
  /** Silence of the guest service, which writes every second. */
  readonly beatSilence: DurationMs;
  /** Pings of the guest agent without an answer, one after the other. */
  readonly agentTimeouts: number;
  /** A watchdog that fired, or an I/O error that did not pause the guest, stands for this long. */
  readonly eventHold: DurationMs;
  /** A crashed guest that libvirt no longer knows is reported for this long. */
  readonly crashKeep: DurationMs;
}

export const GUEST_FINDING_DEFAULTS: GuestFindingConfig = {
  stoppedAfter: durationMs(2_000),
  beatSilence: durationMs(10_000),
  agentTimeouts: 3,
  eventHold: durationMs(60_000),
  crashKeep: durationMs(600_000),
};

interface Verdict {
  readonly status: Finding["status"];
  readonly failureClass: Finding["failureClass"];
  readonly reason: string;
  readonly message: string;
}

/** Null when there is nothing to say: the guest is off on purpose, or long gone. */
export function guestFinding(
  guest: GuestHealth,
  now: MonotonicMs,
  config: GuestFindingConfig,
): Finding | null {
  const verdict = verdictOf(guest, now, config);
  if (verdict === null) return null;
  const { name, uuid } = guest.status;
  return {
    subject: uuid,
    ...verdict,
    message: `guest ${name}: ${verdict.message}`,
    attributes: attributesOf(guest),
  };
}

/** The workload's own checks, as the guest service reports them; null while it reports nothing. */
export function workloadFinding(guest: GuestHealth): Finding | null {
  const { beats, life, status } = guest;
  if (beats.kind === "none" || life.kind !== "running") return null;
  const isFailed = beats.failedChecks !== null;
  return {
    subject: status.uuid,
    status: isFailed ? "problem" : "ok",
    failureClass: "workload-failed",
    reason: isFailed ? "CheckFailed" : "ChecksPass",
    message: isFailed
      ? `guest ${status.name}: failed checks: ${beats.failedChecks}`
      : `guest ${status.name}: no check fails`,
    attributes: attributesOf(guest),
  };
}

function attributesOf(guest: GuestHealth): Readonly<Record<string, string>> {
  const { status, process } = guest;
  const pid = process.kind === "none" ? status.pid : process.pid;
  return {
    ...status.attributes,
    name: status.name,
    uuid: status.uuid,
    ...(pid === null ? {} : { pid: String(pid) }),
  };
}

function verdictOf(
  guest: GuestHealth,
  now: MonotonicMs,
  config: GuestFindingConfig,
): Verdict | null {
  const { life } = guest;
  switch (life.kind) {
    case "off":
      return null;
    case "ending":
      return ok("Ending", "is shutting down");
    case "crashed": {
      const isForgotten = !guest.isListed && elapsed(life.since, now) >= config.crashKeep;
      return isForgotten ? null : problem("guest-crashed", life.reason, life.message);
    }
    case "paused":
      return pausedVerdict(life.reason, guest);
    case "running":
      return runningVerdict(guest, now, config);
    default:
      return life satisfies never;
  }
}

function pausedVerdict(reason: string, guest: GuestHealth): Verdict {
  if (reason === "ioerror") {
    const detail = guest.ioError === null ? "" : ` (${guest.ioError.detail})`;
    return problem("guest-io-error", "PausedOnIoError", `paused after an I/O error${detail}`);
  }
  if (reason === "watchdog") {
    return problem("guest-hung", "PausedByWatchdog", "paused by its watchdog");
  }
  if (reason === "crashed")
    return problem("guest-crashed", "GuestPanicked", "paused after a panic");
  return ok("Paused", `paused (${reason})`);
}

function runningVerdict(guest: GuestHealth, now: MonotonicMs, config: GuestFindingConfig): Verdict {
  const { process, watchdog, ioError } = guest;
  if (process.kind === "alive" && process.stoppedFor >= config.stoppedAfter) {
    const since = formatDuration(process.stoppedFor);
    return problem(
      "guest-hung",
      "QemuStopped",
      `QEMU (pid ${process.pid}) is stopped for ${since}`,
    );
  }
  if (watchdog !== null && elapsed(watchdog.at, now) < config.eventHold) {
    return problem("guest-hung", "WatchdogFired", `its watchdog fired (action ${watchdog.detail})`);
  }
  if (ioError !== null && elapsed(ioError.at, now) < config.eventHold) {
    return problem("guest-io-error", "IoErrorReported", `I/O error (${ioError.detail})`);
  }
  return silenceVerdict(guest, config) ?? ok("Running", "runs");
}

function silenceVerdict(guest: GuestHealth, config: GuestFindingConfig): Verdict | null {
  const { beats, agent } = guest;
  const ticks = cpuTicksOf(guest.process);
  if (beats.kind === "heard" && beats.silentFor >= config.beatSilence) {
    const silence = `no heartbeat for more than ${formatDuration(config.beatSilence)}`;
    const seen = activity(beats.cpuTicksAtBeat, ticks, beats.silentFor);
    if (seen === "standing") {
      return problem("guest-hung", "HeartbeatLost", `${silence}, and its CPUs stand still`);
    }
    if (seen === "spinning") {
      return problem("guest-hung", "HeartbeatLost", `${silence}, and a CPU spins without pause`);
    }
    // Its kernel works, so the service may simply have been stopped. Not health, not a hang either.
    return unknown("HeartbeatSilent", `${silence}, though its CPUs work`);
  }
  if (agent.isProven && agent.timeoutsInARow >= config.agentTimeouts) {
    const silence = `${config.agentTimeouts} pings of its guest agent without an answer`;
    const isHeard = beats.kind === "heard" && beats.silentFor < config.beatSilence;
    if (isHeard) return unknown("AgentSilent", `${silence}, though its heartbeat is heard`);
    return problem("guest-hung", "AgentSilent", silence);
  }
  return null;
}

function ok(reason: string, message: string): Verdict {
  return { status: "ok", failureClass: "guest-crashed", reason, message };
}

function problem(failureClass: Finding["failureClass"], reason: string, message: string): Verdict {
  return { status: "problem", failureClass, reason, message };
}

function unknown(reason: string, message: string): Verdict {
  return { status: "unknown", failureClass: "guest-hung", reason, message };
}
