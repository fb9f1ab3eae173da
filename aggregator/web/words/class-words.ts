/** Failure classes and grades in the words of somebody who has just been woken up. */
import { type FailureClass, type Grade, isFailureClass } from "@herdbeat/shared/classes";

/** What has happened, without a subject: `<name>: <words>`. */
const CLASS_WORDS: { readonly [C in FailureClass]: string } = {
  "host-down": "host down",
  "host-rebooted": "host rebooted",
  "kernel-crash": "kernel crashed",
  "kernel-hang": "kernel hangs",
  "host-frozen": "host was frozen",
  "host-isolated": "host cut off from the network",
  "host-degraded": "host degraded",
  "nic-down": "network interface down",
  "nic-degraded": "network interface degraded",
  "libvirt-down": "libvirt down",
  "libvirt-hung": "libvirt hangs",
  "service-down": "service down",
  "service-hung": "service hangs",
  "service-impostor": "service answered by the wrong process",
  "guest-crashed": "guest crashed",
  "guest-hung": "guest hangs",
  "guest-io-error": "guest stopped by an I/O error",
  "workload-failed": "workload inside a guest failed",
  "storage-down": "storage down",
  "storage-degraded": "storage degraded",
  "watchdog-fault": "watchdog at fault",
  "hardware-fault": "hardware fault",
  "agent-down": "agent down, host answers",
  "agent-stalled": "agent stalled, host answers",
  "zone-outage": "outage of a whole zone",
  "state-lost": "agent lost its state",
  "identity-conflict": "two machines use one identity",
  "node-returned": "node returned",
  "control-plane-down": "control plane down",
  "recovery-controller-down": "recovery controller down",
  "recovery-controller-stuck": "recovery controller makes no progress",
  "store-down": "store down",
  "fencing-impossible": "no way to fence",
};

/** A class this page does not know is shown as it was sent. */
export function classWords(failureClass: string): string {
  return isFailureClass(failureClass) ? CLASS_WORDS[failureClass] : failureClass;
}

export interface GradeWords {
  readonly name: string;
  /** How sure that makes us, one sentence. */
  readonly plain: string;
}

const GRADE_WORDS: { readonly [G in Grade]: GradeWords } = {
  0: {
    name: "silent",
    plain: "Heartbeats stopped and nobody else was able to look. Silence alone proves nothing.",
  },
  1: {
    name: "unreachable",
    plain: "Proven probes that used to be answered get no answer. It may still run, cut off.",
  },
  2: {
    name: "no sign of life",
    plain: "Unreachable, and neither shared storage nor its management controller shows life.",
  },
  3: {
    name: "self-fenced",
    plain:
      "Its armed watchdog must have reset it: the time bound has passed, and others vouch for it.",
  },
  4: {
    name: "announced",
    plain: "The host said so itself: its guests were stopped, or it has booted anew.",
  },
  5: {
    name: "power-off confirmed",
    plain: "A fence device reads back that the power is off. Nothing on it can run.",
  },
};

export const GRADE_MAX = 5;

export function gradeWords(grade: number): GradeWords {
  return (
    (GRADE_WORDS as Readonly<Record<number, GradeWords>>)[grade] ?? {
      name: `grade ${grade}`,
      plain: "This page does not know the grade.",
    }
  );
}

/** Grades say how dead a host is; a condition reported by a living agent needs no such proof. */
export function isReportedByAgent(evidenceKinds: readonly string[]): boolean {
  return evidenceKinds.length > 0 && evidenceKinds.every((kind) => kind === "condition");
}
