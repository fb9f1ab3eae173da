/** What is kept of the answers to our own questions whether a node's kernel lives. Pure. */
import type { Instant, NodeEvent, ProbeMemory } from "./node-state.ts";

export function rememberProbe(
  probe: ProbeMemory,
  event: Extract<NodeEvent, { kind: "probed" }>,
  now: Instant,
): ProbeMemory {
  switch (event.outcome) {
    case "answered":
      return {
        provenAt: now.wall,
        failingSince: null,
        lastAskedAt: probe.lastAskedAt,
        lastAnsweredAt: now.listening,
        lastOutcome: "answered",
        outcomeAskedAt: event.askedAt,
        lastDetail: event.detail,
      };
    case "no-answer":
      return {
        ...probe,
        failingSince: probe.failingSince ?? event.askedAt,
        lastOutcome: "no-answer",
        outcomeAskedAt: event.askedAt,
        lastDetail: event.detail,
      };
    case "cannot-ask":
      // We could not look: neither an answer nor its absence.
      return {
        ...probe,
        lastOutcome: "cannot-ask",
        outcomeAskedAt: event.askedAt,
        lastDetail: event.detail,
      };
  }
}
