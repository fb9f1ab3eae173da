/** What is believed of a guest's life, and how lists, stops and deaths change it. Pure. */
import type { DurationMs, MonotonicMs } from "@herdbeat/shared/time";
import type { GuestStatus, StopReason } from "./guest-facts.ts";
import type { ProcessView } from "./guest-process.ts";

export interface HoldConfig {
  /** A dead QEMU waits this long for libvirt's reason. Above libvirt's own 200 ms poll, with margin. */
  readonly reasonHold: DurationMs;
  /** The same, from death, while a QEMU that ended by itself is not reaped: libvirt tells nothing before. */
  readonly unreapedHold: DurationMs;
  /** The same for a guest that was being migrated or saved: its end is the rule. */
  readonly leavingHold: DurationMs;
}

export type Life =
  | { readonly kind: "running" }
  | { readonly kind: "paused"; readonly reason: string }
  /** Asked to end; nothing that follows is a failure. */
  | { readonly kind: "ending" }
  | { readonly kind: "off" }
  | {
      readonly kind: "crashed";
      readonly since: MonotonicMs;
      readonly reason: string;
      readonly message: string;
    };

/** What a list says that is newer than every event. */
export function lifeAsListed(
  status: GuestStatus,
  before: Life,
  process: ProcessView,
  now: MonotonicMs,
): Life {
  const { state, stateReason, pid } = status;
  const believedAlive = before.kind === "running" || before.kind === "paused";
  switch (state) {
    case "running":
    case "blocked":
      // Without a pid the list can not prove that it means another process than the dead one.
      return process.kind === "dead" && pid === null ? before : { kind: "running" };
    case "paused":
    case "pm-suspended":
    case "no-state":
      return { kind: "paused", reason: state === "paused" ? stateReason : state };
    case "in-shutdown":
      return { kind: "ending" };
    case "crashed":
      return before.kind === "crashed"
        ? before
        : crashed("GuestPanicked", "the guest's kernel panicked", now);
    case "shut-off":
      if (!UNWANTED_ENDS.has(stateReason)) return { kind: "off" };
      if (before.kind === "crashed") return before;
      if (!believedAlive) return { kind: "off" };
      // The process is looked at anyway and decides; without one, only a stated crash counts.
      if (stateReason === "unknown") return process.kind === "none" ? { kind: "off" } : before;
      return crashed("FoundCrashed", `libvirt says: shut off (${stateReason})`, now);
    default:
      return state satisfies never;
  }
}

/** `daemon`: libvirt gave the guest up while it reconnected to its QEMU. */
const UNWANTED_ENDS: ReadonlySet<string> = new Set(["crashed", "failed", "daemon", "unknown"]);

/** Libvirt says that the guest stopped. */
export function lifeAfterStop(before: Life, detail: StopReason, now: MonotonicMs): Life {
  const isFailure = detail === "failed" || detail === "crashed";
  // "failed" of a guest that never ran is a failed start: nothing that ran was lost.
  if (!isFailure || before.kind === "off" || before.kind === "ending") return { kind: "off" };
  if (before.kind === "crashed") return before;
  return crashed("QemuFailed", `libvirt says: stopped (${detail})`, now);
}

const SIGTERM = 15;
const SIGKILL = 9;
/** In these, libvirt itself is about to end the process. */
const LEAVING: ReadonlySet<string> = new Set(["migration", "save", "postcopy", "shutting-down"]);

/** Libvirt had its time to say why the process died. */
export function isHoldOver(
  process: Extract<ProcessView, { kind: "dead" }>,
  life: Life,
  config: HoldConfig,
): boolean {
  if (life.kind === "paused" && LEAVING.has(life.reason))
    return process.deadFor >= config.leavingHold;
  // QEMU ends by itself on SIGTERM, which is how libvirt ends it; any other signal is no such order,
  // except the SIGKILL by which libvirt ends one that does not react.
  const isForcedEnd = process.killedBy === SIGKILL && process.wasStopped;
  const isKilled = process.killedBy !== 0 && process.killedBy !== SIGTERM && !isForcedEnd;
  if (isKilled) return process.deadFor >= config.reasonHold;
  if (process.goneFor !== null) return process.goneFor >= config.reasonHold;
  return process.deadFor >= config.unreapedHold;
}

/** Libvirt gave no reason for the death of the process. */
export function lifeAfterHold(
  life: Life,
  process: Extract<ProcessView, { kind: "dead" }>,
  now: MonotonicMs,
): Life {
  if (life.kind === "crashed" || life.kind === "off") return life;
  if (life.kind === "ending") return { kind: "off" };
  const how = process.killedBy === 0 ? "ended" : `was killed by signal ${process.killedBy}`;
  return crashed("QemuVanished", `QEMU (pid ${process.pid}) ${how}; libvirt gave no reason`, now);
}

export function crashed(reason: string, message: string, since: MonotonicMs): Life {
  return { kind: "crashed", since, reason, message };
}
