import type { DurationMs } from "@herdbeat/shared/time";

export type PathAnswer =
  /** The other kernel sent something back, a refusal too. */
  | "answered"
  | "silent"
  /** Nothing left this host: no address, no route. */
  | "not-sent";

/** Questions to other hosts that leave from the address of one network role. */
export interface PathProber {
  /** Never rejects; ends within `timeout`, in which the question is sent three times. */
  connect(role: string, address: string, port: number, timeout: DurationMs): Promise<PathAnswer>;
  /** A datagram to a port where nothing listens; the answer is the kernel's "port unreachable". */
  datagram(
    role: string,
    address: string,
    port: number,
    bytes: number,
    timeout: DurationMs,
  ): Promise<PathAnswer>;
}
