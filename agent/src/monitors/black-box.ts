/** What this agent knows of its own past: why it started, and when it last did not run. */
import type { MonitorName } from "@herdbeat/shared/ids";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { PastExplanation } from "../core/past.ts";
import type { Monitor } from "../ports/monitor.ts";

/** How long a stall is told after it is over. */
const STALL_HOLD = durationMs(600_000);

export interface OwnPast {
  readonly explanation: PastExplanation;
  /** The last time the loop did not run for seconds; null when it always did. */
  lastStall(): { readonly at: MonotonicMs; readonly length: DurationMs } | null;
}

export function createBlackBoxMonitor(past: OwnPast, clock: Clock): Monitor {
  return {
    name: "black-box" as MonitorName,
    interval: durationMs(10_000),
    timeout: durationMs(1_000),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "agent-stalled",
    probe: () => {
      const { reason, message } = past.explanation;
      const start: Finding = {
        subject: "start",
        status: "ok",
        failureClass: classOf(reason),
        reason,
        message,
      };
      return Promise.resolve([start, stallFinding(past, clock.now())]);
    },
  };
}

function classOf(reason: PastExplanation["reason"]): Finding["failureClass"] {
  return reason === "HostRebooted" || reason === "HostResetWithoutShutdown"
    ? "host-rebooted"
    : "agent-down";
}

/** A stall that is over is no problem any more, but the aggregator should hear of it. */
function stallFinding(past: OwnPast, now: MonotonicMs): Finding {
  const finding = { subject: "stall", status: "ok", failureClass: "agent-stalled" } as const;
  const stall = past.lastStall();
  if (stall === null || elapsed(stall.at, now) > STALL_HOLD) {
    return { ...finding, reason: "NoStall", message: "the agent's loop ran all the time" };
  }
  const seconds = (stall.length / 1_000).toFixed(1);
  return { ...finding, reason: "DidNotRun", message: `the agent did not run for ${seconds} s` };
}
