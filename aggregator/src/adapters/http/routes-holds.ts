/** `/api/v1/holds`: open incidents that would be committed, what holds them, and an operator's word. */
import type { IncidentId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncidentRecord } from "../../core/incident.ts";
import { isOpen } from "../../core/incident.ts";
import { type Review, reviewOf } from "../../core/review.ts";
import { identityOf } from "./authentication.ts";
import type { HoldPage, HoldRow } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import { isoTime } from "./iso-time.ts";
import { sendAnswer, settle } from "./owner-answer.ts";
import { incidentParams, noQuery, reasonBody } from "./request-schemas.ts";

const PATH = "/api/v1/holds";
/** Oldest first; `total` says how many there are. */
const HOLDS_SHOWN_MAX = 1_000;

export function registerHoldRoutes(context: RouteContext): void {
  const { app } = context;
  const list = operation({
    id: "listHolds",
    summary: "What is held back from its commit, why, and what releases it; oldest first",
    tag: "incidents",
    scope: "viewer",
    answers: "HoldPage",
    query: noQuery,
  });
  app.get(PATH, list, () => listHolds(context));
  for (const word of ["approve", "deny"] as const) {
    const review = operation({
      id: `${word}Hold`,
      summary:
        word === "approve"
          ? "Release the guard's brakes for one incident; never the lack of proof, never a disarm"
          : "Commit this incident never, until it is approved",
      tag: "incidents",
      scope: "operator",
      answers: "Hold",
      params: incidentParams,
      query: noQuery,
      body: reasonBody,
    });
    app.post(`${PATH}/:id/${word}`, review, (request, reply) =>
      reviewHold(context, word, request, reply),
    );
  }
}

async function listHolds(context: RouteContext): Promise<HoldPage> {
  const held = (await context.cache.incidents())
    .filter(({ hold, phase }) => hold !== null && isOpen(phase))
    .toSorted((a, b) => (a.hold?.since ?? 0) - (b.hold?.since ?? 0));
  return {
    items: held.slice(0, HOLDS_SHOWN_MAX).map(toHold),
    next: null,
    total: held.length,
    asOf: isoTime(context.clock.wallNow()),
  };
}

async function reviewHold(
  context: RouteContext,
  word: Review["word"],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { id } = request.params as { readonly id: IncidentId };
  const { reason } = request.body as { readonly reason: string };
  const by = identityOf(request).principal.name;
  const outcome = await context.commands.reviewHold(id, { word, by, reason });
  const answer = await settle(request, outcome, "such incident", (incident) => ({
    status: 200,
    body: toHold(incident),
    headers: {},
  }));
  return sendAnswer(reply, answer);
}

export function toHold(incident: IncidentRecord): HoldRow {
  const { hold } = incident;
  const review = reviewOf(incident);
  return {
    incident: incident.id,
    node: incident.node,
    hostname: incident.hostname,
    class: incident.failureClass,
    grade: incident.grade,
    reason: hold?.reason ?? null,
    since: hold === null ? null : isoTime(hold.since),
    releasedBy: hold?.releasedBy ?? null,
    review: review === null ? null : { ...review, at: isoTime(review.at) },
  };
}
