/** What simulated nodes send besides plain heartbeats. */
import type { AgentFrame } from "@herdbeat/proto/frame-codec";
import type { Random } from "@herdbeat/shared/random";

const FLAG_FULL = 4;

/** A heartbeat with the whole list of conditions. */
export function wholeHeartbeat(
  sequence: number,
  lastTransition: number,
  count: number,
): AgentFrame {
  const conditions = Array.from({ length: count }, (_, index) => ({
    monitor: "fleet-monitor",
    subject: `subject-${index}`,
    status: 1,
    failureClass: "service-down",
    reason: "AsExpected",
    message: "nothing to report",
    sinceAgeMs: 60_000,
    attributes: [],
  }));
  const body = {
    sequence,
    reportAgeMs: 5,
    flags: FLAG_FULL,
    lastTransition,
    ownLagMs: 1,
    conditions,
  };
  return { kind: "heartbeat", body };
}

export function uuid(random: Random): string {
  const hex = random.hex(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
