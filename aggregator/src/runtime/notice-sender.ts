/** Notices go straight to every destination, not through the store: it may be what is broken. */
import type { AggregatorId, IncidentId, NodeId } from "@herdbeat/shared/ids";
import type { Clock } from "@herdbeat/shared/time";
import { newOutboxRow } from "../core/outbox.ts";
import { rfc3339 } from "../core/rfc3339.ts";
import type { NoticeView } from "../ports/fleet-view.ts";
import type { WebhookSender } from "../ports/webhook.ts";

export interface NoticeSenderDeps {
  readonly clock: Clock;
  readonly sender: WebhookSender;
  readonly aggregator: AggregatorId;
  readonly clusterId: () => string;
  /** SHA-256 of a text, 32 hex digits: the same notice has the same id on every repeat. */
  readonly idOf: (key: string) => IncidentId;
}

const NODES_NAMED_MAX = 100;

export function noticeSender(
  deps: NoticeSenderDeps,
): (notice: NoticeView, state: "raised" | "cleared") => Promise<boolean> {
  return async (notice, state) => {
    const at = deps.clock.wallNow();
    const id = deps.idOf(
      JSON.stringify(["notice", deps.clusterId(), deps.aggregator, notice.kind, notice.since]),
    );
    const transition = state === "raised" ? 1 : 2;
    const body = JSON.stringify({
      schema: "herdbeat.notice/1",
      id: `${id}.${transition}`,
      kind: "notice",
      cluster: deps.clusterId(),
      aggregator: deps.aggregator,
      notice: {
        kind: notice.kind,
        state,
        since: rfc3339(notice.since),
        message: notice.message,
        nodes: notice.nodes.slice(0, NODES_NAMED_MAX),
      },
    });
    const outcomes = await Promise.all(
      deps.sender.destinations().map((destination) =>
        deps.sender.send(
          newOutboxRow({
            incident: { id, node: "" as NodeId, family: "control-plane" },
            transition,
            destination,
            kind: "fact",
            body,
            at,
          }),
          { number: 1, at },
        ),
      ),
    );
    return outcomes.every(
      (one) => one.kind === "answered" && one.status < 500 && one.status !== 429,
    );
  };
}
