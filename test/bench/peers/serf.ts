/**
 * A serf cluster, one member per host, with the defaults of the package. A host is dead for serf
 * when the first of its members logs `EventMemberFailed`, before any handler ran: the earliest that
 * anything could be told.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import { run } from "../../support/run-command.ts";
import { addressOf, type HostNetwork } from "../silent-death/host-network.ts";
import type { PeerSetup } from "./packages.ts";
import { killNow, type Sightings, startFollowed } from "./sightings.ts";

const FAILED = /EventMemberFailed: member-(\d+)/;
const JOINED_WITHIN_MS = 90_000;

export class SerfCluster {
  readonly #dir: string;
  readonly #members: number;
  readonly #network: HostNetwork;
  readonly #sightings: Sightings;
  readonly #agents = new Map<number, TrackedProcess>();
  readonly #files: Record<string, string> = {};

  constructor(dir: string, members: number, network: HostNetwork, sightings: Sightings) {
    this.#dir = dir;
    this.#members = members;
    this.#network = network;
    this.#sightings = sightings;
  }

  /** On a host that was booted. */
  boot(host: number): void {
    // The last one never dies, so everybody finds the cluster through it.
    const last = this.#members - 1;
    const config = {
      node_name: `member-${host}`,
      bind: addressOf(host),
      ...(host === last ? {} : { retry_join: [addressOf(last)], retry_interval: "1s" }),
    };
    const file = join(this.#dir, `serf-${host}.json`);
    const text = JSON.stringify(config);
    this.#files[`serf-${host}.json`] = text;
    writeFileSync(file, text);
    const command = [...this.#network.inside(host), "serf", "agent", `-config-file=${file}`];
    const onLine = (line: string): void => {
      const failed = FAILED.exec(line)?.[1];
      if (failed !== undefined)
        this.#sightings.note("serf", Number(failed), `member-${host}: ${line}`);
    };
    this.#agents.set(host, startFollowed(command, onLine));
  }

  kill(host: number): Promise<void> {
    return killNow(this.#agents.get(host));
  }

  /** Waits until this member and the last one see all members alive. */
  async ready(host: number): Promise<void> {
    for (const observer of new Set([host, this.#members - 1])) {
      await eventually(async () => (await this.#alive(observer)) === this.#members, {
        withinMs: JOINED_WITHIN_MS,
        everyMs: 500,
        what: `all serf members alive, as member ${observer} sees it`,
      }).catch((error: unknown) => {
        throw new Error(this.#agents.get(observer)?.output().slice(-5_000), { cause: error });
      });
    }
  }

  async #alive(observer: number): Promise<number> {
    const [command = "", ...inside] = this.#network.inside(observer);
    const text = await run(command, [...inside, "serf", "members", "-format=json"]);
    const { members } = JSON.parse(text) as { readonly members: readonly { status: string }[] };
    return members.filter(({ status }) => status === "alive").length;
  }

  setup(): PeerSetup {
    return { commandLines: ["serf agent -config-file=serf-N.json"], files: this.#files };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => killNow(agent)));
  }
}
