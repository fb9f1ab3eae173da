/**
 * Whether the virtualisation daemon lives, from what happens on one connection to its socket. Pure.
 *
 * Silence is counted in time spent listening (a stall of ours adds little), from the last answer.
 * A daemon whose connection broke is down when nobody accepts any more, and also when somebody
 * accepts (systemd holds the socket) but no answer follows at once; one that was not seen to die but
 * does not answer is hung. An absent socket is a failure only where the daemon was seen or is
 * expected: a machine without libvirt is not ill.
 */
import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { DaemonState } from "./guest-facts.ts";

export interface LivenessConfig {
  /** Silence after which a daemon that did not die is hung. Above two ping intervals. */
  readonly hungAfter: DurationMs;
  /** How long a restarted daemon may be silent before its death is told. */
  readonly restartAllowance: DurationMs;
  /** How long a restarted daemon may be silent before it counts as hung instead of down. */
  readonly startAllowance: DurationMs;
  /** An absent socket is a failure even if no daemon was ever seen. */
  readonly isExpected: boolean;
}

export const LIVENESS_DEFAULTS: LivenessConfig = {
  hungAfter: durationMs(2_500),
  restartAllowance: durationMs(300),
  startAllowance: durationMs(15_000),
  isExpected: false,
};

export interface Liveness {
  readonly daemon: DaemonState;
  readonly wasSeen: boolean;
  /** When the connection to a living daemon broke; null while it has not. */
  readonly lostAt: MonotonicMs | null;
  /** The socket accepts us, or is too busy to. */
  readonly isWaiting: boolean;
  readonly silentFor: DurationMs;
  readonly tickAt: MonotonicMs;
}

export type LivenessEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "answered"; readonly answeredIn: DurationMs }
  /** An established connection ended. */
  | { readonly kind: "lost"; readonly detail: string }
  /** The socket exists, nobody listens. */
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "absent"; readonly detail: string }
  /** The queue of waiting connections is full. */
  | { readonly kind: "busy" }
  /** We may not connect, so nothing can be told. */
  | { readonly kind: "forbidden"; readonly detail: string }
  | { readonly kind: "tick" };

/** A tick that comes later than this was our own stall. */
const TICK_GAP_MAX: DurationMs = durationMs(1_500);

export function newLiveness(now: MonotonicMs): Liveness {
  return {
    daemon: { kind: "unknown", why: "NotLooked", detail: "not looked yet" },
    wasSeen: false,
    lostAt: null,
    isWaiting: false,
    silentFor: durationMs(0),
    tickAt: now,
  };
}

export function stepLiveness(
  state: Liveness,
  event: LivenessEvent,
  now: MonotonicMs,
  config: LivenessConfig,
): Liveness {
  const quiet = { ...state, isWaiting: false, silentFor: durationMs(0) };
  switch (event.kind) {
    case "connected":
      return { ...quiet, isWaiting: true };
    case "answered":
      return {
        ...quiet,
        isWaiting: true,
        wasSeen: true,
        lostAt: null,
        daemon: { kind: "up", answeredIn: event.answeredIn },
      };
    case "lost":
      return { ...quiet, lostAt: state.lostAt ?? now };
    case "refused":
      return down(quiet, event.detail, now);
    case "absent":
      if (state.wasSeen || config.isExpected) return down(quiet, event.detail, now);
      return { ...quiet, daemon: { kind: "unknown", why: "NeverSeen", detail: event.detail } };
    case "busy":
      return { ...state, isWaiting: true };
    case "forbidden":
      return { ...quiet, daemon: { kind: "unknown", why: "NotAllowed", detail: event.detail } };
    case "tick":
      return onTick(state, now, config);
    default:
      return event satisfies never;
  }
}

function down(state: Liveness, detail: string, now: MonotonicMs): Liveness {
  const lostAt = state.lostAt ?? now;
  const since = state.daemon.kind === "down" ? state.daemon.since : lostAt;
  return { ...state, lostAt, daemon: { kind: "down", since, detail } };
}

function onTick(state: Liveness, now: MonotonicMs, config: LivenessConfig): Liveness {
  const passed = Math.min(elapsed(state.tickAt, now), TICK_GAP_MAX);
  const silentFor = durationMs(state.isWaiting ? state.silentFor + passed : 0);
  const next = { ...state, tickAt: now, silentFor };
  if (!state.isWaiting || state.daemon.kind === "hung") return next;
  const hungAfter = state.lostAt === null ? config.hungAfter : config.startAllowance;
  if (silentFor >= hungAfter) {
    const detail = `the socket accepts, but nothing was answered for ${hungAfter} ms`;
    return { ...next, daemon: { kind: "hung", since: now, detail } };
  }
  if (state.lostAt !== null && silentFor >= config.restartAllowance) {
    return down(next, "the connection ended, and its successor does not answer yet", now);
  }
  return next;
}
