/** The filter of the incidents page. Pure. */
import type { IncidentRow } from "../api/dto.ts";
import { classWords } from "../words/class-words.ts";

export interface IncidentFilter {
  readonly words: readonly string[];
  /** Empty for both. */
  readonly which: "" | "open" | "ended";
  readonly family: string;
}

export function parseIncidentFilter(query: URLSearchParams): IncidentFilter {
  const which = query.get("which");
  return {
    words: (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean),
    which: which === "open" || which === "ended" ? which : "",
    family: query.get("family") ?? "",
  };
}

export function matchesIncident(filter: IncidentFilter, incident: IncidentRow): boolean {
  if (filter.which !== "" && incident.open !== (filter.which === "open")) return false;
  if (filter.family !== "" && incident.family !== filter.family) return false;
  const text = [
    incident.hostname,
    incident.node,
    incident.id,
    incident.class,
    classWords(incident.class),
    incident.subject,
    incident.message,
    ...Object.values(incident.labels),
  ]
    .join(" ")
    .toLowerCase();
  return filter.words.every((word) => text.includes(word));
}
