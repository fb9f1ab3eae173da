/** Every monitor this agent runs, in the order in which its conditions are listed. */
import type { Clock } from "@herdbeat/shared/time";
import type { KernelLog } from "../ports/kernel-log.ts";
import type { LinkEvents, Links } from "../ports/links.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { Pressure } from "../ports/pressure.ts";
import type { ProcessTable, ServiceChecks, ServiceManager } from "../ports/services.ts";
import type { Watchdogs } from "../ports/watchdogs.ts";
import { createBlackBoxMonitor, type OwnPast } from "./black-box.ts";
import { createKernelLogMonitor, type KernelLogConfig } from "./kernel-log.ts";
import { createMemoryPressureMonitor } from "./memory-pressure.ts";
import { createNetworkLinkMonitor, type NetworkLinkConfig } from "./network-link.ts";
import { createServiceMonitor, type ServiceConfig } from "./service.ts";
import { createWatchdogMonitor, type WatchdogConfig } from "./watchdog.ts";

export interface MonitorConfigs {
  readonly links: NetworkLinkConfig;
  readonly services: readonly ServiceConfig[];
  /** Null: not watched. */
  readonly kernelLog: KernelLogConfig | null;
  readonly watchdog: WatchdogConfig | null;
}

export interface MonitorPorts {
  readonly clock: Clock;
  readonly links: Links;
  readonly linkEvents: LinkEvents;
  /** Made only when the kernel log is watched. */
  readonly openKernelLog: () => KernelLog;
  readonly manager: ServiceManager;
  readonly processes: ProcessTable;
  readonly checks: ServiceChecks;
  readonly watchdogs: Watchdogs;
  readonly pressure: Pressure;
  readonly past: OwnPast;
  /** Of the hypervisor, where there is one. */
  readonly hypervisorMonitors: readonly Monitor[];
  /** Of parts that only some hosts have. */
  readonly hostMonitors: readonly Monitor[];
}

export function createMonitors(configs: MonitorConfigs, ports: MonitorPorts): readonly Monitor[] {
  const { kernelLog, watchdog, services } = configs;
  return [
    createNetworkLinkMonitor(configs.links, ports),
    ...ports.hypervisorMonitors,
    ...(services.length === 0 ? [] : [createServiceMonitor(services, ports)]),
    ...(kernelLog === null ? [] : [createKernelLogMonitor(kernelLog, ports.openKernelLog())]),
    ...(watchdog === null ? [] : [createWatchdogMonitor(watchdog, ports.watchdogs)]),
    ...ports.hostMonitors,
    createMemoryPressureMonitor(ports.pressure),
    createBlackBoxMonitor(ports.past, ports.clock),
  ];
}
