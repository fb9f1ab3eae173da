/**
 * What was done about an incident: reported by recovery controllers and by people. The write is made
 * by the aggregator that owns the incident's shard; any other hands the request on to it.
 */
import type { IncidentId, ShardId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncidentAction } from "../../core/incident.ts";
import { identityOf } from "./authentication.ts";
import type { RestorableDto } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import type { ActionDto, ActionPatch, NewAction, Page } from "./dto.ts";
import { checkIfMatch, isNotModified, strongTag } from "./etag.ts";
import { actionIdOf, readIdempotencyKey } from "./idempotency.ts";
import { isoTime } from "./iso-time.ts";
import { toAction } from "./map-incident.ts";
import { handOn, isForwarded, sendAnswer, settle } from "./owner-answer.ts";
import { notFound } from "./problem.ts";
import {
  actionParams,
  actionPatchBody,
  adoptBody,
  incidentParams,
  newActionBody,
  noQuery,
} from "./request-schemas.ts";
import { requireIncident } from "./routes-incidents.ts";

const ACTIONS_PATH = "/api/v1/incidents/:id/actions";
const WHAT = "such incident or action";
const ACTION_PATH = "/api/v1/incidents/:id/actions/:actionId";

export function registerActionRoutes(context: RouteContext): void {
  registerActionReads(context);
  const { app } = context;
  const common = { tag: "incidents", answers: "Action", query: noQuery } as const;
  const add = operation({
    ...common,
    id: "addAction",
    summary: "Report something that is done about an incident",
    scope: "operator",
    status: 201,
    description: "With an `Idempotency-Key` a repeat gives the first answer again.",
    params: incidentParams,
    body: newActionBody,
  });
  app.post(ACTIONS_PATH, add, (request, reply) => addAction(context, request, reply));
  const update = operation({
    ...common,
    id: "updateAction",
    summary: "Report progress or result of an action",
    scope: "operator",
    description: "With `If-Match` the change is made only if the action is still as it was read.",
    params: actionParams,
    body: actionPatchBody,
  });
  app.patch(ACTION_PATH, update, (request, reply) => updateAction(context, request, reply));
  const adopt = operation({
    id: "adoptStore",
    summary: "Release shards that are held after a loss of the store",
    tag: "cluster",
    scope: "admin",
    answers: "AdoptResult",
    query: noQuery,
    body: adoptBody,
  });
  app.post("/api/v1/store/adopt", adopt, (request, reply) => adoptStore(context, request, reply));
  const restorable = operation({
    id: "listRestorable",
    summary: "Held shards that this aggregator could restore from its own memory or disk",
    tag: "cluster",
    scope: "viewer",
    answers: "RestorablePage",
    query: noQuery,
  });
  app.get("/api/v1/store/restorable", restorable, async (): Promise<Page<RestorableDto>> => {
    const items = context.commands.restorable();
    return { items, next: null, total: items.length, asOf: isoTime(context.clock.wallNow()) };
  });
}

function registerActionReads(context: RouteContext): void {
  const { app } = context;
  const common = { tag: "incidents", scope: "viewer", query: noQuery } as const;
  const list = operation({
    ...common,
    id: "listActions",
    summary: "What was done about an incident",
    answers: "ActionPage",
    params: incidentParams,
  });
  app.get(ACTIONS_PATH, list, (request) => listActions(context, request));
  const show = operation({
    ...common,
    id: "getAction",
    summary: "One action",
    answers: "Action",
    params: actionParams,
  });
  app.get(ACTION_PATH, show, (request, reply) => showAction(context, request, reply));
}

async function listActions(
  context: RouteContext,
  request: FastifyRequest,
): Promise<Page<ActionDto>> {
  const { actions } = await requireIncident(context, request);
  const items = actions.map(toAction);
  return { items, next: null, total: items.length, asOf: isoTime(context.clock.wallNow()) };
}

async function showAction(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ActionDto | undefined> {
  const action = toAction(await requireAction(context, request));
  const tag = strongTag(action);
  reply.header("etag", tag).header("cache-control", "no-cache");
  if (isNotModified(request.headers["if-none-match"], tag)) {
    await reply.code(304).send();
    return undefined;
  }
  return action;
}

async function requireAction(
  context: RouteContext,
  request: FastifyRequest,
): Promise<IncidentAction> {
  const { actionId } = request.params as { readonly actionId: string };
  const { actions } = await requireIncident(context, request);
  const action = actions.find((each) => each.id === actionId);
  if (action === undefined) throw notFound(`action ${actionId} of this incident`);
  return action;
}

async function addAction(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { id } = request.params as { readonly id: IncidentId };
  const body = request.body as NewAction;
  const by = identityOf(request).principal.name;
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  const scope = `${by}\n${id}`;
  const answer = await context.idempotency.once({ key, scope, body }, async () => {
    const outcome = await context.commands.addAction(id, {
      kind: body.kind,
      state: body.state ?? "running",
      progress: body.progress ?? null,
      message: body.message ?? "",
      by,
      ...(key === null ? {} : { id: actionIdOf(scope, key) }),
    });
    return settle(request, outcome, WHAT, (action) => ({
      status: 201,
      body: toAction(action),
      headers: {
        etag: strongTag(toAction(action)),
        location: `/api/v1/incidents/${id}/actions/${action.id}`,
      },
    }));
  });
  return sendAnswer(reply, answer);
}

async function updateAction(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { id, actionId } = request.params as { readonly id: IncidentId; readonly actionId: string };
  const patch = request.body as ActionPatch;
  // All writes of a shard pass through its owner, so holding the lock here keeps If-Match true.
  const answer = await context.locks.run(id, async () => {
    const owner = await checkCurrent(context, request);
    if (owner !== null) return handOn(request, owner);
    const outcome = await context.commands.updateAction(id, actionId, patch);
    return settle(request, outcome, WHAT, (action) => ({
      status: 200,
      body: toAction(action),
      headers: { etag: strongTag(toAction(action)) },
    }));
  });
  return sendAnswer(reply, answer);
}

/**
 * Refuses the write when the action is not as the caller read it. Only the owner knows for sure:
 * when our copy says no and another aggregator owns it, that one's endpoint is given instead.
 */
async function checkCurrent(
  context: RouteContext,
  request: FastifyRequest,
): Promise<string | null> {
  try {
    const current = toAction(await requireAction(context, request));
    checkIfMatch(request.headers["if-match"], strongTag(current));
    return null;
  } catch (error) {
    const owner = isForwarded(request) ? null : await otherOwner(context, request);
    if (owner === null) throw error;
    return owner;
  }
}

async function otherOwner(context: RouteContext, request: FastifyRequest): Promise<string | null> {
  const { shard } = await requireIncident(context, request);
  const found = (await context.cache.shards()).find((each) => each.shard === shard);
  if (found?.status !== "owned-elsewhere") return null;
  const owner = context.view
    .aggregators()
    .find((each) => each.record.id === found.owner?.aggregator);
  return owner === undefined || owner.self ? null : owner.record.httpEndpoint;
}

async function adoptStore(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { source, shards } = request.body as {
    readonly source: "mirror" | "as-is";
    readonly shards?: readonly ShardId[];
  };
  const by = identityOf(request).principal.name;
  context.logger.warn("store adoption asked for", { by, source });
  const key = readIdempotencyKey(request.headers["idempotency-key"]);
  const once = { key, scope: `${by}\nadopt`, body: request.body };
  const answer = await context.idempotency.once(once, async () => {
    const outcome = await context.commands.adoptStore(by, source, shards ?? null);
    return settle(request, outcome, WHAT, (value) => ({ status: 200, body: value, headers: {} }));
  });
  return sendAnswer(reply, answer);
}
