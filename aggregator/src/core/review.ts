/** An operator's word on an incident that is on hold. Pure. */
import type { UnixMs } from "@herdbeat/shared/time";
import type { IncidentRecord } from "./incident.ts";

export interface Review {
  /** `approve` releases the brakes of the guard for this incident, never the proof. */
  readonly word: "approve" | "deny";
  readonly by: string;
  readonly reason: string;
  readonly at: UnixMs;
}

/** Null where nobody said anything, or where what is stored is no such word. */
export function reviewOf({ review }: Pick<IncidentRecord, "review">): Review | null {
  if (typeof review !== "object" || review === null) return null;
  const { word, by, reason, at } = review as Partial<Review>;
  if (word !== "approve" && word !== "deny") return null;
  if (typeof by !== "string" || typeof reason !== "string" || typeof at !== "number") return null;
  return { word, by, reason, at };
}
