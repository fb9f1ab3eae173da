/** Verdicts about the agent on a host that lives: its trouble is never the host's. Pure. */
import { durationMs } from "@herdbeat/shared/time";
import { describeSilence } from "./host-verdict.ts";
import type { Evidence } from "./incident.ts";
import type { Instant, NodeHealth, NodeState, Verdict } from "./node-state.ts";

/** Origin of these verdicts; never the same incident as the host's. */
export const AGENT = "silence:agent";

type AgentClass = "agent-down" | "agent-stalled" | "host-isolated";

const RULES: { readonly [C in AgentClass]: string } = {
  "agent-down": "stream-closed-kernel-alive",
  "agent-stalled": "silent-kernel-alive",
  "host-isolated": "silent-but-reached-by-witness",
};

export function openAgentIncident(
  state: NodeState,
  now: Instant,
  failureClass: AgentClass,
  reason: string,
  message: string,
  witnesses: readonly Evidence[] = [],
): Extract<Verdict, { kind: "open" }> {
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
      ...witnesses,
    ],
    rule: {
      name: witnesses.length > 0 ? "silent-but-reached-by-witness" : RULES[failureClass],
      thresholdsMs: {},
      because: "a host whose kernel answers is never declared down",
    },
    attributes: {},
    announce: false,
  };
}

type Trouble = Extract<NodeHealth, { state: "agent-down" | "agent-stalled" }>;

/** What was held back while it might have been over soon; told at once. */
export function lastingAgentIncident(state: NodeState, health: Trouble, now: Instant): Verdict {
  const isCutOff = health.state === "agent-stalled" && health.cause === "isolated";
  const failureClass = isCutOff ? "host-isolated" : health.state;
  const message = describeSilence(state, now, "it has lasted, of a node that is heard unsteadily");
  const open = openAgentIncident(state, now, failureClass, "LastingSilence", message);
  return { ...open, announce: true };
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
