/** `/api/v1/drills`: one living node seems to die, so that the way to the receiver is measured. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { DrillRecord } from "../../core/drill-record.ts";
import { identityOf } from "./authentication.ts";
import { operation, type RouteContext } from "./context.ts";
import type { Page } from "./dto.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { isoTime } from "./iso-time.ts";
import { sendAnswer, settle } from "./owner-answer.ts";
import { notFound } from "./problem.ts";
import type { DrillDto, NewDrill } from "./quality-dto.ts";
import { drillParams, newDrillBody, noQuery } from "./request-schemas.ts";

const PATH = "/api/v1/drills";

export function registerDrillRoutes(context: RouteContext): void {
  const { app, view, clock } = context;
  const common = { tag: "cluster", query: noQuery } as const;
  const list = operation({
    ...common,
    id: "listDrills",
    summary: "Drills and what they measured, newest first",
    scope: "viewer",
    answers: "DrillPage",
  });
  app.get(PATH, list, async (): Promise<Page<DrillDto>> => {
    const items = (await view.drills()).map(toDrill);
    return { items, next: null, total: items.length, asOf: isoTime(clock.wallNow()) };
  });
  const show = operation({
    ...common,
    id: "getDrill",
    summary: "One drill",
    scope: "viewer",
    answers: "Drill",
    params: drillParams,
  });
  app.get(`${PATH}/:id`, show, async (request: FastifyRequest): Promise<DrillDto> => {
    const { id } = request.params as { readonly id: string };
    const found = (await view.drills()).find((one) => one.id === id);
    if (found === undefined) throw notFound(`drill ${id}`);
    return toDrill(found);
  });
  const begin = operation({
    ...common,
    id: "startDrill",
    summary: "Let a living node seem to die, and measure how soon that is told",
    scope: "operator",
    status: 201,
    answers: "Drill",
    description:
      "Nothing is done to the node and nothing is asked of recovery: its incident is a `drill` in shadow, declared, told and retracted. One a minute in the cluster. Whatever is real ends it.",
    body: newDrillBody,
  });
  app.post(PATH, begin, (request, reply) => startDrill(context, request, reply));
}

async function startDrill(
  { commands, idempotency }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { node } = request.body as NewDrill;
  const by = identityOf(request).principal.name;
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  const once = { key, scope: `${by}\ndrills`, body: request.body };
  const answer = await idempotency.once(once, async () => {
    const outcome = await commands.startDrill(node as NodeId, by);
    return settle(request, outcome, `node ${node}`, (drill) => ({
      status: 201,
      body: toDrill(drill),
      headers: { location: `${PATH}/${drill.id}` },
    }));
  });
  return sendAnswer(reply, answer);
}

function toDrill(drill: DrillRecord): DrillDto {
  return {
    id: drill.id,
    node: drill.node,
    hostname: drill.hostname,
    by: drill.by,
    aggregator: drill.aggregator,
    startedAt: isoTime(drill.startedAt),
    outcome: drill.outcome,
    because: drill.because,
    incident: drill.incident,
    declaredMs: drill.declaredMs,
    durableMs: drill.durableMs,
    deliveredMs: drill.deliveredMs,
    endedAt: drill.endedAt === null ? null : isoTime(drill.endedAt),
  };
}
