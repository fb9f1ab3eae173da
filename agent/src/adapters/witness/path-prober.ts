/** Looks at the configured peers of a network, with the means of a witness. */
import { networkInterfaces } from "node:os";
import type { DurationMs, Timers } from "@herdbeat/shared/time";
import type { PathAnswer, PathProber } from "../../ports/path-prober.ts";
import { type OpenQuestioner, runProbe } from "./attempts.ts";
import { datagramQuestioner, type Target, tcpQuestioner } from "./questioners.ts";
import { sourceFor } from "./source-address.ts";

/** More than any MTU of Ethernet; what is larger is not sent. */
const DATAGRAM_BYTES_MAX = 16_384;

export class RolePathProber implements PathProber {
  readonly #networks: Readonly<Record<string, string>>;
  readonly #timers: Timers;

  constructor(networks: Readonly<Record<string, string>>, timers: Timers) {
    this.#networks = networks;
    this.#timers = timers;
  }

  connect(role: string, address: string, port: number, timeout: DurationMs): Promise<PathAnswer> {
    const target = this.#target(role, address, port);
    return this.#ask(target === null ? null : tcpQuestioner(target), timeout);
  }

  datagram(
    role: string,
    address: string,
    port: number,
    bytes: number,
    timeout: DurationMs,
  ): Promise<PathAnswer> {
    const target = this.#target(role, address, port);
    const isSendable = target !== null && bytes > 0 && bytes <= DATAGRAM_BYTES_MAX;
    return this.#ask(isSendable ? datagramQuestioner(target, Buffer.alloc(bytes)) : null, timeout);
  }

  #target(role: string, address: string, port: number): Target | null {
    const source = sourceFor(role, address, this.#networks, networkInterfaces());
    return source.kind === "none" ? null : { address, port, source: source.address };
  }

  async #ask(open: OpenQuestioner | null, timeout: DurationMs): Promise<PathAnswer> {
    if (open === null) return "not-sent";
    const { outcome } = await runProbe(open, timeout, this.#timers).ended;
    if (outcome === "answered" || outcome === "refused") return "answered";
    return outcome === "error" ? "not-sent" : "silent";
  }
}
