/**
 * The guests of this hypervisor: two monitors on one table.
 *
 * `guests` holds crashed, hung and I/O-errored guests, `workloads` what the checks inside them say.
 * Their QEMU processes are looked at every second, without libvirt, and five times a second while
 * libvirt does not answer; lists and events come from the hypervisor, heartbeats from the guests' channels. The decisions are in
 * core/guest-health.ts.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { GuestEvent, GuestStatus } from "../core/guest-facts.ts";
import { type GuestFindingConfig, guestFinding, workloadFinding } from "../core/guest-findings.ts";
import {
  type GuestHealth,
  type GuestHealthConfig,
  type GuestObservation,
  newGuest,
  stepGuest,
} from "../core/guest-health.ts";
import type { ProcessView } from "../core/guest-process.ts";
import { parseBeat } from "../core/guest-silence.ts";
import type { GuestChannels } from "../ports/guest-channel.ts";
import type { Hypervisor } from "../ports/hypervisor.ts";
import type { KnownGuests } from "../ports/known-guests.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { Processes, ProcessSample } from "../ports/processes.ts";
import type { HypervisorFeed } from "./hypervisor-feed.ts";

export interface GuestMonitorConfig {
  readonly health: GuestHealthConfig;
  readonly findings: GuestFindingConfig;
  /** Null: the QEMU guest agent is not used (it marks guests as tainted in libvirt's log). */
  readonly agentPingInterval: DurationMs | null;
}

export interface GuestMonitorDeps {
  readonly hypervisor: Hypervisor;
  readonly feed: HypervisorFeed;
  readonly processes: Processes;
  readonly channels: GuestChannels;
  readonly known: KnownGuests;
  readonly clock: Clock;
}

const INTERVAL = durationMs(1_000);
/**
 * While libvirt answers, its event tells at once of a QEMU that ended, and the probe is soon enough
 * for the rest. While it does not, a QEMU that vanishes is seen within this.
 */
const POLL_INTERVAL = durationMs(200);
const TIMEOUT = durationMs(500);
const AGENT_PING_TIMEOUT = durationMs(3_000);
const AT_ONCE = { problemAfter: 1, okAfter: 1 };
/**
 * So many probes without a list from a daemon that answers, and nobody knows what runs here. Above
 * the poll interval and several restarts of the child that makes the list.
 */
const PROBES_WITHOUT_LIST_MAX = 30;
/** Looking at one process takes about 10 µs; a tick shall not spend more than 1 ms on it. */
const LOOKS_PER_TICK_MAX = 100;

export function createGuestMonitors(
  config: GuestMonitorConfig,
  deps: GuestMonitorDeps,
): { readonly guests: Monitor; readonly workloads: Monitor } {
  const table = new GuestTable(config, deps);
  return {
    guests: {
      name: "guests" as MonitorName,
      interval: INTERVAL,
      timeout: TIMEOUT,
      hysteresis: AT_ONCE,
      failureClass: "guest-crashed",
      async start(wake) {
        table.start(wake);
      },
      poll: () => table.lookAtProcesses("changes"),
      pollInterval: () => (table.isAlone ? POLL_INTERVAL : null),
      async probe() {
        table.lookAtProcesses("all");
        table.pingAgents();
        return [...table.listFindings(), ...table.guestFindings()];
      },
      async stop() {
        await deps.channels.stop();
      },
    },
    workloads: {
      name: "workloads" as MonitorName,
      interval: INTERVAL,
      timeout: TIMEOUT,
      hysteresis: AT_ONCE,
      failureClass: "workload-failed",
      probe: async () => table.workloadFindings(),
    },
  };
}

const UNREMARKABLE: ReadonlySet<string> = new Set(["R", "S", "D", "I"]);

/** The same process as before, neither dead nor stopped. */
function goesOn(process: ProcessView, look: ProcessSample | null): boolean {
  if (process.kind !== "alive" || process.stoppedFor > 0 || look === null) return false;
  return look.startTicks === process.startTicks && UNREMARKABLE.has(look.state);
}

class GuestTable {
  readonly #config: GuestMonitorConfig;
  readonly #deps: GuestMonitorDeps;
  readonly #guests = new Map<string, GuestHealth>();
  #ranBefore: ReadonlySet<string> | null = null;
  #saved: ReadonlySet<string> = new Set();
  #wake: () => void = () => {};
  #nextLook = 0;
  #probesWithoutList = 0;
  #everListed = false;
  readonly #pingDueAt = new Map<string, MonotonicMs>();

  constructor(config: GuestMonitorConfig, deps: GuestMonitorDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  start(wake: () => void): void {
    const { feed, channels, known } = this.#deps;
    this.#wake = wake;
    this.#saved = known.load();
    this.#ranBefore = this.#saved;
    feed.add({
      onEvent: (event) => this.#onEvent(event),
      onGuests: (guests, age) => this.#onGuests(guests, age),
      onDaemonState: () => {},
    });
    channels.onLine(({ uuid, text }) => {
      const beat = parseBeat(text);
      if (beat !== undefined) this.#step(uuid, { kind: "beat", beat });
    });
  }

  /** No list is no health: without one a guest that crashes is not even known. Once per probe. */
  listFindings(): readonly Finding[] {
    const isUp = this.#deps.hypervisor.daemonState().kind === "up";
    // A daemon that does not answer is a condition of its own, and its guests stay as last listed.
    this.#probesWithoutList = isUp ? this.#probesWithoutList + 1 : 0;
    // Before the first list nothing is known, and what an earlier run reported must not seem over.
    if (this.#everListed && this.#probesWithoutList <= PROBES_WITHOUT_LIST_MAX) return [];
    return [
      {
        subject: "",
        status: "unknown",
        failureClass: "guest-crashed",
        reason: "NotListed",
        message: this.#everListed
          ? "libvirt answers, but the list of its guests does not come"
          : "libvirt has not listed its guests yet",
      },
    ];
  }

  guestFindings(): readonly Finding[] {
    const now = this.#deps.clock.now();
    const findings: Finding[] = [];
    for (const [uuid, guest] of this.#guests) {
      const finding = guestFinding(guest, now, this.#config.findings);
      if (finding !== null) findings.push(finding);
      // Nothing to say of it and libvirt does not know it: it is no more.
      else if (!guest.isListed) this.#forget(uuid);
    }
    return findings;
  }

  #forget(uuid: string): void {
    this.#guests.delete(uuid);
    this.#pingDueAt.delete(uuid);
  }

  workloadFindings(): readonly Finding[] {
    return [...this.#guests.values()].map(workloadFinding).filter((finding) => finding !== null);
  }

  /** There are guests, and nobody but us tells of them. */
  get isAlone(): boolean {
    return this.#guests.size > 0 && this.#deps.hypervisor.daemonState().kind !== "up";
  }

  /**
   * Looks at the QEMU processes. Nothing more is done for "changes" where a process goes on as
   * before; "all" also counts silences. True when a guest's life changed by it.
   */

  lookAtProcesses(depth: "changes" | "all"): boolean {
    const { processes, channels } = this.#deps;
    let isChanged = false;
    for (const [uuid, { process }] of this.#nextToLookAt()) {
      if (process.kind !== "alive" && process.kind !== "dead") continue;
      const look = processes.sample(process.pid);
      if (depth === "changes" && goesOn(process, look)) continue;
      const isChannelConnected = channels.isConnected(uuid);
      if (this.#step(uuid, { kind: "process", look, isChannelConnected })) isChanged = true;
    }
    return isChanged;
  }

  /** All guests, or on a crowded host a part of them that goes round. */
  #nextToLookAt(): Iterable<readonly [string, GuestHealth]> {
    if (this.#guests.size <= LOOKS_PER_TICK_MAX) return this.#guests;
    const all = [...this.#guests];
    const from = this.#nextLook % all.length;
    this.#nextLook = from + LOOKS_PER_TICK_MAX;
    return [...all, ...all].slice(from, from + LOOKS_PER_TICK_MAX);
  }

  pingAgents(): void {
    const { clock } = this.#deps;
    const interval = this.#config.agentPingInterval;
    if (interval === null) return;
    const now = clock.now();
    for (const [uuid, guest] of this.#guests) {
      const dueAt = this.#pingDueAt.get(uuid);
      const isWanted = guest.life.kind === "running" && guest.status.hasGuestAgent;
      if (!isWanted || (dueAt !== undefined && now < dueAt)) continue;
      this.#pingDueAt.set(uuid, after(now, interval));
      void this.#pingAgent(uuid);
    }
  }

  async #pingAgent(uuid: string): Promise<void> {
    const outcome = await this.#deps.hypervisor.pingGuestAgent(uuid, AGENT_PING_TIMEOUT);
    this.#step(uuid, { kind: "agent-ping", outcome });
  }

  #onEvent(event: GuestEvent): void {
    if (this.#step(event.uuid, { kind: "event", event })) this.#wake();
  }

  #onGuests(guests: readonly GuestStatus[], age: DurationMs): void {
    this.#probesWithoutList = 0;
    this.#everListed = true;
    const now = this.#deps.clock.now();
    const begunAt = after(now, durationMs(-age));
    const listed = new Set<string>();
    for (const status of guests) {
      listed.add(status.uuid);
      if (this.#guests.has(status.uuid)) {
        this.#step(status.uuid, { kind: "listed", status, begunAt });
      } else {
        const ranBefore = this.#ranBefore?.has(status.uuid) ?? false;
        this.#guests.set(status.uuid, newGuest(status, ranBefore, now));
      }
    }
    for (const uuid of this.#guests.keys()) {
      if (!listed.has(uuid)) this.#step(uuid, { kind: "unlisted" });
    }
    // What ran before this agent's start says nothing about a guest that appears later.
    this.#ranBefore = null;
    this.#remember();
    this.#followChannels();
    this.#wake();
  }

  /** True when the guest's life changed. */
  #step(uuid: string, observation: GuestObservation): boolean {
    const guest = this.#guests.get(uuid);
    if (guest === undefined) return false;
    const next = stepGuest(guest, observation, this.#deps.clock.now(), this.#config.health);
    this.#guests.set(uuid, next);
    return (
      next.life !== guest.life || next.ioError !== guest.ioError || next.watchdog !== guest.watchdog
    );
  }

  #remember(): void {
    const running = new Set<string>();
    for (const [uuid, { life }] of this.#guests) {
      // A crashed guest is still one that should run: after a restart of ours it is reported again.
      if (life.kind !== "off" && life.kind !== "ending") running.add(uuid);
    }
    const isSame =
      running.size === this.#saved.size && [...running].every((uuid) => this.#saved.has(uuid));
    if (isSame) return;
    this.#saved = running;
    this.#deps.known.save(running);
  }

  #followChannels(): void {
    const wanted = new Map<string, string>();
    for (const [uuid, { life, status }] of this.#guests) {
      const hasQemu = life.kind === "running" || life.kind === "paused";
      if (hasQemu && status.heartbeatChannel !== null) wanted.set(uuid, status.heartbeatChannel);
    }
    this.#deps.channels.follow(wanted);
  }
}
