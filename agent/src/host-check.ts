/**
 * What the agent can and cannot watch on this host, and why. Reads; changes nothing, opens no device,
 * asks nobody. One line per subject: `yes`, `no` (the host does not have it), `off` (not
 * configured), `lack` (it should be watched, and cannot).
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentConfig } from "./config.ts";
import { loadProfiles } from "./service-profiles.ts";

export interface CheckLine {
  readonly can: "yes" | "no" | "off" | "lack";
  readonly subject: string;
  readonly why: string;
}

/** `root` is / except in tests. */
export function checkHost(config: AgentConfig, root = "/"): readonly CheckLine[] {
  const at = (path: string): string => join(root, path);
  return [
    ...networkLines(config, at),
    libvirtLine(config, at),
    ...storageLines(config, at),
    ...serviceLines(config, at),
    ...machineLines(config, at),
  ];
}

type At = (path: string) => string;

const line = (can: CheckLine["can"], subject: string, why: string): CheckLine => ({
  can,
  subject,
  why,
});

function networkLines(config: AgentConfig, at: At): readonly CheckLine[] {
  const roles = Object.entries(config.networks);
  const missing = roles.filter(([, name]) => !existsSync(at(`/sys/class/net/${name}`)));
  const names = roles.map(([role, name]) => `${role}=${name}`).join(" ");
  const absent = missing.map(([role, name]) => `${role}=${name}`).join(" ");
  const bonds = namesIn(at("/proc/net/bonding"));
  const peers = config.reachability.map(({ role, targets }) => `${role}:${targets.length}`);
  return [
    roles.length === 0
      ? line("off", "network roles", "none in networks: which network failed cannot be told")
      : missing.length > 0
        ? line("lack", "network roles", `no such interface: ${absent}`)
        : line("yes", "network roles", names),
    bonds.length > 0 ? line("yes", "bonds", bonds.join(" ")) : line("no", "bonds", "there is none"),
    peers.length > 0
      ? line("yes", "network paths", `peers by role: ${peers.join(" ")}`)
      : line("off", "network paths", "no peers in reachability: only carrier is seen"),
  ];
}

function libvirtLine(config: AgentConfig, at: At): CheckLine {
  const { enabled, runDir, socket } = config.libvirt;
  if (enabled === "never") return line("off", "libvirt and guests", "libvirt.enabled is never");
  const sockets = [socket ?? "", join(runDir, "virtqemud-sock"), join(runDir, "libvirt-sock")];
  const found = sockets.find((path) => path !== "" && existsSync(at(path)));
  if (found !== undefined) return line("yes", "libvirt and guests", found);
  return enabled === "always"
    ? line("lack", "libvirt and guests", `no socket of a daemon in ${runDir}`)
    : line("no", "libvirt and guests", `no socket of a daemon in ${runDir}`);
}

function storageLines(config: AgentConfig, at: At): readonly CheckLine[] {
  const names = config.storage.map(({ name }) => name);
  // The folders are not looked at: they may hang.
  const folders =
    names.length > 0
      ? line("yes", "storage", names.join(" "))
      : line("off", "storage", "no folder in storage: a hung one is only seen by the kernel's log");
  const ways = ["iscsi_session", "fc_host", "nvme"].filter(
    (name) => namesIn(at(`/sys/class/${name}`)).length > 0,
  );
  const paths =
    ways.length > 0
      ? line("yes", "ways to storage", ways.join(" "))
      : line("no", "ways to storage", "no iSCSI, Fibre Channel or NVMe");
  return [folders, paths];
}

function serviceLines(config: AgentConfig, at: At): readonly CheckLine[] {
  const { profiles } = loadProfiles(config.profiles, config.profilesFolder);
  const names = [...config.services.map(({ name }) => name), ...profiles.map(({ id }) => id)];
  const units = existsSync(at("/run/systemd/system"));
  const needsUnit = profiles.filter(({ check }) => check === null).map(({ id }) => id);
  if (names.length === 0) return [line("off", "services", "none in services or profiles")];
  if (!units && needsUnit.length > 0)
    return [line("lack", "services", `systemd does not run; only by it: ${needsUnit.join(" ")}`)];
  return [line("yes", "services", names.join(" "))];
}

function machineLines(config: AgentConfig, at: At): readonly CheckLine[] {
  const dogs = namesIn(at("/sys/class/watchdog"));
  const sensors = ["hwmon", "thermal"].flatMap((name) => namesIn(at(`/sys/class/${name}`)));
  const memory = namesIn(at("/sys/devices/system/edac/mc")).filter((name) => /^mc\d/.test(name));
  const warnings = text(at("/proc/sys/kernel/hung_task_warnings"));
  const crash = text(at("/sys/kernel/kexec_crash_loaded"));
  return [
    kernelLogLine(config, at),
    existsSync(at("/proc/pressure/memory"))
      ? line("yes", "pressure", "memory, disks, CPUs")
      : line("lack", "pressure", "the kernel was built or booted without PSI"),
    warnings === "0"
      ? line("lack", "hung tasks", "kernel.hung_task_warnings is 0: the kernel reports none")
      : warnings === ""
        ? line("no", "hung tasks", "the kernel does not look for them")
        : line("yes", "hung tasks", `${warnings} reports left`),
    dogs.length > 0
      ? line("yes", "watchdog", dogs.join(" "))
      : line(config.watchdog.required ? "lack" : "no", "watchdog", "the host has no device"),
    memory.length > 0
      ? line("yes", "memory errors", memory.join(" "))
      : line("no", "memory errors", "no EDAC driver is loaded"),
    sensors.length > 0
      ? line("yes", "sensors", `${sensors.length} devices`)
      : line("no", "sensors", "the kernel shows none"),
    crash === "1"
      ? line("yes", "crash dump", "a crash kernel is loaded")
      : line("no", "crash dump", "no crash kernel: of a panic only pstore may tell"),
    existsSync(at("/sys/fs/pstore"))
      ? line("yes", "pstore", `${namesIn(at("/sys/fs/pstore")).length} records of earlier crashes`)
      : line("no", "pstore", "nothing survives a crash"),
  ];
}

function kernelLogLine(config: AgentConfig, at: At): CheckLine {
  if (!config.kernelLog.enabled) return line("off", "kernel log", "kernelLog.enabled is false");
  try {
    accessSync(at("/dev/kmsg"), constants.R_OK);
    return line("yes", "kernel log", "/dev/kmsg");
  } catch {
    return line("lack", "kernel log", "/dev/kmsg is absent or not readable for this user");
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, 64);
  } catch {
    // Absent, or not ours to see: nothing can be watched there either way.
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "latin1").trim().slice(0, 64);
  } catch {
    // Absent.
    return "";
  }
}

/** One screen: 80 columns, a line per subject, what lacks first. */
export function renderCheck(lines: readonly CheckLine[]): string {
  const order = ["lack", "yes", "off", "no"];
  const sorted = [...lines].sort((a, b) => order.indexOf(a.can) - order.indexOf(b.can));
  const rows = sorted.map(({ can, subject, why }) =>
    `${can.padEnd(5)}${subject.padEnd(20)}${why}`.slice(0, 100),
  );
  const lacks = lines.filter(({ can }) => can === "lack").length;
  const sum = lacks === 0 ? "nothing lacks" : `${lacks} of what should be watched cannot be`;
  return [...rows, `yes: watched; no: not on this host; off: not configured; ${sum}`].join("\n");
}
