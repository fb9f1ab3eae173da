/**
 * Ways to block storage, as sysfs shows them without touching a disk: iSCSI sessions, Fibre Channel
 * ports, NVMe controllers, the paths below each multipath device, and software RAID. One lost way is
 * degradation; a multipath device without any, or a failed array, is `storage-down`.
 */
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

/** A shelf of disks has a few hundred devices. */
const DEVICES_MAX = 1_024;

export function createBlockPathsMonitor(files: TextFiles): Pick<Monitor, "probe"> {
  return {
    async probe() {
      const [sessions, ports, controllers, devices] = await Promise.all([
        states(files, "/sys/class/iscsi_session", "state"),
        states(files, "/sys/class/fc_host", "port_state"),
        states(files, "/sys/class/nvme", "state"),
        files.list("/sys/class/block"),
      ]);
      const findings = [
        ...sessions.map(([name, state]) => judge("iscsi", name, state, ["LOGGED_IN"])),
        ...ports.map(([name, state]) => judge("fc", name, state, ["Online"])),
        ...controllers.map(([name, state]) => judge("nvme", name, state, ["live", "new"])),
      ];
      for (const name of devices.slice(0, DEVICES_MAX)) {
        const finding = name.startsWith("dm-")
          ? await multipath(files, name)
          : name.startsWith("md")
            ? await raid(files, name)
            : null;
        if (finding !== null) findings.push(finding);
      }
      return findings;
    },
  };
}

async function states(
  files: TextFiles,
  folder: string,
  attribute: string,
): Promise<readonly (readonly [string, string])[]> {
  const names = (await files.list(folder)).slice(0, DEVICES_MAX);
  const found: [string, string][] = [];
  for (const name of names) {
    const state = (await files.read(`${folder}/${name}/${attribute}`))?.trim();
    // Gone between the list and the read, or a driver without states: nothing to say.
    if (state !== undefined && state !== "") found.push([name, state]);
  }
  return found;
}

function judge(kind: string, name: string, state: string, good: readonly string[]): Finding {
  const isGood = good.includes(state);
  return say(
    `${kind}:${name}`,
    isGood ? "ok" : "problem",
    "storage-degraded",
    isGood ? "PathUp" : "PathNotUp",
    `is ${state}`,
  );
}

async function multipath(files: TextFiles, name: string): Promise<Finding | null> {
  const folder = `/sys/class/block/${name}`;
  const uuid = await files.read(`${folder}/dm/uuid`);
  if (uuid?.startsWith("mpath-") !== true) return null;
  const alias = (await files.read(`${folder}/dm/name`))?.trim() ?? name;
  const paths = await files.list(`${folder}/slaves`);
  const down: string[] = [];
  for (const path of paths) {
    const state = (await files.read(`/sys/class/block/${path}/device/state`))?.trim() ?? "";
    // SCSI says running, NVMe live; an empty text is a device that does not tell.
    if (!["running", "live", ""].includes(state)) down.push(`${path} ${state}`);
  }
  const subject = `multipath:${alias}`;
  if (paths.length === 0 || down.length === paths.length)
    return say(subject, "problem", "storage-down", "NoPath", `no path left: ${down.join(", ")}`);
  if (down.length > 0)
    return say(subject, "problem", "storage-degraded", "PathNotUp", down.join(", "));
  return say(subject, "ok", "storage-degraded", "PathUp", `${paths.length} paths`);
}

async function raid(files: TextFiles, name: string): Promise<Finding | null> {
  const folder = `/sys/class/block/${name}/md`;
  const state = (await files.read(`${folder}/array_state`))?.trim();
  if (state === undefined || state === "") return null;
  const subject = `raid:${name}`;
  if (state === "broken")
    return say(subject, "problem", "storage-down", "ArrayBroken", "the array has failed");
  const degraded = Number((await files.read(`${folder}/degraded`)) ?? 0);
  if (degraded > 0)
    return say(
      subject,
      "problem",
      "storage-degraded",
      "ArrayDegraded",
      `${degraded} disks missing`,
    );
  return say(subject, "ok", "storage-degraded", "ArrayWhole", `is ${state}`);
}

function say(
  subject: string,
  status: Finding["status"],
  failureClass: Finding["failureClass"],
  reason: string,
  what: string,
): Finding {
  return { subject, status, failureClass, reason, message: `${subject} ${what}` };
}
