/** What would end an incident, from the contract of its phase and of how it was made. Pure. */
import type { IncidentDetail } from "../api/dto.ts";

export function clearedBy(incident: Pick<IncidentDetail, "phase" | "evidence" | "class">): string {
  const isAgents = incident.class === "agent-down" || incident.class === "agent-stalled";
  switch (incident.phase) {
    case "declared":
      if (isAgents) return "the agent is heard again, or its trouble turns out to be another.";
      return fromCondition(incident.evidence)
        ? "the agent reports that the condition is over, or somebody closes the incident."
        : "the same boot of the node shows that it lives (retracted), or a new boot id proves that it restarted.";
    case "committed":
      return "recovery reports its end, or somebody closes it. A sign of life no longer takes it back; the node's return is reported on its own.";
    case "retracted":
      return "A live session of the same boot refuted the silence.";
    case "cleared":
      return isAgents
        ? "The agent was heard again, or its trouble turned out to be another."
        : "The reported condition no longer held.";
    case "closed":
      return "Recovery was finished and the incident closed.";
  }
}

function fromCondition(evidence: IncidentDetail["evidence"]): boolean {
  return evidence.some((item) => item.kind === "condition");
}
