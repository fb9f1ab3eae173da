/**
 * Hosts on a bridge, each a network namespace of its own with its own interface, address and kernel
 * side of TCP. The caller runs in a namespace made for this (in-namespace.ts).
 *
 * A death drops every frame of the host at its port of the bridge, ARP included, in both directions:
 * nothing announces it, and nothing answers for it. A boot makes a new namespace: what the former
 * kernel had left to send (FINs, resets) never gets out.
 */
import { readlinkSync } from "node:fs";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import { run } from "../../support/run-command.ts";

const BRIDGE = "herd0";
const TABLE = "herdbeat_bench";
/** Where the aggregators are. */
export const BRIDGE_ADDRESS = "10.77.0.1";
export const HOSTS_MAX = 200;

export class HostNetwork {
  /** Keeps the namespace of each host that is up. */
  readonly #kernels = new Map<number, TrackedProcess>();

  async start(): Promise<void> {
    await run("ip", ["link", "add", BRIDGE, "type", "bridge"]);
    await run("ip", ["addr", "add", `${BRIDGE_ADDRESS}/24`, "dev", BRIDGE]);
    await run("ip", ["link", "set", BRIDGE, "up"]);
    await run(
      "nft",
      ["-f", "-"],
      `add table bridge ${TABLE}
       add set bridge ${TABLE} dead { type ifname; }
       add chain bridge ${TABLE} from_host { type filter hook prerouting priority -300; }
       add chain bridge ${TABLE} to_host { type filter hook postrouting priority 300; }
       add rule bridge ${TABLE} from_host iifname @dead counter drop
       add rule bridge ${TABLE} to_host oifname @dead counter drop\n`,
    );
  }

  /** Gives the host a kernel side of its own; arguments that run a program there. */
  async boot(index: number): Promise<readonly string[]> {
    const port = portOf(index);
    const former = this.#kernels.get(index);
    if (former !== undefined) {
      await run("ip", ["link", "del", port]);
      await former.stop(0);
      await run("nft", ["-f", "-"], `delete element bridge ${TABLE} dead { ${port} }\n`);
    }
    // Ends with us, however we end.
    const kernel = startProcess("setpriv", [
      ...["--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"],
    ]);
    this.#kernels.set(index, kernel);
    const own = readlinkSync("/proc/self/ns/net");
    await eventually(() => readlinkSync(`/proc/${kernel.pid}/ns/net`) !== own, { everyMs: 2 });
    const inside = this.inside(index);
    const peer = ["peer", "name", "eth0", "netns", String(kernel.pid)];
    await run("ip", ["link", "add", port, "type", "veth", ...peer]);
    await run("ip", ["link", "set", port, "master", BRIDGE, "up"]);
    const setUp = `ip link set lo up
      ip link set eth0 address ${macOf(index)}
      ip addr add ${addressOf(index)}/24 dev eth0
      ip link set eth0 up`;
    await run(inside[0] ?? "", [...inside.slice(1), "sh", "-ec", setUp]);
    return inside;
  }

  /** Arguments that run a program on a host that was booted; it ends with us, however we end. */
  inside(index: number): readonly string[] {
    const kernel = this.#kernels.get(index);
    if (kernel === undefined) throw new Error(`host ${index} was never booted`);
    return [
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["nsenter", `--net=/proc/${kernel.pid}/ns/net`],
    ];
  }

  /** From its end on no frame leaves or reaches the host. */
  async cutOff(index: number): Promise<void> {
    await run("nft", ["-f", "-"], `add element bridge ${TABLE} dead { ${portOf(index)} }\n`);
  }

  /** Frames dropped so far. */
  async dropHits(): Promise<number> {
    const text = await run("nft", ["list", "table", "bridge", TABLE]);
    return [...text.matchAll(/counter packets (\d+)/g)].reduce(
      (sum, [, packets]) => sum + Number(packets),
      0,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kernels.values()].map((kernel) => kernel.stop(0)));
  }
}

function portOf(index: number): string {
  return `host${index}`;
}

export function addressOf(index: number): string {
  return `10.77.0.${index + 10}`;
}

/** A host keeps its card over a boot. */
function macOf(index: number): string {
  return `02:00:00:00:00:${(index + 10).toString(16).padStart(2, "0")}`;
}
