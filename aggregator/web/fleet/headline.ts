/** The answer to "what is broken" in one sentence. Pure. */
import { countOf, formatNumber } from "../words/count.ts";
import type { StateCounts } from "./view.ts";

export function headlineOf(counts: StateCounts): string {
  const down = counts.committed + counts.declared;
  const unknown = counts.unknown === 0 ? "" : `, ${formatNumber(counts.unknown)} unknown`;
  if (down > 0) {
    const suspect = counts.suspect === 0 ? "" : `, ${formatNumber(counts.suspect)} suspect`;
    return `${countOf(down, "node")} down${suspect}${unknown}.`;
  }
  if (counts.suspect > 0) return `${countOf(counts.suspect, "node")} suspect${unknown}.`;
  if (counts.unknown > 0) return `${countOf(counts.unknown, "node is", "nodes are")} unknown.`;
  if (counts.problem > 0)
    return `No node is down. ${countOf(counts.problem, "node has", "nodes have")} a problem.`;
  if (counts.agent > 0)
    return `No node is down. ${countOf(counts.agent, "agent does", "agents do")} not report.`;
  return counts.maintenance > 0 ? "No node is down." : "All nodes are well.";
}

/** The whole fleet, whatever the state. */
export function totalOf(counts: StateCounts): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
