/**
 * Asks a machine's kernel by a TCP connection to a port on which nobody listens (RFC 9293 3.10.7.1:
 * a segment to a closed port is answered with RST). Refused or accepted, the kernel lives; no packet
 * within the deadline, or word from a router that there is nobody, is no answer. Errors of our own
 * side say nothing.
 */
import { connect, isIP, type Socket } from "node:net";
import { type Clock, type DurationMs, elapsed, type Timers } from "@herdbeat/shared/time";
import type { KernelProbe, ProbeOutcome } from "../../ports/kernel-probe.ts";

/** Each holds a descriptor and an ephemeral port for at most the deadline. */
export const PROBES_IN_FLIGHT_MAX = 256;

export interface TcpKernelProbeDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** A port that is closed on every node; 9 is `discard`, unused everywhere. */
  readonly port: number;
}

/** The peer's kernel answered. */
const REFUSED = new Set(["ECONNREFUSED", "ECONNRESET"]);
/** Packets went out and nobody who should have answered did (silence, failed ARP, a router's word). */
const NO_ANSWER = new Set(["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH", "ENONET"]);

export class TcpKernelProbe implements KernelProbe {
  readonly #deps: TcpKernelProbeDeps;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(deps: TcpKernelProbeDeps) {
    this.#deps = deps;
  }

  async probe(address: string, timeout: DurationMs): Promise<ProbeOutcome> {
    // Addresses come from agents: a name would be looked up, wherever that leads.
    if (isIP(address) === 0) return { kind: "cannot-ask", why: "no address is known" };
    if (this.#inFlight >= PROBES_IN_FLIGHT_MAX) {
      await new Promise<void>((go) => this.#waiting.push(go));
    }
    this.#inFlight += 1;
    const outcome = await this.#ask(address, timeout);
    this.#inFlight -= 1;
    this.#waiting.shift()?.();
    return outcome;
  }

  #ask(address: string, timeout: DurationMs): Promise<ProbeOutcome> {
    const { clock, timers, port } = this.#deps;
    return new Promise((resolve) => {
      const startedAt = clock.now();
      let socket: Socket | null = null;
      const end = (outcome: ProbeOutcome): void => {
        timer.cancel();
        socket?.destroy();
        resolve(outcome);
      };
      const answered = (how: "refused" | "accepted"): void => {
        end({ kind: "answered", how, roundTrip: elapsed(startedAt, clock.now()) });
      };
      // An answer that is in our kernel already is read before the deadline may speak.
      const timer = timers.after(timeout, () => {
        timers.afterDrain(() => end({ kind: "no-answer" }));
      });
      socket = connect({ host: address, port });
      socket.once("connect", () => answered("accepted"));
      socket.once("error", (error: NodeJS.ErrnoException) => {
        const code = error.code ?? "";
        if (REFUSED.has(code)) answered("refused");
        else if (NO_ANSWER.has(code)) end({ kind: "no-answer" });
        else end({ kind: "cannot-ask", why: code === "" ? error.message : code });
      });
    });
  }
}
