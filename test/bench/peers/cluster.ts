/** All programs side by side on the same hosts: one cut, one moment for everybody. */
import type { Stack } from "../../support/stack.ts";
import { BenchHost, type Death } from "../silent-death/bench-host.ts";
import type { HostNetwork } from "../silent-death/host-network.ts";
import type { CorosyncCluster } from "./corosync.ts";
import type { PrometheusWatch } from "./prometheus.ts";
import type { SerfCluster } from "./serf.ts";

const AGENT_WITHIN_MS = 120_000;

export interface ClusterParts {
  readonly stack: Stack;
  readonly network: HostNetwork;
  /** Null: its package could not be installed. */
  readonly serf: SerfCluster | null;
  readonly corosync: CorosyncCluster | null;
  readonly prometheus: PrometheusWatch | null;
}

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #watched: readonly BenchHost[];

  /** The first `watched` hosts carry everything, the others are serf members only. */
  constructor(parts: ClusterParts, watched: number) {
    this.#parts = parts;
    this.#watched = Array.from(
      { length: watched },
      (_, host) => new BenchHost(host, parts.stack, parts.network),
    );
  }

  host(index: number): BenchHost {
    const host = this.#watched[index];
    if (host === undefined) throw new Error(`host ${index} is not watched`);
    return host;
  }

  async boot(index: number): Promise<void> {
    const { network, serf, corosync, prometheus } = this.#parts;
    const host = this.#watched[index];
    // Ours boots the host itself.
    if (host === undefined) await network.boot(index);
    else await host.boot();
    serf?.boot(index);
    if (host === undefined) return;
    corosync?.boot(index);
    await prometheus?.boot(index);
  }

  async ready(index: number): Promise<void> {
    const { serf, corosync, prometheus } = this.#parts;
    await this.#watched[index]?.ready(AGENT_WITHIN_MS);
    await serf?.ready(index);
    await corosync?.ready();
    await prometheus?.ready(index);
  }

  /** Every frame is dropped, then every process is killed. */
  async die(index: number): Promise<Death> {
    const { serf, corosync, prometheus } = this.#parts;
    const death = await this.host(index).die();
    await Promise.all([serf?.kill(index), corosync?.kill(index), prometheus?.kill(index)]);
    return death;
  }
}
