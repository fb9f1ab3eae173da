import type { DurationMs } from "@herdbeat/shared/time";
import type { AgentPing, DaemonState, GuestEvent, GuestStatus } from "../core/guest-facts.ts";

export interface HypervisorListener {
  onEvent(event: GuestEvent): void;
  /**
   * Everything libvirt knows, after every (re)connect and at each poll. `age` is how long ago the
   * look began: what an event told since then is newer than this list.
   */
  onGuests(guests: readonly GuestStatus[], age: DurationMs): void;
  onDaemonState(state: DaemonState): void;
}

/**
 * The virtualisation daemon and its guests. Implementations never block the calling process: every
 * call that can hang runs in a child that is killed with SIGKILL past its deadline.
 */
export interface Hypervisor {
  start(listener: HypervisorListener): Promise<void>;
  stop(): Promise<void>;
  daemonState(): DaemonState;
  /** Sends guest-ping over the QEMU guest agent; opt-in per configuration. */
  pingGuestAgent(uuid: string, timeout: DurationMs): Promise<AgentPing>;
}
