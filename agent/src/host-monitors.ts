/**
 * Monitors of what only some hosts have: one entry each, with what must be there for its code to be
 * loaded. What is configured is watched from the start; what the host has, as soon as it has it.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { MonitorName } from "@herdbeat/shared/ids";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import type { AgentConfig } from "./config.ts";
import { probeTimeout } from "./core/probe-timeout.ts";
import { lazyMonitor } from "./monitors/lazy.ts";
import type { Monitor } from "./ports/monitor.ts";
import type { TextFiles } from "./ports/text-files.ts";

/** Where the kernel shows ways to storage other than a disk that is simply there. */
const BLOCK_PATH_TRACES = [
  "/sys/class/iscsi_session",
  "/sys/class/fc_host",
  "/sys/class/nvme",
  "/sys/module/dm_multipath",
  "/proc/mdstat",
];

const HARDWARE_TRACES = [
  "/sys/devices/system/edac/mc/mc0",
  "/sys/class/thermal/thermal_zone0",
  "/sys/class/hwmon/hwmon0",
  "/sys/class/block/sda",
];

export function createHostMonitors(config: AgentConfig): readonly Monitor[] {
  return [...networkMonitors(config), ...storageMonitors(config), ...machineMonitors()];
}

/** Only loaded with the first monitor that needs it. */
async function textFiles(): Promise<TextFiles> {
  const { LocalTextFiles } = await import("./adapters/text-files/text-files.ts");
  return new LocalTextFiles();
}

function networkMonitors(config: AgentConfig): readonly Monitor[] {
  const { networks } = config;
  return [
    lazyMonitor({
      name: "bond" as MonitorName,
      interval: durationMs(2_000),
      timeout: durationMs(1_500),
      hysteresis: { problemAfter: 1, okAfter: 2 },
      failureClass: "nic-degraded",
      applies: () => existsSync("/proc/net/bonding"),
      async load() {
        const { createBondMonitor } = await import("./monitors/bond.ts");
        return createBondMonitor(await textFiles(), systemClock);
      },
    }),
    lazyMonitor({
      name: "link-quality" as MonitorName,
      interval: durationMs(10_000),
      timeout: durationMs(3_000),
      hysteresis: { problemAfter: 2, okAfter: 3 },
      failureClass: "nic-degraded",
      applies: () => true,
      async load() {
        const { createLinkQualityMonitor } = await import("./monitors/link-quality.ts");
        return createLinkQualityMonitor(networks, await textFiles());
      },
    }),
    lazyMonitor({
      name: "network-path" as MonitorName,
      interval: durationMs(2_000),
      timeout: durationMs(4_000),
      hysteresis: { problemAfter: 1, okAfter: 2 },
      failureClass: "nic-down",
      applies: () => config.reachability.length > 0,
      async load() {
        const { createNetworkPathMonitor } = await import("./monitors/network-path.ts");
        const { RolePathProber } = await import("./adapters/witness/path-prober.ts");
        const configs = config.reachability.map((path) => ({
          ...path,
          interface: networks[path.role] ?? "",
        }));
        const prober = new RolePathProber(networks, systemTimers);
        return createNetworkPathMonitor(configs, prober, await textFiles());
      },
    }),
  ];
}

function storageMonitors(config: AgentConfig): readonly Monitor[] {
  return [
    lazyMonitor({
      name: "storage" as MonitorName,
      interval: durationMs(1_000),
      timeout: probeTimeout(config.storage),
      hysteresis: { problemAfter: 1, okAfter: 2 },
      failureClass: "storage-down",
      applies: () => config.storage.length > 0,
      async load() {
        const { createStorageMonitor } = await import("./monitors/storage.ts");
        const { ShellProber } = await import("./adapters/storage-probe/shell-prober.ts");
        const parts = { clock: systemClock, timers: systemTimers, hostName: hostname() };
        return createStorageMonitor(config.storage, new ShellProber(parts), await textFiles());
      },
    }),
    lazyMonitor({
      name: "block-paths" as MonitorName,
      interval: durationMs(5_000),
      timeout: durationMs(3_000),
      hysteresis: { problemAfter: 1, okAfter: 2 },
      failureClass: "storage-degraded",
      applies: () => BLOCK_PATH_TRACES.some((path) => existsSync(path)),
      async load() {
        const { createBlockPathsMonitor } = await import("./monitors/block-paths.ts");
        return createBlockPathsMonitor(await textFiles());
      },
    }),
  ];
}

function machineMonitors(): readonly Monitor[] {
  return [
    lazyMonitor({
      name: "host-load" as MonitorName,
      interval: durationMs(3_000),
      timeout: durationMs(1_500),
      hysteresis: { problemAfter: 2, okAfter: 3 },
      failureClass: "host-degraded",
      applies: () => true,
      async load() {
        const { createHostLoadMonitor } = await import("./monitors/host-load.ts");
        return createHostLoadMonitor(await textFiles());
      },
    }),
    lazyMonitor({
      name: "clock" as MonitorName,
      interval: durationMs(5_000),
      timeout: durationMs(1_500),
      hysteresis: { problemAfter: 1, okAfter: 1 },
      failureClass: "host-degraded",
      applies: () => true,
      async load() {
        const { createClockMonitor } = await import("./monitors/clock.ts");
        return createClockMonitor(await textFiles(), systemClock);
      },
    }),
    lazyMonitor({
      name: "hardware" as MonitorName,
      interval: durationMs(30_000),
      // Sensors behind a slow bus take milliseconds each.
      timeout: durationMs(10_000),
      hysteresis: { problemAfter: 1, okAfter: 2 },
      failureClass: "hardware-fault",
      applies: () => HARDWARE_TRACES.some((path) => existsSync(path)),
      async load() {
        const { createHardwareMonitor } = await import("./monitors/hardware.ts");
        return createHardwareMonitor(await textFiles(), systemClock);
      },
    }),
  ];
}
