import type { ClassFamily } from "@herdbeat/shared/classes";
import type { DestinationName, IncidentId, NodeId, WebhookId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { IncidentRecord } from "./incident.ts";

/** `fact`: retried for ever. `request`: re-checked before every attempt, then sent with a fresh notAfter. */
export type DeliveryKind = "fact" | "request";

/** One hand-off of one transition to one destination; lives in the store until accepted. */
export interface OutboxRow {
  /** `<webhook-id>@<destination>`. */
  readonly rowId: string;
  readonly webhookId: WebhookId;
  readonly destination: DestinationName;
  readonly incident: IncidentId;
  readonly transition: number;
  readonly node: NodeId;
  /** The incident's family: host incidents are handed off before those of guests. */
  readonly family: ClassFamily;
  readonly kind: DeliveryKind;
  /** The body's stable part as JSON text; `attempt`-specific headers are added when sending. */
  readonly body: string;
  readonly createdAt: UnixMs;
  readonly attempts: number;
  /** When the last attempt ended; null before the first. */
  readonly lastAttemptAt: UnixMs | null;
  /** Not before this; equals `createdAt` in a new row. */
  readonly nextAttemptAt: UnixMs;
  readonly state: "waiting" | "sending" | "parked" | "delivered" | "superseded";
  /** Who sends it, `<aggregator id>:<fencing token>`; empty when nobody does. */
  readonly claimedBy: string;
  readonly lastStatus: number | null;
  readonly lastError: string;
}

export function webhookIdOf(incident: IncidentId, transition: number): WebhookId {
  return `${incident}.${transition}` as WebhookId;
}

export function rowIdOf(webhookId: WebhookId, destination: DestinationName): string {
  return `${webhookId}@${destination}`;
}

/** The row with which a transition's hand-off to one destination begins. */
export function newOutboxRow(parts: {
  readonly incident: Pick<IncidentRecord, "id" | "node" | "family">;
  readonly transition: number;
  readonly destination: DestinationName;
  readonly kind: DeliveryKind;
  readonly body: string;
  readonly at: UnixMs;
}): OutboxRow {
  const webhookId = webhookIdOf(parts.incident.id, parts.transition);
  return {
    rowId: rowIdOf(webhookId, parts.destination),
    webhookId,
    destination: parts.destination,
    incident: parts.incident.id,
    transition: parts.transition,
    node: parts.incident.node,
    family: parts.incident.family,
    kind: parts.kind,
    body: parts.body,
    createdAt: parts.at,
    attempts: 0,
    lastAttemptAt: null,
    nextAttemptAt: parts.at,
    state: "waiting",
    claimedBy: "",
    lastStatus: null,
    lastError: "",
  };
}
