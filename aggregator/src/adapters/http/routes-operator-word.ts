/** `/api/v1/incidents/{id}/confirm-off` and `.../close`: what only a person can say of a committed host. */
import type { IncidentId } from "@herdbeat/shared/ids";
import { identityOf } from "./authentication.ts";
import { operation, type RouteContext } from "./context.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { toAction } from "./map-incident.ts";
import { sendAnswer, settle } from "./owner-answer.ts";
import { incidentParams, noQuery, reasonBody } from "./request-schemas.ts";

const NAMES = ["confirm-off", "close"] as const;
type Name = (typeof NAMES)[number];

const WORDS: {
  readonly [N in Name]: {
    readonly id: string;
    readonly summary: string;
    readonly description: string;
  };
} = {
  "confirm-off": {
    id: "confirmOff",
    summary: "Confirm that the host of a committed incident has no power",
    description:
      "Only while the incident is on hold as `fencing` or `fencing-unanswered`, and its node is not heard. It counts as a proof of grade 5 and is audited: its guests are started elsewhere because of it.",
  },
  close: {
    id: "closeIncident",
    summary: "Close the committed incident of a host",
    description:
      "Its node is judged again from then on: one that stays silent is declared anew. Requests that were not delivered are withdrawn, no order follows any more, and it is audited.",
  },
};

export function registerOperatorWordRoutes(context: RouteContext): void {
  for (const name of NAMES) registerWord(context, name);
}

function registerWord(context: RouteContext, name: Name): void {
  const route = operation({
    ...WORDS[name],
    tag: "incidents",
    scope: "operator",
    status: 202,
    answers: "Action",
    params: incidentParams,
    query: noQuery,
    body: reasonBody,
  });
  context.app.post(`/api/v1/incidents/:id/${name}`, route, async (request, reply) => {
    const { id } = request.params as { readonly id: IncidentId };
    const { reason } = request.body as { readonly reason: string };
    const by = identityOf(request).principal.name;
    const key = readIdempotencyKey(request.headers["idempotency-key"]);
    const once = { key, scope: `${by}\n${id}\n${name}`, body: request.body };
    const answer = await context.idempotency.once(once, async () => {
      const { commands } = context;
      const outcome = await (name === "close"
        ? commands.closeIncident(id, by, reason)
        : commands.confirmOff(id, by, reason));
      return settle(request, outcome, "such incident", (action) => ({
        status: 202,
        body: toAction(action),
        headers: {},
      }));
    });
    return sendAnswer(reply, answer);
  });
}
