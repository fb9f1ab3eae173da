import type { DurationMs } from "@herdbeat/shared/time";
import type { DaemonState, GuestEvent, GuestStatus } from "../core/guest-facts.ts";
import type { HypervisorListener } from "../ports/hypervisor.ts";

/** Passes what the one hypervisor says on to every monitor that wants to know, in order of `add`. */
export class HypervisorFeed implements HypervisorListener {
  readonly #listeners: HypervisorListener[] = [];

  /** To be called before the hypervisor is started. */
  add(listener: HypervisorListener): void {
    this.#listeners.push(listener);
  }

  onEvent(event: GuestEvent): void {
    for (const listener of this.#listeners) listener.onEvent(event);
  }

  onGuests(guests: readonly GuestStatus[], age: DurationMs): void {
    for (const listener of this.#listeners) listener.onGuests(guests, age);
  }

  onDaemonState(state: DaemonState): void {
    for (const listener of this.#listeners) listener.onDaemonState(state);
  }
}
