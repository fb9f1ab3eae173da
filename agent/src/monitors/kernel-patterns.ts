/** Texts of the kernel that mean a fault. First match wins; every pattern is anchored at the start. */
import type { FailureClass } from "@herdbeat/shared/classes";

export interface KernelPattern {
  /** First part of the condition's subject; the group `object` is the second. */
  readonly id: string;
  readonly regex: RegExp;
  readonly failureClass: FailureClass;
  readonly reason: string;
  /** Worth knowing, not a problem. */
  readonly isInformation?: boolean;
  /** So many records without a quiet hold time between them are a problem all the same. */
  readonly problemFrom?: number;
  /** Not a fault: the end of one of the pattern with this id. */
  readonly clears?: string;
}

/** Devices and interfaces as the kernel names them. */
const DEVICE = "(?<object>[A-Za-z0-9_./:-]{1,64})";

function pattern(
  id: string,
  failureClass: FailureClass,
  reason: string,
  source: string,
): KernelPattern {
  return { id, regex: new RegExp(`^(?:${source})`), failureClass, reason };
}

export const KERNEL_PATTERNS: readonly KernelPattern[] = [
  pattern("panic", "kernel-crash", "KernelPanic", "Kernel panic - not syncing"),
  pattern(
    "oops",
    "host-degraded",
    "KernelOops",
    "BUG: kernel NULL pointer|BUG: unable to handle|Unable to handle kernel |Oops: |kernel BUG at |" +
      "general protection fault|Internal error: Oops|BUG: Bad page state|BUG: scheduling while atomic",
  ),
  pattern("soft-lockup", "kernel-hang", "SoftLockup", "(?:NMI )?watchdog: BUG: soft lockup - CPU#"),
  pattern(
    "hard-lockup",
    "kernel-hang",
    "HardLockup",
    "(?:NMI )?watchdog: (?:CPU\\d+: )?Watchdog detected hard LOCKUP on cpu",
  ),
  pattern(
    "rcu-stall",
    "kernel-hang",
    "RcuStall",
    "(?:rcu: )?(?:INFO: )?rcu_\\w+ (?:self-detected stall on CPU|detected (?:expedited )?stalls on CPUs|kthread starved)",
  ),
  pattern(
    "hung-task",
    "host-degraded",
    "HungTask",
    "INFO: task .{1,64} blocked for more than \\d+ seconds",
  ),
  pattern(
    "read-only",
    "storage-down",
    "RemountedReadOnly",
    `EXT4-fs \\(${DEVICE}\\): Remounting filesystem read-only`,
  ),
  pattern(
    "read-only",
    "storage-down",
    "FilesystemShutDown",
    `XFS \\(${DEVICE}\\): (?:Filesystem has been shut down|Log I/O Error Detected\\. {1,2}Shutting down|` +
      "Corruption of in-memory data.{0,80} detected.{0,80}Shutting down|xfs_do_force_shutdown|log I/O error)",
  ),
  pattern(
    "read-only",
    "storage-down",
    "ForcedReadOnly",
    `BTRFS (?:info|error|warning|critical) \\(device ${DEVICE}(?: state \\w+)?\\): forced readonly`,
  ),
  pattern(
    "filesystem",
    "storage-degraded",
    "FilesystemError",
    `EXT4-fs error \\(device ${DEVICE}\\)`,
  ),
  pattern(
    "filesystem",
    "storage-degraded",
    "FilesystemError",
    `XFS \\(${DEVICE}\\): (?:Internal error|Metadata (?:corruption|CRC error)|metadata I/O error)`,
  ),
  pattern(
    "filesystem",
    "storage-degraded",
    "FilesystemError",
    `BTRFS (?:error|critical) \\(device ${DEVICE}`,
  ),
  pattern(
    "disk",
    "storage-degraded",
    "DiskError",
    `(?:blk_update_request: |print_req_error: )?(?:critical medium error|critical target error|I/O error), dev ${DEVICE}, sector`,
  ),
  pattern(
    "disk",
    "storage-degraded",
    "BufferError",
    `Buffer I/O error on (?:dev|device) ${DEVICE},`,
  ),
  pattern(
    "disk",
    "storage-degraded",
    "DiskReset",
    `nvme ${DEVICE}: (?:I/O \\w+ .{0,40}timeout|controller is down|Device not ready|Abort status|resetting controller|Removing after probe failure)`,
  ),
  pattern(
    "disk",
    "storage-degraded",
    "DiskReset",
    `${DEVICE}: (?:exception Emask 0x|hard resetting link|failed command: |disabled$|SATA link down)`,
  ),
  pattern(
    "disk",
    "storage-degraded",
    "DiskOffline",
    `sd ${DEVICE}: rejecting I/O to offline device`,
  ),
  pattern(
    "multipath",
    "storage-degraded",
    "PathFailed",
    `device-mapper: multipath: .{0,64}Failing path ${DEVICE}\\.`,
  ),
  pattern("nfs", "storage-degraded", "ServerNotResponding", `nfs: server ${DEVICE} not responding`),
  {
    id: "nfs-ok",
    regex: new RegExp(`^nfs: server ${DEVICE} OK`),
    failureClass: "storage-degraded",
    reason: "ServerAnswers",
    clears: "nfs",
  },
  pattern(
    "hardware",
    "hardware-fault",
    "UncorrectedError",
    "mce: \\[Hardware Error\\]: CPU \\d+: Machine Check(?: Exception)?: [4-9a-f]|mce: Uncorrected hardware memory error|" +
      "Uncorrected hardware memory error|EDAC \\w+: \\d+ UE |\\{\\d+\\}\\[Hardware Error\\]: event severity: (?:fatal|recoverable)|" +
      "Memory failure: 0x[0-9a-f]+: .{0,80}(?:Failed|Ignored)",
  ),
  pattern(
    "nic-transmit-timeout",
    "nic-degraded",
    "TransmitTimeout",
    `(?:\\S{1,32} \\S{1,32} )?(?:${DEVICE}: )?NETDEV WATCHDOG: `,
  ),
  pattern(
    "stuck-interface",
    "host-degraded",
    "InterfaceNotReleased",
    `unregister_netdevice: waiting for ${DEVICE} to become free`,
  ),
  pattern(
    "clocksource",
    "host-degraded",
    "ClockUnstable",
    "(?:clocksource: )?timekeeping watchdog on CPU\\d+: .{0,80}(?:unstable|skewed)|clocksource: Marking clocksource .{1,40} as unstable",
  ),
  {
    ...pattern(
      "corrected",
      "hardware-fault",
      "CorrectedErrors",
      "mce: \\[Hardware Error\\]: Machine check events logged|EDAC \\w+: \\d+ CE |" +
        "\\{\\d+\\}\\[Hardware Error\\]: event severity: corrected|" +
        "pcieport \\S{1,20}: (?:AER: )?(?:Multiple )?Corrected error",
    ),
    isInformation: true,
    problemFrom: 24,
  },
  {
    ...pattern(
      "out-of-memory",
      "host-degraded",
      "OutOfMemoryKill",
      "(?:Memory cgroup out|Out) of memory: Kill(?:ed)? process",
    ),
    isInformation: true,
    problemFrom: 5,
  },
];
