/** `/api/v1/incidents/{id}/confirm-off`: what a person saw where no fence device answers. */
import type { IncidentId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import { identityOf } from "./authentication.ts";
import { operation, type RouteContext } from "./context.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { toAction } from "./map-incident.ts";
import { sendAnswer, settle } from "./owner-answer.ts";
import { incidentParams, noQuery, reasonBody } from "./request-schemas.ts";

export function registerConfirmOffRoute(context: RouteContext): void {
  const route = operation({
    id: "confirmOff",
    summary: "Confirm that the host of a committed incident has no power",
    tag: "incidents",
    scope: "operator",
    status: 202,
    answers: "Action",
    description:
      "Only while the incident is on hold as `fencing` or `fencing-unanswered`. It counts as a proof of grade 5 and is audited: its guests are started elsewhere because of it.",
    params: incidentParams,
    query: noQuery,
    body: reasonBody,
  });
  context.app.post("/api/v1/incidents/:id/confirm-off", route, (request, reply) =>
    confirmOff(context, request, reply),
  );
}

async function confirmOff(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { id } = request.params as { readonly id: IncidentId };
  const { reason } = request.body as { readonly reason: string };
  const by = identityOf(request).principal.name;
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  const once = { key, scope: `${by}\n${id}\nconfirm-off`, body: request.body };
  const answer = await context.idempotency.once(once, async () => {
    const outcome = await context.commands.confirmOff(id, by, reason);
    return settle(request, outcome, "such incident", (action) => ({
      status: 202,
      body: toAction(action),
      headers: {},
    }));
  });
  return sendAnswer(reply, answer);
}
