/** What is seen of one guest's QEMU process in /proc. Pure; durations count only time spent looking. */
import type { DurationMs, MonotonicMs } from "@herdbeat/shared/time";
import { durationMs, elapsed } from "@herdbeat/shared/time";

/** As ports/processes.ts gives it. */
export interface ProcessLook {
  readonly state: string;
  readonly startTicks: number;
  readonly cpuTicks: number;
  readonly killedBy: number;
}

export type ProcessView =
  /** No process id is known. */
  | { readonly kind: "none" }
  | {
      readonly kind: "alive";
      readonly pid: number;
      /** Null until the first look. */
      readonly startTicks: number | null;
      readonly cpuTicks: number;
      /** How long it has been stopped by a signal or a debugger; 0 when it runs. */
      readonly stoppedFor: DurationMs;
      readonly lookedAt: MonotonicMs;
    }
  | {
      readonly kind: "dead";
      readonly pid: number;
      /** Since it was first seen dead. */
      readonly deadFor: DurationMs;
      /** Since its parent reaped it; libvirt can tell the reason only then. Null before. */
      readonly goneFor: DurationMs | null;
      /** The signal that killed it; 0 when it ended by itself or nobody saw how. */
      readonly killedBy: number;
      /** It was stopped when last seen alive: a forced destroy ends in SIGKILL then. */
      readonly wasStopped: boolean;
      readonly lookedAt: MonotonicMs;
    }
  /** Dead, and the reason is known: a list that still names this pid is older than that. */
  | { readonly kind: "settled"; readonly pid: number };

/** Our own stall must not count as time in which libvirt or the guest was silent. */
const LOOK_GAP_MAX: DurationMs = durationMs(250);

/** Time between two looks, as far as it was spent looking. */
export function lookedFor(since: MonotonicMs, now: MonotonicMs): DurationMs {
  return durationMs(Math.max(0, Math.min(elapsed(since, now), LOOK_GAP_MAX)));
}

export function newProcess(pid: number, now: MonotonicMs): ProcessView {
  return {
    kind: "alive",
    pid,
    startTicks: null,
    cpuTicks: 0,
    stoppedFor: durationMs(0),
    lookedAt: now,
  };
}

/** After one look at /proc; `look` is null when there is no such process. */
export function observeProcess(
  view: ProcessView,
  look: ProcessLook | null,
  now: MonotonicMs,
): ProcessView {
  switch (view.kind) {
    case "none":
    case "settled":
      return view;
    case "alive":
      return observeLiving(view, look, now);
    case "dead": {
      const passed = lookedFor(view.lookedAt, now);
      const gone = view.goneFor;
      const isGone = gone !== null || look === null || !isDead(look);
      return {
        ...view,
        deadFor: durationMs(view.deadFor + passed),
        goneFor: isGone ? durationMs((gone ?? 0) + (gone === null ? 0 : passed)) : null,
        lookedAt: now,
      };
    }
    default:
      return view satisfies never;
  }
}

function observeLiving(
  view: Extract<ProcessView, { kind: "alive" }>,
  look: ProcessLook | null,
  now: MonotonicMs,
): ProcessView {
  const isReused = look !== null && view.startTicks !== null && look.startTicks !== view.startTicks;
  if (look === null || isReused || isDead(look)) {
    const isReaped = look === null || isReused;
    return {
      kind: "dead",
      pid: view.pid,
      deadFor: durationMs(0),
      goneFor: isReaped ? durationMs(0) : null,
      killedBy: isReaped ? 0 : look.killedBy,
      wasStopped: view.stoppedFor > 0,
      lookedAt: now,
    };
  }
  const isStopped = look.state === "T" || look.state === "t";
  const stoppedFor = isStopped ? view.stoppedFor + lookedFor(view.lookedAt, now) : 0;
  return {
    kind: "alive",
    pid: view.pid,
    startTicks: look.startTicks,
    cpuTicks: look.cpuTicks,
    stoppedFor: durationMs(stoppedFor),
    lookedAt: now,
  };
}

function isDead(look: ProcessLook): boolean {
  return look.state === "Z" || look.state === "X" || look.state === "x";
}
