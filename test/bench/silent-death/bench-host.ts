/** One host of the bench: its namespace, its boot id and the real agent that runs on it. */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { clockMs } from "../../fleet/commands.ts";
import { eventually } from "../../support/eventually.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import type { Stack } from "../../support/stack.ts";
import type { HostNetwork } from "./host-network.ts";

/** No libvirtd runs on these hosts. */
const AGENT_CONFIG = "libvirt: { enabled: never }";
/** /sys of the namespace and the boot id of this life, then the agent. */
const BOOT = `
mount -t sysfs sysfs /sys
mount --bind "$1" /proc/sys/kernel/random/boot_id
shift
exec "$@"`;

interface ObservedNode {
  readonly state: string;
  readonly stateReason: string;
  readonly connected: boolean | null;
  readonly bootId: string;
  readonly kernelProbe: { readonly lastAnswerAgeMs: number | null };
}

export interface Death {
  readonly askedMs: number;
  readonly inForceMs: number;
  readonly killedMs: number;
}

export class BenchHost {
  readonly id: string;
  readonly #index: number;
  readonly #stack: Stack;
  readonly #network: HostNetwork;
  #agent: TrackedProcess | null = null;
  #bootId = "";
  /** Since when it is known to live and its kernel to answer probes; null while it does not. */
  readySinceMs: number | null = null;
  /** From the command that cuts it off until it is booted again. */
  isDead = false;

  constructor(index: number, stack: Stack, network: HostNetwork) {
    this.id = `host-${String(index).padStart(3, "0")}`;
    this.#index = index;
    this.#stack = stack;
    this.#network = network;
  }

  async boot(): Promise<void> {
    const inside = await this.#network.boot(this.#index);
    this.#bootId = randomUUID();
    const file = join(this.#stack.dir, `boot-id-${this.id}`);
    writeFileSync(file, `${this.#bootId}\n`);
    const prefix = [...inside, "unshare", "--mount", "sh", "-ec", BOOT, "boot", file];
    this.isDead = false;
    this.#agent = await this.#stack.startAgent(this.id, AGENT_CONFIG, prefix);
  }

  /** Waits until the aggregator says that this life is alive and was seen to answer a probe. */
  async ready(withinMs: number): Promise<void> {
    await eventually(
      async () => {
        const node = await this.observed();
        return (
          node.state === "alive" &&
          node.bootId === this.#bootId &&
          node.kernelProbe.lastAnswerAgeMs !== null
        );
      },
      { withinMs, everyMs: 250, what: `${this.id} to be alive` },
    ).catch((error: unknown) => {
      throw new Error(`the agent of ${this.id}:\n${this.#agent?.output()}`, { cause: error });
    });
    this.readySinceMs = clockMs();
  }

  /** Every frame is dropped, then every process is killed. */
  async die(): Promise<Death> {
    this.readySinceMs = null;
    this.isDead = true;
    const askedMs = clockMs();
    await this.#network.cutOff(this.#index);
    const inForceMs = clockMs();
    const agent = this.#agent;
    if (agent === null) throw new Error(`${this.id} has no agent`);
    process.kill(-agent.pid, "SIGKILL");
    const killedMs = clockMs();
    await agent.ended;
    return { askedMs, inForceMs, killedMs };
  }

  /** The node as its owner holds it. */
  async observed(): Promise<ObservedNode> {
    for (const aggregator of this.#stack.aggregators) {
      const node = await this.#stack.get<ObservedNode>(`/api/v1/nodes/${this.id}`, aggregator);
      if (node.connected !== null) return node;
    }
    throw new Error(`no aggregator owns ${this.id}`);
  }
}
