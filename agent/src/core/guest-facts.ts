/** What a virtualisation daemon can tell: words shared by the port, the pure logic and the adapters. */
import type { DurationMs, MonotonicMs } from "@herdbeat/shared/time";

/** How the daemon answers on a connection of its own, independent of every domain's locks. */
export type DaemonState =
  | { readonly kind: "up"; readonly answeredIn: DurationMs }
  /** No socket, or connection refused, and no socket activation brought it up. */
  | { readonly kind: "down"; readonly since: MonotonicMs; readonly detail: string }
  /** The socket accepts, nothing is answered. */
  | { readonly kind: "hung"; readonly since: MonotonicMs; readonly detail: string }
  | { readonly kind: "unknown"; readonly why: DaemonUnknown; readonly detail: string };

export type DaemonUnknown =
  | "NotLooked"
  /** No socket, and none was ever there: this machine may have no libvirt. */
  | "NeverSeen"
  | "NotAllowed";

export type GuestState =
  | "running"
  | "blocked"
  | "paused"
  | "in-shutdown"
  | "shut-off"
  | "crashed"
  | "pm-suspended"
  | "no-state";

/** Why libvirt says the guest is in its state, in virsh's words (`ioerror`, `user`, `destroyed` ...). */
export interface GuestStatus {
  readonly uuid: string;
  readonly name: string;
  readonly state: GuestState;
  readonly stateReason: string;
  /** Process id of the QEMU, when libvirt's runtime directory tells. */
  readonly pid: number | null;
  readonly persistent: boolean;
  /** nova metadata, Eucalyptus name; what the domain XML tells, bounded. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Host path of the `org.herdbeat.guest.0` channel's socket, when the guest has one. */
  readonly heartbeatChannel: string | null;
  /** True when the guest has a QEMU guest agent channel. */
  readonly hasGuestAgent: boolean;
}

export type StopReason =
  | "shutdown"
  | "destroyed"
  | "crashed"
  | "migrated"
  | "saved"
  | "failed"
  | "from-snapshot"
  | "unknown";

export type GuestEvent =
  | {
      readonly kind: "started" | "resumed" | "suspended" | "defined" | "undefined" | "rebooted";
      readonly uuid: string;
      readonly detail: string;
    }
  /** The guest or an operator asked for its end; what follows is deliberate. */
  | { readonly kind: "shutdown"; readonly uuid: string; readonly detail: string }
  | { readonly kind: "stopped"; readonly uuid: string; readonly detail: StopReason }
  | { readonly kind: "crashed"; readonly uuid: string; readonly detail: string }
  /** `detail` is `<action>: <reason> on <device>`; action `pause` means that the guest stands still. */
  | { readonly kind: "io-error"; readonly uuid: string; readonly detail: string }
  | { readonly kind: "watchdog"; readonly uuid: string; readonly detail: string };

export type AgentPing = "answered" | "timeout" | "not-connected" | "error";
