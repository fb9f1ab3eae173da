/** A history entry as a sentence. Its detail is JSON of several versions; nothing in it is certain. */
import type { HistoryDto } from "../api/dto.ts";

export interface HistoryLine {
  readonly title: string;
  readonly detail: string;
  /** The node's state from here on, when the entry tells it. */
  readonly state: string | null;
  readonly incident: string | null;
}

export function historyLine(entry: HistoryDto): HistoryLine {
  const fields = fieldsOf(entry.detail);
  const text = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = fields[name];
      if (typeof value === "string" && value !== "") return value;
    }
    return "";
  };
  const incident = text("incident", "id") || null;
  switch (entry.kind) {
    case "state": {
      const state = text("to", "state") || null;
      const from = text("from");
      const title = from === "" || state === null ? (state ?? "state") : `${from} → ${state}`;
      return { title, detail: text("reason", "message", "because"), state, incident: null };
    }
    case "incident":
      return {
        title: [text("class", "failureClass"), text("what", "kind", "phase")]
          .filter(Boolean)
          .join(" "),
        detail: text("message", "reason"),
        state: null,
        incident,
      };
    case "delivery":
      return {
        title: [text("kind"), text("result", "state")].filter(Boolean).join(" "),
        detail: [text("destination"), text("lastError", "error")].filter(Boolean).join(": "),
        state: null,
        // The name of a message is its incident's and a number.
        incident: text("incident") || text("webhookId").split(".")[0] || null,
      };
    case "action":
      return {
        title: [text("kind"), text("state")].filter(Boolean).join(" "),
        detail: [text("by"), text("message")].filter(Boolean).join(": "),
        state: null,
        incident: text("incident") || null,
      };
  }
}

function fieldsOf(detail: unknown): Readonly<Record<string, unknown>> {
  if (typeof detail === "object" && detail !== null) return detail as Record<string, unknown>;
  return { message: typeof detail === "string" ? detail : "" };
}
