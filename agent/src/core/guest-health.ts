/**
 * Decides what is wrong with one guest. Pure.
 *
 *            started, resumed                  suspended
 *   off ─────────────────────► running ◄──────────────────► paused
 *    ▲                          │    │                        │
 *    │ stopped for a reason     │    │ shutdown               │ QEMU died without one, or libvirt
 *    ├──────────────────────────┘    ▼                        │ says failed, crashed, panicked
 *    ├───────────────────────── ending                        ▼
 *    └───────────────────────────────────────────────────── crashed
 *              runs again, undefined, reason was another
 *
 * Sources contradict each other for a moment, because a list is older than the events that overtook
 * it and because a process dies before libvirt can say why. Hence: what an event told is not undone
 * by a list that was begun before it; a list that names a dead process is old; and a dead process is
 * held for libvirt's reason for a short while before it is called a crash.
 */
import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { AgentPing, GuestEvent, GuestStatus } from "./guest-facts.ts";
import {
  crashed,
  type HoldConfig,
  isHoldOver,
  type Life,
  lifeAfterHold,
  lifeAfterStop,
  lifeAsListed,
} from "./guest-life.ts";
import { newProcess, observeProcess, type ProcessLook, type ProcessView } from "./guest-process.ts";
import {
  type AgentAnswers,
  type Beats,
  type GuestBeat,
  heardBeat,
  NO_ANSWERS,
  observePing,
  silentBeats,
} from "./guest-silence.ts";

/** How long a dead QEMU is held for libvirt's reason, by circumstance. */
export type GuestHealthConfig = HoldConfig;

export const GUEST_HEALTH_DEFAULTS: GuestHealthConfig = {
  reasonHold: durationMs(700),
  unreapedHold: durationMs(3_000),
  leavingHold: durationMs(10_000),
};

export interface GuestHealth {
  readonly status: GuestStatus;
  /** In libvirt's latest list. */
  readonly isListed: boolean;
  readonly life: Life;
  readonly process: ProcessView;
  /** The last event; null before the first. */
  readonly eventAt: MonotonicMs | null;
  readonly beats: Beats;
  readonly beatsObservedAt: MonotonicMs;
  readonly agent: AgentAnswers;
  readonly ioError: { readonly at: MonotonicMs; readonly detail: string } | null;
  readonly watchdog: { readonly at: MonotonicMs; readonly detail: string } | null;
}

export type GuestObservation =
  | { readonly kind: "listed"; readonly status: GuestStatus; readonly begunAt: MonotonicMs }
  | { readonly kind: "unlisted" }
  | { readonly kind: "event"; readonly event: GuestEvent }
  | {
      readonly kind: "process";
      readonly look: ProcessLook | null;
      readonly isChannelConnected: boolean;
    }
  | { readonly kind: "beat"; readonly beat: GuestBeat }
  | { readonly kind: "agent-ping"; readonly outcome: AgentPing };

/** A guest seen for the first time. `ranBefore`: it ran when this agent's predecessor last looked. */
export function newGuest(status: GuestStatus, ranBefore: boolean, now: MonotonicMs): GuestHealth {
  const fresh: GuestHealth = {
    status,
    isListed: true,
    life: ranBefore ? { kind: "running" } : { kind: "off" },
    process: { kind: "none" },
    eventAt: null,
    beats: { kind: "none" },
    beatsObservedAt: now,
    agent: NO_ANSWERS,
    ioError: null,
    watchdog: null,
  };
  return stepGuest(fresh, { kind: "listed", status, begunAt: now }, now, GUEST_HEALTH_DEFAULTS);
}

export function stepGuest(
  guest: GuestHealth,
  observation: GuestObservation,
  now: MonotonicMs,
  config: GuestHealthConfig,
): GuestHealth {
  switch (observation.kind) {
    case "listed":
      return onListed(guest, observation.status, observation.begunAt, now);
    case "unlisted":
      return onUnlisted(guest);
    case "event":
      return { ...onEvent(guest, observation.event, now), eventAt: now };
    case "process":
      return onProcess(guest, observation.look, observation.isChannelConnected, now, config);
    case "beat":
      // A line proves that the guest is past its watchdog's or its disk's trouble.
      return { ...guest, beats: heardBeat(observation.beat), watchdog: null, beatsObservedAt: now };
    case "agent-ping": {
      const agent = observePing(guest.agent, observation.outcome, cpuTicksOf(guest.process));
      return { ...guest, agent };
    }
    default:
      return observation satisfies never;
  }
}

function onListed(
  guest: GuestHealth,
  status: GuestStatus,
  begunAt: MonotonicMs,
  now: MonotonicMs,
): GuestHealth {
  const { process } = guest;
  const isOld = guest.eventAt !== null && begunAt <= guest.eventAt;
  const namesTheDead =
    (process.kind === "dead" || process.kind === "settled") && status.pid === process.pid;
  const known = { ...guest, status, isListed: true };
  if (isOld || namesTheDead) return known;
  const life = lifeAsListed(status, guest.life, process, now);
  const isNewProcess =
    status.pid !== null && (process.kind === "none" || process.pid !== status.pid);
  const next = { ...known, life };
  return isNewProcess ? { ...next, process: newProcess(status.pid, now) } : next;
}

function onUnlisted(guest: GuestHealth): GuestHealth {
  const gone = { ...guest, isListed: false };
  // A persistent guest leaves the list only when somebody undefines it.
  const wasUndefined = guest.life.kind === "crashed" && guest.status.persistent;
  const hasNoProcess = guest.process.kind === "none" && guest.life.kind !== "crashed";
  return wasUndefined || hasNoProcess ? { ...gone, life: { kind: "off" } } : gone;
}

function onEvent(guest: GuestHealth, event: GuestEvent, now: MonotonicMs): GuestHealth {
  switch (event.kind) {
    case "started":
      return { ...newLife(guest), life: { kind: "running" }, process: { kind: "none" } };
    case "resumed":
      return { ...guest, life: { kind: "running" }, ioError: null };
    case "suspended": {
      const reason = event.detail === "migrated" ? "migration" : event.detail;
      return { ...guest, life: { kind: "paused", reason } };
    }
    case "shutdown":
      return { ...guest, life: { kind: "ending" } };
    case "stopped":
      return {
        ...newLife(guest),
        life: lifeAfterStop(guest.life, event.detail, now),
        process: settled(guest),
      };
    case "crashed":
      return {
        ...guest,
        life: crashed("GuestPanicked", `the guest's kernel panicked (${event.detail})`, now),
      };
    case "io-error":
      return { ...guest, ioError: { at: now, detail: event.detail } };
    case "watchdog":
      return { ...guest, watchdog: { at: now, detail: event.detail } };
    case "rebooted":
      return newLife(guest);
    case "undefined":
      return guest.life.kind === "crashed" ? { ...guest, life: { kind: "off" } } : guest;
    case "defined":
      return guest;
    default:
      return event satisfies never;
  }
}

/** What the guest showed before counts no more: it must prove itself again. */
function newLife(guest: GuestHealth): GuestHealth {
  return { ...guest, beats: { kind: "none" }, agent: NO_ANSWERS, ioError: null, watchdog: null };
}

function settled(guest: GuestHealth): ProcessView {
  const { process } = guest;
  if (process.kind !== "none") return { kind: "settled", pid: process.pid };
  return guest.status.pid === null ? process : { kind: "settled", pid: guest.status.pid };
}

function onProcess(
  guest: GuestHealth,
  look: ProcessLook | null,
  isChannelConnected: boolean,
  now: MonotonicMs,
  config: GuestHealthConfig,
): GuestHealth {
  const process = observeProcess(guest.process, look, now);
  const isListening = isChannelConnected && guest.life.kind === "running";
  const listenedFor = isListening ? listenedSince(guest.beatsObservedAt, now) : durationMs(0);
  const beats = silentBeats(guest.beats, listenedFor, cpuTicksOf(process));
  const next = { ...guest, process, beats, beatsObservedAt: now };
  if (process.kind !== "dead" || !isHoldOver(process, guest.life, config)) return next;
  const life = lifeAfterHold(guest.life, process, now);
  return { ...next, life, process: { kind: "settled", pid: process.pid } };
}

/** Silence is counted once a second; what is longer was our own stall. */
const LISTEN_GAP_MAX = durationMs(1_500);

function listenedSince(since: MonotonicMs, now: MonotonicMs): DurationMs {
  return durationMs(Math.max(0, Math.min(elapsed(since, now), LISTEN_GAP_MAX)));
}

export function cpuTicksOf(process: ProcessView): number | null {
  return process.kind === "alive" && process.startTicks !== null ? process.cpuTicks : null;
}
