import type { DestinationName } from "@herdbeat/shared/ids";
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";
import type { OutboxRow } from "../core/outbox.ts";

/** How a receiver answered one attempt; core/delivery.ts decides what follows. */
export type SendOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: DurationMs | null;
      readonly bodyExcerpt: string;
    }
  /** Timed out after the request was (partly) written: counts as possibly accepted. */
  | { readonly kind: "timed-out"; readonly detail: string }
  /** Nothing was sent (refused connection, DNS, TLS). */
  | { readonly kind: "not-sent"; readonly detail: string };

export interface WebhookSender {
  /** Signs (Standard Webhooks) and posts one row. Bounded in time and bytes; never rejects, never follows redirects. */
  send(
    row: OutboxRow,
    attempt: { readonly number: number; readonly at: UnixMs },
  ): Promise<SendOutcome>;
  destinations(): readonly DestinationName[];
}
