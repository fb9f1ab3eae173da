/**
 * A corosync cluster of three, the package's configuration with its list of nodes replaced. A host
 * is dead for corosync when the first survivor logs the new membership without it.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import { addressOf, type HostNetwork } from "../silent-death/host-network.ts";
import type { PeerSetup } from "./packages.ts";
import { killNow, type Sightings, startFollowed } from "./sightings.ts";

export const COROSYNC_NODES = 3;
const PACKAGED = "/etc/corosync/corosync.conf";
const LEFT = /A new membership \(.*\) was formed\. Members.* left: ([\d ]+)/;
const MEMBERS = /\[QUORUM\] Members\[(\d+)\]/;
const FORMED_WITHIN_MS = 90_000;
/** Its socket, shared memory and log are the host's own; its ring id survives a boot. */
const START = `
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /var/log/corosync
mount --bind "$1" /var/lib/corosync
exec corosync -f -c "$2"`;

export class CorosyncCluster {
  readonly #dir: string;
  readonly #network: HostNetwork;
  readonly #sightings: Sightings;
  readonly #nodes = new Map<number, TrackedProcess>();
  readonly #members = new Map<number, number>();
  readonly #config: string;

  constructor(dir: string, network: HostNetwork, sightings: Sightings) {
    this.#dir = dir;
    this.#network = network;
    this.#sightings = sightings;
    const packaged = readFileSync(PACKAGED, "utf8");
    const at = packaged.indexOf("nodelist {");
    if (at < 0) throw new Error(`${PACKAGED} has no list of nodes`);
    const nodes = Array.from({ length: COROSYNC_NODES }, (_, host) => {
      return `\tnode {\n\t\tname: node${host + 1}\n\t\tnodeid: ${host + 1}\n\t\tring0_addr: ${addressOf(host)}\n\t}\n`;
    });
    this.#config = `${packaged.slice(0, at)}nodelist {\n${nodes.join("")}}\n`;
    writeFileSync(this.#file, this.#config);
  }

  get #file(): string {
    return join(this.#dir, "corosync.conf");
  }

  boot(host: number): void {
    if (host >= COROSYNC_NODES) return;
    const state = join(this.#dir, `corosync-${host}`);
    mkdirSync(state, { recursive: true });
    const start = ["unshare", "--mount", "sh", "-ec", START, "corosync", state, this.#file];
    const onLine = (line: string): void => {
      const members = MEMBERS.exec(line)?.[1];
      if (members !== undefined) this.#members.set(host, Number(members));
      for (const id of LEFT.exec(line)?.[1]?.trim().split(" ") ?? [])
        this.#sightings.note("corosync", Number(id) - 1, `node${host + 1}: ${line}`);
    };
    this.#members.set(host, 0);
    this.#nodes.set(host, startFollowed([...this.#network.inside(host), ...start], onLine));
  }

  kill(host: number): Promise<void> {
    return killNow(this.#nodes.get(host));
  }

  /** Waits until each node has all in its membership. */
  async ready(): Promise<void> {
    await eventually(() => [...this.#members.values()].every((count) => count === COROSYNC_NODES), {
      withinMs: FORMED_WITHIN_MS,
      everyMs: 100,
      what: "a corosync membership of all",
    }).catch((error: unknown) => {
      const logs = [...this.#nodes.values()].map((node) => node.output().slice(-2_000));
      throw new Error(logs.join("\n---\n"), { cause: error });
    });
  }

  setup(): PeerSetup {
    return {
      commandLines: ["corosync -f -c corosync.conf"],
      files: { "corosync.conf": this.#config },
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => killNow(node)));
  }
}
