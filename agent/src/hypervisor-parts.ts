/** Composition of everything about libvirt and its guests; nothing on a host without it. */
import { existsSync } from "node:fs";
import type { Logger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs, type Timers } from "@herdbeat/shared/time";
import { UnixGuestChannels } from "./adapters/guest-channel/unix-guest-channels.ts";
import { KnownGuestsFile } from "./adapters/known-guests/known-guests-file.ts";
import { LIBVIRT_DEFAULTS, LibvirtHypervisor } from "./adapters/libvirt/libvirt-hypervisor.ts";
import { ProcfsProcesses } from "./adapters/procfs/processes.ts";
import type { AgentConfig } from "./config.ts";
import { LIVENESS_DEFAULTS } from "./core/daemon-liveness.ts";
import { GUEST_FINDING_DEFAULTS } from "./core/guest-findings.ts";
import { GUEST_HEALTH_DEFAULTS } from "./core/guest-health.ts";
import { createGuestMonitors } from "./monitors/guests.ts";
import { HypervisorFeed } from "./monitors/hypervisor-feed.ts";
import { createLibvirtDaemonMonitor } from "./monitors/libvirt-daemon.ts";
import type { Monitor } from "./ports/monitor.ts";

/** Any of these says that libvirt is installed, though its daemon may not run yet. */
const TRACES = ["/usr/sbin/virtqemud", "/usr/sbin/libvirtd"];
const AGENT_PING_INTERVAL = durationMs(10_000);

export interface HypervisorParts {
  readonly monitors: readonly Monitor[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

const NONE: HypervisorParts = {
  monitors: [],
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

export function createHypervisorParts(
  config: AgentConfig,
  logger: Logger,
  relaxed: Timers,
): HypervisorParts {
  const { enabled, uri, runDir, socket, guestAgent } = config.libvirt;
  const isFound = [socket ?? runDir, ...TRACES].some((path) => existsSync(path));
  if (enabled === "never" || (enabled === "auto" && !isFound)) return NONE;
  const hypervisor = new LibvirtHypervisor(
    {
      ...LIBVIRT_DEFAULTS,
      uri,
      runDir,
      socket: socket ?? null,
      liveness: { ...LIVENESS_DEFAULTS, isExpected: enabled === "always" },
    },
    { clock: systemClock, timers: systemTimers, relaxed, random: systemRandom, logger },
  );
  const feed = new HypervisorFeed();
  const { guests, workloads } = createGuestMonitors(
    {
      health: GUEST_HEALTH_DEFAULTS,
      findings: { ...GUEST_FINDING_DEFAULTS, beatSilence: config.guests.heartbeatTimeout },
      agentPingInterval: guestAgent ? AGENT_PING_INTERVAL : null,
    },
    {
      hypervisor,
      feed,
      processes: new ProcfsProcesses(),
      channels: new UnixGuestChannels({ timers: relaxed, random: systemRandom }),
      known: new KnownGuestsFile(config.stateDir, logger),
      clock: systemClock,
    },
  );
  return {
    monitors: [createLibvirtDaemonMonitor(hypervisor, feed), guests, workloads],
    // After the monitors: each has told the feed by then what it wants to hear.
    start: () => hypervisor.start(feed),
    stop: () => hypervisor.stop(),
  };
}
