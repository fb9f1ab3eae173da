/** What the host says about itself; read at start, from files that cannot block. */
import { readdirSync, readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import type { BootId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { NodeNetwork } from "../../core/messages.ts";
import type { HostPast } from "../../ports/black-box.ts";

const CRASH_FILES_SHOWN_MAX = 8;

export class ProcfsHost implements HostPast {
  readonly bootId: BootId = firstLine("/proc/sys/kernel/random/boot_id") as BootId;

  hostname(): string {
    return hostname();
  }

  uptime(): DurationMs {
    const seconds = Number(firstLine("/proc/uptime").split(" ", 1)[0] ?? 0);
    return durationMs(Math.round(seconds * 1_000));
  }

  /** Identity of the hardware where the firmware tells and the kernel lets us read it. */
  hardwareId(): string {
    return firstLine("/sys/class/dmi/id/product_uuid").toLowerCase();
  }

  crashLeftovers(): readonly string[] {
    try {
      return readdirSync("/sys/fs/pstore").slice(0, CRASH_FILES_SHOWN_MAX);
    } catch {
      // No persistent store, or not ours to read.
      return [];
    }
  }

  /** Addresses by role, without the link-local ones. */
  networks(roles: Readonly<Record<string, string>>): readonly NodeNetwork[] {
    const all = networkInterfaces();
    return Object.entries(roles).map(([role, name]) => ({
      role,
      interface: name,
      addresses: (all[name] ?? [])
        .filter(({ address }) => !address.startsWith("fe80:"))
        .map(({ address }) => address),
    }));
  }
}

function firstLine(path: string): string {
  try {
    return (readFileSync(path, "latin1").split("\n", 1)[0] ?? "").trim();
  } catch {
    // Absent on this machine, or not ours to read: the callers take empty for unknown.
    return "";
  }
}
