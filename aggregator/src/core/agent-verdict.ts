/** Verdicts about the agent on a host that lives: its trouble is never the host's. Pure. */
import { durationMs } from "@herdbeat/shared/time";
import { describeSilence } from "./host-verdict.ts";
import type { Instant, NodeState, Verdict } from "./node-state.ts";

/** Origin of these verdicts; never the same incident as the host's. */
export const AGENT = "silence:agent";

export function openAgentIncident(
  state: NodeState,
  now: Instant,
  failureClass: "agent-down" | "agent-stalled",
  reason: string,
  message: string,
): Verdict {
  return {
    kind: "open",
    origin: AGENT,
    subject: "",
    onset: state.record.sessionEpoch,
    failureClass,
    grade: 0,
    reason,
    message,
    evidence: [
      {
        kind: "heartbeat-silence",
        source: "self",
        outcome: "silent",
        age: durationMs(Math.max(0, now.listening - state.lastHeardAt)),
        at: now.wall,
        detail: describeSilence(state, now, ""),
      },
      {
        kind: "kernel-probe",
        source: "self",
        outcome: state.probe.lastOutcome,
        age: durationMs(Math.max(0, now.listening - (state.probe.lastAskedAt ?? now.listening))),
        at: now.wall,
        detail: state.probe.lastDetail,
      },
    ],
    rule: {
      name: failureClass === "agent-down" ? "stream-closed-kernel-alive" : "silent-kernel-alive",
      thresholdsMs: {},
      because: "a host whose kernel answers is never declared down",
    },
    attributes: {},
    announce: false,
  };
}

export function endAgentIncident(message: string, now: Instant): Verdict {
  return {
    kind: "end",
    origin: AGENT,
    subject: "",
    as: "cleared",
    message,
    evidence: [
      {
        kind: "stream-live",
        source: "self",
        outcome: "heard",
        age: durationMs(0),
        at: now.wall,
        detail: message,
      },
    ],
  };
}
