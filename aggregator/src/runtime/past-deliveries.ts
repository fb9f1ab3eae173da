/** Hand-offs that are over, read back from a shard's history for the page of one incident. */
import type { DestinationName, IncidentId, WebhookId } from "@herdbeat/shared/ids";
import { type IncidentRecord, lastTransitionNumber } from "../core/incident.ts";
import { rowIdOf } from "../core/outbox.ts";
import type { DeliveryView } from "../ports/fleet-view.ts";
import type { HistoryEntry, ShardStore } from "../ports/shard-store.ts";

const PAGE = 500;
/** An incident's last hand-offs are near the end of the history; older ones are let go. */
const PAGES_MAX = 6;

export async function pastDeliveries(
  store: Pick<ShardStore, "history">,
  incident: IncidentRecord,
): Promise<readonly DeliveryView[]> {
  const found: DeliveryView[] = [];
  let before: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { entries } = await store.history(incident.shard, PAGE, before);
    for (const entry of entries) {
      const view = entry.kind === "delivery" ? viewOf(entry, incident) : null;
      if (view !== null) found.push(view);
    }
    const oldest = entries.at(-1);
    if (oldest === undefined || entries.length < PAGE || oldest.at < incident.openedAt) break;
    before = oldest.cursor;
  }
  return found;
}

interface Told {
  readonly webhookId?: unknown;
  readonly destination?: unknown;
  readonly kind?: unknown;
  readonly result?: unknown;
  readonly attempts?: unknown;
  readonly status?: unknown;
  readonly error?: unknown;
}

function viewOf(entry: HistoryEntry, incident: IncidentRecord): DeliveryView | null {
  let told: Told;
  try {
    told = JSON.parse(entry.json) as Told;
  } catch {
    return null; // a line that can not be read tells nothing; the store's own check reports it
  }
  const { webhookId, destination } = told;
  if (typeof webhookId !== "string" || typeof destination !== "string") return null;
  if (!webhookId.startsWith(`${incident.id}.`)) return null;
  const transition = Number(webhookId.slice(incident.id.length + 1));
  if (!(transition >= 1 && transition <= lastTransitionNumber(incident))) return null;
  return {
    rowId: rowIdOf(webhookId as WebhookId, destination as DestinationName),
    webhookId: webhookId as WebhookId,
    destination: destination as DestinationName,
    incident: incident.id as IncidentId,
    transition,
    node: incident.node,
    family: incident.family,
    kind: told.kind === "request" ? "request" : "fact",
    body: "",
    createdAt: entry.at,
    attempts: typeof told.attempts === "number" ? told.attempts : 0,
    lastAttemptAt: entry.at,
    nextAttemptAt: entry.at,
    state:
      told.result === "superseded"
        ? "superseded"
        : told.result === "parked"
          ? "parked"
          : "delivered",
    claimedBy: "",
    lastStatus: typeof told.status === "number" ? told.status : null,
    lastError: typeof told.error === "string" ? told.error : "",
    settledAt: entry.at,
  };
}
