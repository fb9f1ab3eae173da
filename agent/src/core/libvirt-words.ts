/** libvirt's numbers in virsh's words. A number from a newer libvirt becomes `unknown`. */
import type { GuestEvent, GuestState, StopReason } from "./guest-facts.ts";

const STATES: readonly GuestState[] = [
  "no-state",
  "running",
  "blocked",
  "paused",
  "in-shutdown",
  "shut-off",
  "crashed",
  "pm-suspended",
];

const STATE_REASONS: { readonly [S in GuestState]: readonly string[] } = {
  "no-state": ["unknown"],
  running: [
    "unknown",
    "booted",
    "migrated",
    "restored",
    "from-snapshot",
    "unpaused",
    "migration-canceled",
    "save-canceled",
    "wakeup",
    "crashed",
    "postcopy",
    "postcopy-failed",
  ],
  blocked: ["unknown"],
  paused: [
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "ioerror",
    "watchdog",
    "from-snapshot",
    "shutting-down",
    "snapshot",
    "crashed",
    "starting",
    "postcopy",
    "postcopy-failed",
    "api-error",
  ],
  "in-shutdown": ["unknown", "user"],
  "shut-off": [
    "unknown",
    "shutdown",
    "destroyed",
    "crashed",
    "migrated",
    "saved",
    "failed",
    "from-snapshot",
    "daemon",
  ],
  crashed: ["unknown", "panicked"],
  "pm-suspended": ["unknown"],
};

/** virDomainState and its reason. */
export function guestState(
  state: number,
  reason: number,
): { readonly state: GuestState; readonly reason: string } {
  const word = STATES[state] ?? "no-state";
  return { state: word, reason: STATE_REASONS[word][reason] ?? "unknown" };
}

const STOP_REASONS: readonly StopReason[] = [
  "shutdown",
  "destroyed",
  "crashed",
  "migrated",
  "saved",
  "failed",
  "from-snapshot",
];

const SUSPENDED = [
  "paused",
  "migrated",
  "ioerror",
  "watchdog",
  "restored",
  "from-snapshot",
  "api-error",
  "postcopy",
  "postcopy-failed",
];
const STARTED = ["booted", "migrated", "restored", "from-snapshot", "wakeup", "recovered"];
const RESUMED = ["unpaused", "migrated", "from-snapshot", "postcopy", "postcopy-failed"];
const SHUTDOWN = ["finished", "guest", "host"];
const CRASHED = ["panicked", "crashloaded"];
const DEFINED = ["added", "updated", "renamed", "from-snapshot"];
const UNDEFINED = ["removed", "renamed"];
const PM_SUSPENDED = ["pm-memory", "pm-disk"];

/** One lifecycle event (virDomainEventType and detail); null for a type this version does not know. */
export function lifecycleEvent(uuid: string, type: number, detail: number): GuestEvent | null {
  const word = (words: readonly string[]): string => words[detail] ?? "unknown";
  switch (type) {
    case 0:
      return { kind: "defined", uuid, detail: word(DEFINED) };
    case 1:
      return { kind: "undefined", uuid, detail: word(UNDEFINED) };
    case 2:
      return { kind: "started", uuid, detail: word(STARTED) };
    case 3:
      return { kind: "suspended", uuid, detail: word(SUSPENDED) };
    case 4:
      return { kind: "resumed", uuid, detail: word(RESUMED) };
    case 5:
      return { kind: "stopped", uuid, detail: STOP_REASONS[detail] ?? "unknown" };
    case 6:
      return { kind: "shutdown", uuid, detail: word(SHUTDOWN) };
    case 7:
      return { kind: "suspended", uuid, detail: word(PM_SUSPENDED) };
    case 8:
      return { kind: "crashed", uuid, detail: word(CRASHED) };
    default:
      return null;
  }
}

const IO_ERROR_ACTIONS = ["none", "pause", "report"];

/** virDomainEventIOErrorAction. */
export function ioErrorAction(action: number): string {
  return IO_ERROR_ACTIONS[action] ?? "unknown";
}

const WATCHDOG_ACTIONS = ["none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi"];

/** virDomainEventWatchdogAction. */
export function watchdogAction(action: number): string {
  return WATCHDOG_ACTIONS[action] ?? "unknown";
}
