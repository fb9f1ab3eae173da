/** The agent's whole view of one libvirtd, without the rest of the agent: what tests of it observe. */

import { UnixGuestChannels } from "@herdbeat/agent/adapters/guest-channel/unix-guest-channels";
import { KnownGuestsFile } from "@herdbeat/agent/adapters/known-guests/known-guests-file";
import {
  LIBVIRT_DEFAULTS,
  LibvirtHypervisor,
} from "@herdbeat/agent/adapters/libvirt/libvirt-hypervisor";
import { ProcfsProcesses } from "@herdbeat/agent/adapters/procfs/processes";
import type { Finding } from "@herdbeat/agent/core/condition";
import { GUEST_FINDING_DEFAULTS } from "@herdbeat/agent/core/guest-findings";
import { GUEST_HEALTH_DEFAULTS } from "@herdbeat/agent/core/guest-health";
import { createGuestMonitors } from "@herdbeat/agent/monitors/guests";
import { HypervisorFeed } from "@herdbeat/agent/monitors/hypervisor-feed";
import { createLibvirtDaemonMonitor } from "@herdbeat/agent/monitors/libvirt-daemon";
import type { Monitor } from "@herdbeat/agent/ports/monitor";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import type { ThrowawayLibvirtd } from "./throwaway-libvirtd.ts";

const TICK_MS = 100;

interface Watched {
  readonly monitor: Monitor;
  dueAt: number;
  woken: boolean;
}

export class GuestWatch {
  readonly hypervisor: LibvirtHypervisor;
  /** Every problem that was ever found, as `<monitor> <subject> <class> <reason>`. */
  readonly problems: string[] = [];
  /** The longest delay of a tick of this process's main loop, in ms. */
  worstTickDelayMs = 0;
  readonly #channels = new UnixGuestChannels({ timers: systemTimers, random: systemRandom });
  readonly #processes = new ProcfsProcesses();
  readonly #known: KnownGuestsFile;
  readonly #feed = new HypervisorFeed();
  readonly #watched: readonly Watched[];
  readonly #findings = new Map<string, readonly Finding[]>();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = performance.now();

  constructor(daemon: ThrowawayLibvirtd, stateDir: string) {
    const deps = {
      clock: systemClock,
      timers: systemTimers,
      relaxed: systemTimers,
      random: systemRandom,
      logger: silentLogger,
    };
    const config = { ...LIBVIRT_DEFAULTS, runDir: daemon.runDir, uri: daemon.driverUri };
    this.hypervisor = new LibvirtHypervisor(config, deps);
    this.#known = new KnownGuestsFile(stateDir, silentLogger);
    const feed = this.#feed;
    const { guests, workloads } = createGuestMonitors(
      { health: GUEST_HEALTH_DEFAULTS, findings: GUEST_FINDING_DEFAULTS, agentPingInterval: null },
      {
        hypervisor: this.hypervisor,
        feed,
        processes: this.#processes,
        channels: this.#channels,
        known: this.#known,
        clock: systemClock,
      },
    );
    const monitors = [createLibvirtDaemonMonitor(this.hypervisor, feed), guests, workloads];
    this.#watched = monitors.map((monitor) => ({ monitor, dueAt: 0, woken: false }));
  }

  async start(): Promise<void> {
    for (const watched of this.#watched) {
      await watched.monitor.start?.(() => {
        watched.woken = true;
        setImmediate(() => void this.#serve(watched));
      });
    }
    await this.hypervisor.start(this.#feed);
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.hypervisor.stop();
    await Promise.all(this.#watched.map(async ({ monitor }) => monitor.stop?.()));
    await this.#known.settled();
    this.#processes.close();
  }

  finding(monitor: "guests" | "workloads" | "libvirt-daemon", subject = ""): Finding | undefined {
    return this.#findings.get(monitor)?.find((finding) => finding.subject === subject);
  }

  /** `<class> <reason>` while there is a problem, `ok`, `unknown`, or `none` when nothing is said. */
  verdict(monitor: "guests" | "workloads" | "libvirt-daemon", subject = ""): string {
    const finding = this.finding(monitor, subject);
    if (finding === undefined) return "none";
    if (finding.status !== "problem") return finding.status;
    return `${finding.failureClass} ${finding.reason}`;
  }

  #tick(): void {
    const now = performance.now();
    this.worstTickDelayMs = Math.max(this.worstTickDelayMs, now - this.#tickedAt - TICK_MS);
    this.#tickedAt = now;
    for (const watched of this.#watched) {
      const isDue = now >= watched.dueAt || watched.woken;
      if (isDue || watched.monitor.poll?.() === true) void this.#serve(watched);
    }
  }

  async #serve(watched: Watched): Promise<void> {
    watched.woken = false;
    watched.dueAt = performance.now() + watched.monitor.interval;
    const { name } = watched.monitor;
    const findings = await watched.monitor.probe(new AbortController().signal);
    this.#findings.set(name, findings);
    for (const { status, subject, failureClass, reason } of findings) {
      const line = `${name} ${subject} ${failureClass} ${reason}`;
      if (status === "problem" && !this.problems.includes(line)) this.problems.push(line);
    }
  }
}
