/**
 * Whether libvirt's daemon answers. That alone never says anything about the guests, which run on
 * without it; it says that nobody can manage them.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { DaemonState } from "../core/guest-facts.ts";
import type { Hypervisor } from "../ports/hypervisor.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { HypervisorFeed } from "./hypervisor-feed.ts";

export function createLibvirtDaemonMonitor(hypervisor: Hypervisor, feed: HypervisorFeed): Monitor {
  return {
    name: "libvirt-daemon" as MonitorName,
    interval: durationMs(5_000),
    timeout: durationMs(1_000),
    // The probe behind the state has its own timeouts; here a change counts at once.
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "libvirt-down",
    async start(wake) {
      feed.add({ onEvent: () => {}, onGuests: () => {}, onDaemonState: wake });
    },
    async probe() {
      return [daemonFinding(hypervisor.daemonState())];
    },
  };
}

/** Pure. Messages hold no numbers that change from look to look. */
export function daemonFinding(state: DaemonState): Finding {
  switch (state.kind) {
    case "up":
      return finding("ok", "libvirt-down", "Answers", "libvirt answers");
    case "down":
      return finding("problem", "libvirt-down", "DaemonDown", `libvirt is down: ${state.detail}`);
    case "hung":
      return finding("problem", "libvirt-hung", "DaemonHung", `libvirt hangs: ${state.detail}`);
    case "unknown":
      return finding("unknown", "libvirt-down", state.why, state.detail);
    default:
      return state satisfies never;
  }
}

function finding(
  status: Finding["status"],
  failureClass: Finding["failureClass"],
  reason: string,
  message: string,
): Finding {
  return { subject: "", status, failureClass, reason, message };
}
