/**
 * The hypervisor port for libvirt.
 *
 * Two independent views: a connection of this process (liveness, and lifecycle events within
 * milliseconds, never delayed by a call that waits for a domain's lock), and the child with libvirt's
 * own library (lists, I/O errors, watchdogs, reboots; lifecycle events too, used only while the first
 * view has none). Guest agent pings have a child of their own, started at the first ping: a ping of
 * a stuck guest blocks for its whole timeout.
 *
 * After the daemon was away, the child's first list tells what was missed.
 */
import { fileURLToPath } from "node:url";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import { type Clock, type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import { LIVENESS_DEFAULTS, type LivenessConfig } from "../../core/daemon-liveness.ts";
import type { AgentPing, DaemonState, GuestEvent } from "../../core/guest-facts.ts";
import type { Hypervisor, HypervisorListener } from "../../ports/hypervisor.ts";
import type { ChildMessage } from "./child-protocol.ts";
import { ChildSupervisor } from "./child-supervisor.ts";
import { DaemonProbe } from "./daemon-probe.ts";
import { connectionUri, type SocketConfig, writableSocket } from "./socket-discovery.ts";

export interface LibvirtConfig extends SocketConfig {
  /** The driver: `qemu:///system`, or `qemu:///session` for an unprivileged daemon. */
  readonly uri: string;
  readonly liveness: LivenessConfig;
  readonly pingInterval: DurationMs;
  /** How often the whole list is read when no event asks for it. At least 1 s. */
  readonly pollInterval: DurationMs;
}

export const LIBVIRT_DEFAULTS: LibvirtConfig = {
  runDir: "/run/libvirt",
  socket: null,
  uri: "qemu:///system",
  liveness: LIVENESS_DEFAULTS,
  pingInterval: durationMs(1_000),
  pollInterval: durationMs(5_000),
};

export interface LibvirtDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** May be a little late: for what happens all the time while all is well. */
  readonly relaxed: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Node's options and the path of the child's entry. @default this process's options and our own */
  readonly childArguments?: readonly string[];
}

/** What the agent child may block for; far below the time after which it would be killed. */
const AGENT_TIMEOUT_MAX_S = 5;
/** Pings wait for each other inside the child. */
const PINGS_MAX = 64;
/** These come over the connection of this process whenever it is subscribed. */
const LIFECYCLE: ReadonlySet<GuestEvent["kind"]> = new Set<GuestEvent["kind"]>([
  "started",
  "resumed",
  "suspended",
  "defined",
  "undefined",
  "shutdown",
  "stopped",
  "crashed",
]);

type Role = "watch" | "agent";

export class LibvirtHypervisor implements Hypervisor {
  readonly #config: LibvirtConfig;
  readonly #deps: LibvirtDeps;
  readonly #pings = new Map<number, (outcome: AgentPing) => void>();
  #listener: HypervisorListener | null = null;
  #probe: DaemonProbe;
  #watchChild: ChildSupervisor;
  #agentChild: ChildSupervisor | null = null;
  #pingId = 0;

  constructor(config: LibvirtConfig, deps: LibvirtDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#probe = new DaemonProbe(config, deps, {
      onState: (state) => this.#onState(state),
      onEvent: (event) => this.#listener?.onEvent(event),
    });
    this.#watchChild = this.#newChild("watch", (message) => this.#onWatchMessage(message));
  }

  async start(listener: HypervisorListener): Promise<void> {
    this.#listener = listener;
    this.#probe.start();
  }

  async stop(): Promise<void> {
    this.#probe.stop();
    await Promise.all([this.#watchChild.stop(), this.#agentChild?.stop()]);
    this.#failPings();
  }

  daemonState(): DaemonState {
    return this.#probe.state;
  }

  /** Process ids of the children that run now. */
  childPids(): readonly number[] {
    return [this.#watchChild.pid, this.#agentChild?.pid ?? null].filter((pid) => pid !== null);
  }

  async pingGuestAgent(uuid: string, timeout: DurationMs): Promise<AgentPing> {
    if (this.#probe.state.kind !== "up" || this.#pings.size >= PINGS_MAX) return "error";
    this.#agentChild ??= this.#newChild("agent", (message) => this.#onAgentMessage(message));
    this.#agentChild.ensureStarted();
    this.#pingId += 1;
    const id = this.#pingId;
    const timeoutS = Math.min(AGENT_TIMEOUT_MAX_S, Math.max(1, Math.round(timeout / 1_000)));
    return new Promise((resolve) => {
      const isSent = this.#agentChild?.send({ kind: "ping", id, uuid, timeoutS }) === true;
      if (isSent) this.#pings.set(id, resolve);
      else resolve("error");
    });
  }

  #newChild(role: Role, onMessage: (message: ChildMessage) => void): ChildSupervisor {
    const { childArguments = ownEntry(), ...deps } = this.#deps;
    return new ChildSupervisor({
      ...deps,
      nodeArguments: childArguments,
      childArguments: () => this.#childArguments(role),
      onMessage,
      onEnded: () => {
        if (role === "agent") this.#failPings();
      },
    });
  }

  /** Nothing while the daemon does not live: opening a connection would hang or fail. */
  #childArguments(role: Role): readonly string[] | null {
    const { socket, state } = this.#probe;
    if (socket === null || state.kind !== "up") return null;
    const path = role === "watch" ? socket : writableSocket(socket);
    const { uri, runDir, pollInterval } = this.#config;
    return [role, connectionUri(uri, path), runDir, String(pollInterval)];
  }

  #onState(state: DaemonState): void {
    // At most as often as the daemon itself comes back.
    if (state.kind === "up") this.#watchChild.startNow();
    this.#listener?.onDaemonState(state);
  }

  #onWatchMessage(message: ChildMessage): void {
    if (message.kind === "guests") {
      this.#listener?.onGuests(message.guests, durationMs(message.ageMs));
    }
    if (message.kind !== "event") return;
    const isKnown = this.#probe.isSubscribed && LIFECYCLE.has(message.event.kind);
    if (!isKnown) this.#listener?.onEvent(message.event);
  }

  #onAgentMessage(message: ChildMessage): void {
    if (message.kind !== "ping-result") return;
    this.#pings.get(message.id)?.(message.outcome);
    this.#pings.delete(message.id);
  }

  #failPings(): void {
    for (const resolve of this.#pings.values()) resolve("error");
    this.#pings.clear();
  }
}

/** Started as this process was: the same Node options, the file compiled or not like this one. */
function ownEntry(): readonly string[] {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(`../../libvirt-child/main.${extension}`, import.meta.url);
  return [...process.execArgv, fileURLToPath(entry)];
}
