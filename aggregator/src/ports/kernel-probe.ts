import type { DurationMs } from "@herdbeat/shared/time";

/**
 * Asks a node's *kernel* whether it lives: a TCP connection to a port nobody listens on. A refusal
 * (RST) or an acceptance comes from the kernel without help of any process.
 */
export type ProbeOutcome =
  | {
      readonly kind: "answered";
      readonly how: "refused" | "accepted";
      readonly roundTrip: DurationMs;
    }
  /** No packet came back: says something only when such probes were answered before. */
  | { readonly kind: "no-answer" }
  /** Our side could not even ask (no route, no descriptors): says nothing about the node. */
  | { readonly kind: "cannot-ask"; readonly why: string };

export interface KernelProbe {
  /** Bounded by `timeout`; never rejects. At most PROBES_IN_FLIGHT_MAX at once, others wait their turn. */
  probe(address: string, timeout: DurationMs): Promise<ProbeOutcome>;
}

export interface GatewayCheck {
  /** Whether our own default gateway answers; `none` where there is none (loopback, namespaces). */
  check(timeout: DurationMs): Promise<"answers" | "silent" | "none">;
}
