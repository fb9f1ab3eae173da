/**
 * What happened while this agent did not run, told from the records of its earlier life.
 * Durations within one boot are measured on that boot's own clock; across boots only the wall clock
 * is left, which may have been set, so those are called "about".
 */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { type DurationMs, durationMs, type UnixMs } from "@herdbeat/shared/time";

export interface PastRecord {
  readonly kind: "start" | "pulse" | "change" | "gap" | "stop";
  readonly bootId: string;
  readonly uptime: DurationMs;
  readonly wallAt: UnixMs;
  /** Worst delay of the agent's own loop since the record before. */
  readonly lag: DurationMs;
  /** Conditions that were not ok, or what changed; for people. */
  readonly text: string;
}

export type PastReason =
  | "FirstStart"
  | "AgentRestarted"
  | "AgentKilled"
  | "HostRebooted"
  | "HostResetWithoutShutdown";

export interface PastExplanation {
  readonly reason: PastReason;
  readonly message: string;
}

export interface PresentMoment {
  readonly bootId: string;
  readonly uptime: DurationMs;
  readonly wallAt: UnixMs;
  /** What the last kernel left behind, e.g. names in pstore. */
  readonly crashLeftovers: readonly string[];
}

const LAST_RECORDS_SHOWN = 3;

export function explainPast(records: readonly PastRecord[], now: PresentMoment): PastExplanation {
  const last = records.at(-1);
  if (last === undefined) return { reason: "FirstStart", message: "no records of an earlier run" };
  if (last.bootId === now.bootId) {
    const away = formatDuration(durationMs(Math.max(0, now.uptime - last.uptime)));
    return last.kind === "stop"
      ? { reason: "AgentRestarted", message: `the agent was stopped in good order ${away} ago` }
      : {
          reason: "AgentKilled",
          message: `the agent ended without a word at most ${away} ago; before that: ${lastWords(records)}`,
        };
  }
  const away = formatDuration(durationMs(Math.max(0, now.wallAt - last.wallAt)));
  const leftovers =
    now.crashLeftovers.length > 0 ? `; the last kernel left ${now.crashLeftovers.join(", ")}` : "";
  if (last.kind === "stop") {
    return {
      reason: "HostRebooted",
      message: `the host was rebooted; the agent had been stopped in good order about ${away} ago${leftovers}`,
    };
  }
  return {
    reason: "HostResetWithoutShutdown",
    message:
      `the host went down without a shutdown of the agent, last record about ${away} ago, ` +
      `${formatDuration(last.uptime)} after its boot; before that: ${lastWords(records)}${leftovers}`,
  };
}

function lastWords(records: readonly PastRecord[]): string {
  return records
    .slice(-LAST_RECORDS_SHOWN)
    .map((record) => `${record.kind}${record.text === "" ? "" : ` ${record.text}`}`)
    .join("; ");
}
