/** `/api/v1/incidents`, their story, and `/api/v1/deliveries`. */
import type { IncidentId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncidentRecord } from "../../core/incident.ts";
import { replayIncident } from "../../core/replay.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import { operation, type RouteContext } from "./context.ts";
import type {
  DeliveryDto,
  DeliveryPage,
  Explanation,
  IncidentDetail,
  IncidentRow,
  Page,
  ReplayDto,
} from "./dto.ts";
import { isNotModified, strongTag } from "./etag.ts";
import { explainIncident } from "./explain.ts";
import {
  type DeliveryQuery,
  deliveryPredicate,
  type IncidentQuery,
  incidentKey,
  incidentPredicate,
} from "./incident-query.ts";
import { isoTime } from "./iso-time.ts";
import { toDelivery, toIncidentDetail, toIncidentRow, toReplay } from "./map-incident.ts";
import { PAGE_LIMIT_DEFAULT, parseSort, pickFields, selectPage } from "./page.ts";
import { notFound } from "./problem.ts";
import { deliveriesQuery, incidentParams, incidentsQuery, noQuery } from "./request-schemas.ts";
import type { PageQuery } from "./routes-nodes.ts";

type Partially<P, T> = Omit<P, "items"> & { readonly items: readonly Partial<T>[] };

export function registerIncidentRoutes(context: RouteContext): void {
  const { app } = context;
  const common = { tag: "incidents", scope: "viewer" } as const;
  const list = operation({
    ...common,
    id: "listIncidents",
    summary: "Incidents, newest first",
    answers: "IncidentPage",
    query: incidentsQuery,
  });
  app.get("/api/v1/incidents", list, (request) => listIncidents(context, request));
  const show = operation({
    ...common,
    id: "getIncident",
    summary: "One incident with evidence, rule, timeline, deliveries and actions",
    answers: "IncidentDetail",
    params: incidentParams,
    query: noQuery,
  });
  app.get("/api/v1/incidents/:id", show, (request, reply) => showIncident(context, request, reply));
  const explain = operation({
    ...common,
    id: "explainIncident",
    summary:
      "Why the incident is what it is: story, rule, what would have changed it, what ends it",
    answers: "Explanation",
    description: "With `accept: text/plain` the lines come as text.",
    params: incidentParams,
    query: noQuery,
  });
  app.get("/api/v1/incidents/:id/explain", explain, (request, reply) =>
    tellStory(context, request, reply),
  );
  const replay = operation({
    ...common,
    id: "replayIncident",
    summary: "The incident's decisions, run again from their recorded inputs",
    answers: "Replay",
    params: incidentParams,
    query: noQuery,
  });
  app.get("/api/v1/incidents/:id/replay", replay, (request) => runAgain(context, request));
  const deliveries = operation({
    id: "listDeliveries",
    summary: "Hand-offs to recovery, newest first",
    tag: "deliveries",
    scope: "viewer",
    answers: "DeliveryPage",
    query: deliveriesQuery,
  });
  app.get("/api/v1/deliveries", deliveries, (request) => listDeliveries(context, request));
}

async function listIncidents(
  { cache, clock }: RouteContext,
  request: FastifyRequest,
): Promise<Partially<Page<IncidentRow>, IncidentRow>> {
  const query = request.query as IncidentQuery & PageQuery;
  const order = query.sort ?? "-openedAt";
  const { name, descending } = parseSort(order);
  const page = selectPage<IncidentRecord>(await cache.incidents(), {
    limit: query.limit ?? PAGE_LIMIT_DEFAULT,
    cursor: query.cursor,
    order,
    descending,
    key: incidentKey(name),
    id: (row) => row.id,
    matches: incidentPredicate(query),
  });
  return {
    items: pickFields(page.rows.map(toIncidentRow), query.fields),
    next: page.next,
    total: page.total,
    asOf: isoTime(clock.wallNow()),
  };
}

/** The incident of the request's path. */
export async function requireIncident(
  { view }: Pick<RouteContext, "view">,
  request: FastifyRequest,
): Promise<IncidentRecord> {
  const { id } = request.params as { readonly id: IncidentId };
  const incident = await view.incident(id);
  if (incident === null) throw notFound(`incident ${id}`);
  return incident;
}

async function showIncident(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<IncidentDetail | undefined> {
  const incident = await requireIncident(context, request);
  const detail = toIncidentDetail(incident, await context.view.deliveries(incident.id));
  const tag = strongTag(detail);
  reply.header("etag", tag).header("cache-control", "no-cache");
  if (isNotModified(request.headers["if-none-match"], tag)) {
    await reply.code(304).send();
    return undefined;
  }
  return detail;
}

async function tellStory(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Explanation | string> {
  const incident = await requireIncident(context, request);
  const deliveries = await context.view.deliveries(incident.id);
  const now = context.clock.wallNow();
  const { incidentIdOf } = context;
  const explanation = explainIncident({ incident, deliveries, now, incidentIdOf });
  if (request.headers.accept?.startsWith("text/plain") === true) {
    reply.type("text/plain; charset=utf-8");
    return `${explanation.lines.join("\n")}\n`;
  }
  return explanation;
}

async function runAgain(context: RouteContext, request: FastifyRequest): Promise<ReplayDto> {
  const incident = await requireIncident(context, request);
  const replayed = replayIncident(incident, context.incidentIdOf);
  return toReplay(incident.id, replayed, context.clock.wallNow());
}

async function listDeliveries(
  { view, clock }: RouteContext,
  request: FastifyRequest,
): Promise<Omit<DeliveryPage, "items"> & { readonly items: readonly Partial<DeliveryDto>[] }> {
  const query = request.query as DeliveryQuery & PageQuery & { readonly incident?: IncidentId };
  const page = selectPage<DeliveryView>(await view.deliveries(query.incident ?? null), {
    limit: query.limit ?? PAGE_LIMIT_DEFAULT,
    cursor: query.cursor,
    order: "-createdAt",
    descending: true,
    key: (row) => row.createdAt,
    id: (row) => row.rowId,
    matches: deliveryPredicate(query),
  });
  return {
    items: pickFields(page.rows.map(toDelivery), query.fields),
    next: page.next,
    total: page.total,
    destinations: view.destinations(),
    asOf: isoTime(clock.wallNow()),
  };
}
