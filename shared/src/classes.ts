/**
 * What can have failed, and how well it is proven. Both lists are closed; every table that is
 * keyed by them is exhaustive by type.
 */

export const FAILURE_CLASSES = [
  "host-down",
  "host-rebooted",
  "kernel-crash",
  "kernel-hang",
  "host-frozen",
  "host-isolated",
  "host-degraded",
  "nic-down",
  "nic-degraded",
  "libvirt-down",
  "libvirt-hung",
  "service-down",
  "service-hung",
  "service-impostor",
  "guest-crashed",
  "guest-hung",
  "guest-io-error",
  "workload-failed",
  "storage-down",
  "storage-degraded",
  "watchdog-fault",
  "hardware-fault",
  "agent-down",
  "agent-stalled",
  "zone-outage",
  "state-lost",
  "identity-conflict",
  "node-returned",
  "control-plane-down",
  "recovery-controller-down",
  "recovery-controller-stuck",
  "store-down",
  "fencing-impossible",
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

/**
 * Which part of the world a class speaks of. Classes of one family on one subject are one incident:
 * `libvirt-hung` that turns into `libvirt-down` changes the incident's class, not its id.
 */
export type ClassFamily =
  | "host"
  | "agent"
  | "nic"
  | "libvirt"
  | "service"
  | "guest"
  | "workload"
  | "storage"
  | "watchdog"
  | "hardware"
  | "identity"
  | "zone"
  | "control-plane"
  | "fencing";

const FAMILIES: { readonly [C in FailureClass]: ClassFamily } = {
  "host-down": "host",
  "host-rebooted": "host",
  "kernel-crash": "host",
  "kernel-hang": "host",
  "host-frozen": "host",
  "host-isolated": "host",
  "host-degraded": "host",
  "nic-down": "nic",
  "nic-degraded": "nic",
  "libvirt-down": "libvirt",
  "libvirt-hung": "libvirt",
  "service-down": "service",
  "service-hung": "service",
  "service-impostor": "service",
  "guest-crashed": "guest",
  "guest-hung": "guest",
  "guest-io-error": "guest",
  "workload-failed": "workload",
  "storage-down": "storage",
  "storage-degraded": "storage",
  "watchdog-fault": "watchdog",
  "hardware-fault": "hardware",
  "agent-down": "agent",
  "agent-stalled": "agent",
  "zone-outage": "zone",
  "state-lost": "identity",
  "identity-conflict": "identity",
  "node-returned": "host",
  "control-plane-down": "control-plane",
  "recovery-controller-down": "control-plane",
  "recovery-controller-stuck": "control-plane",
  "store-down": "control-plane",
  "fencing-impossible": "fencing",
};

export function familyOf(failureClass: FailureClass): ClassFamily {
  return FAMILIES[failureClass];
}

const CLASS_SET: ReadonlySet<string> = new Set(FAILURE_CLASSES);

export function isFailureClass(text: string): text is FailureClass {
  return CLASS_SET.has(text);
}

/**
 * Classes that an agent may report of its own host. The others are judged by aggregators: an agent
 * that names one of them is kept as a condition and opens nothing.
 */
const REPORTABLE: { readonly [C in FailureClass]: boolean } = {
  "host-down": false,
  "host-rebooted": false,
  "kernel-crash": true,
  "kernel-hang": true,
  "host-frozen": true,
  "host-isolated": false,
  "host-degraded": true,
  "nic-down": true,
  "nic-degraded": true,
  "libvirt-down": true,
  "libvirt-hung": true,
  "service-down": true,
  "service-hung": true,
  "service-impostor": true,
  "guest-crashed": true,
  "guest-hung": true,
  "guest-io-error": true,
  "workload-failed": true,
  "storage-down": true,
  "storage-degraded": true,
  "watchdog-fault": true,
  "hardware-fault": true,
  "agent-down": false,
  "agent-stalled": true,
  "zone-outage": false,
  "state-lost": false,
  "identity-conflict": false,
  "node-returned": false,
  "control-plane-down": false,
  "recovery-controller-down": false,
  "recovery-controller-stuck": false,
  "store-down": false,
  "fencing-impossible": false,
};

export function isReportable(text: string): text is FailureClass {
  return isFailureClass(text) && REPORTABLE[text];
}

/** How a verdict is proven; see docs/failure-detection.md. A higher grade outranks a lower one. */
export const GRADES = [
  "silent",
  "unreachable",
  "no-sign-of-life",
  "self-fenced",
  "announced",
  "power-off-confirmed",
] as const;

export type Grade = 0 | 1 | 2 | 3 | 4 | 5;

export function gradeName(grade: Grade): (typeof GRADES)[number] {
  return GRADES[grade];
}
