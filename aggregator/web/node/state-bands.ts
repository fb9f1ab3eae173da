/** From history entries to stretches of time in one state. Pure. */
import type { HistoryDto } from "../api/dto.ts";
import { historyLine } from "./history-line.ts";

export interface Band {
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/** Oldest first; the last band ends now. What was before the oldest entry is not known and not drawn. */
export function stateBands(history: readonly HistoryDto[], now: number): readonly Band[] {
  const changes = history
    .map((entry) => ({ at: Date.parse(entry.at), state: historyLine(entry).state }))
    .filter((change): change is { at: number; state: string } => change.state !== null)
    .sort((a, b) => a.at - b.at);
  return changes.map((change, index) => ({
    state: change.state,
    from: change.at,
    to: Math.max(change.at, changes[index + 1]?.at ?? now),
  }));
}
