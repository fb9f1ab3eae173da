/**
 * Signs of life that a guest gives by itself: lines of the guest service, answers of the QEMU guest
 * agent. Both count only after the first success, and silence counts only while somebody listened.
 */
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { AgentPing } from "./guest-facts.ts";

export type Beats =
  /** Never heard in this life of the guest, or the service said goodbye. */
  | { readonly kind: "none" }
  | {
      readonly kind: "heard";
      /** Listening time since the last line. */
      readonly silentFor: DurationMs;
      /** CPU time of QEMU at the last line, clock ticks; null until it was looked at. */
      readonly cpuTicksAtBeat: number | null;
      /** Names of the workload's failed checks; null when all are well. */
      readonly failedChecks: string | null;
    };

export type GuestBeat =
  | { readonly kind: "ok" }
  | { readonly kind: "fail"; readonly checks: string }
  | { readonly kind: "bye" };

const LINE =
  /^HB1 (?<sequence>\d{1,15}) (?<uptime>\d{1,10}(?:\.\d{1,6})?) (?<rest>ok|bye|fail (?<checks>[A-Za-z0-9._,-]{1,200}))$/;

/** Undefined when the line is not one of our guest service. */
export function parseBeat(text: string): GuestBeat | undefined {
  const groups = LINE.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const checks = groups["checks"];
  if (checks !== undefined) return { kind: "fail", checks };
  return { kind: groups["rest"] === "bye" ? "bye" : "ok" };
}

export function heardBeat(beat: GuestBeat): Beats {
  if (beat.kind === "bye") return { kind: "none" };
  return {
    kind: "heard",
    silentFor: durationMs(0),
    cpuTicksAtBeat: null,
    failedChecks: beat.kind === "fail" ? beat.checks : null,
  };
}

/** After `listenedFor` more of listening without a line. */
export function silentBeats(beats: Beats, listenedFor: DurationMs, cpuTicks: number | null): Beats {
  if (beats.kind === "none") return beats;
  return {
    ...beats,
    silentFor: durationMs(beats.silentFor + listenedFor),
    cpuTicksAtBeat: beats.cpuTicksAtBeat ?? cpuTicks,
  };
}

export interface AgentAnswers {
  /** It answered at least once in this life of the guest. */
  readonly isProven: boolean;
  readonly timeoutsInARow: number;
  readonly cpuTicksAtAnswer: number | null;
}

export const NO_ANSWERS: AgentAnswers = {
  isProven: false,
  timeoutsInARow: 0,
  cpuTicksAtAnswer: null,
};

export function observePing(
  answers: AgentAnswers,
  outcome: AgentPing,
  cpuTicks: number | null,
): AgentAnswers {
  switch (outcome) {
    case "answered":
      return { isProven: true, timeoutsInARow: 0, cpuTicksAtAnswer: cpuTicks };
    case "timeout":
      return { ...answers, timeoutsInARow: answers.timeoutsInARow + 1 };
    // The agent was stopped inside the guest, or libvirt could not ask: says nothing of the guest.
    case "not-connected":
    case "error":
      return { ...answers, timeoutsInARow: 0 };
    default:
      return outcome satisfies never;
  }
}

/** /proc counts CPU time in hundredths of a second on every architecture that matters here. */
const MS_PER_TICK = 10;
/** All of one CPU, less what a busy host takes away. */
const SPINNING_SHARE = 0.9;

export type Activity = "standing" | "working" | "spinning" | "not-known";

/** What QEMU's CPU time says about a silent guest; an idle but living one uses a little of it. */
export function activity(
  fromTicks: number | null,
  toTicks: number | null,
  over: DurationMs,
): Activity {
  if (fromTicks === null || toTicks === null || over <= 0) return "not-known";
  const ticks = toTicks - fromTicks;
  if (ticks <= 0) return "standing";
  return (ticks * MS_PER_TICK) / over >= SPINNING_SHARE ? "spinning" : "working";
}
