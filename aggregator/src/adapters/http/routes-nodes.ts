/** `/api/v1/nodes`. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { NodeStateName } from "../../core/node-record.ts";
import type { NodeView } from "../../ports/fleet-view.ts";
import { operation, type RouteContext } from "./context.ts";
import type { NodeDetail, NodePage, NodeRow } from "./dto.ts";
import { isNotModified, weakTag } from "./etag.ts";
import { isoTime } from "./iso-time.ts";
import { toNodeDetail, toNodeRow } from "./map-node.ts";
import { type NodeQuery, nodeKey, nodePredicate } from "./node-query.ts";
import { PAGE_LIMIT_DEFAULT, parseSort, pickFields, selectPage } from "./page.ts";
import { notFound } from "./problem.ts";
import { nodeParams, nodeQuery, nodesQuery } from "./request-schemas.ts";

/** As validated: the schema filled in the defaults. */
export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly fields?: string;
  readonly sort?: string;
}

export function registerNodeRoutes(context: RouteContext): void {
  const list = operation({
    id: "listNodes",
    summary: "Nodes, filtered, sorted and in pages",
    tag: "nodes",
    scope: "viewer",
    answers: "NodePage",
    description: "Any label filters as `label.KEY=value`, several values separated by commas.",
    query: nodesQuery,
  });
  context.app.get("/api/v1/nodes", list, (request) => listNodes(context, request));
  const show = operation({
    id: "getNode",
    summary: "One node with its conditions, incidents, probe facts and history",
    tag: "nodes",
    scope: "viewer",
    answers: "NodeDetail",
    params: nodeParams,
    query: nodeQuery,
  });
  context.app.get("/api/v1/nodes/:id", show, (request, reply) => showNode(context, request, reply));
}

async function listNodes(
  { cache, clock }: RouteContext,
  request: FastifyRequest,
): Promise<Omit<NodePage, "items"> & { readonly items: readonly Partial<NodeRow>[] }> {
  // Both shapes are what nodesQuery admits.
  const query = request.query as NodeQuery & PageQuery;
  const order = query.sort ?? "id";
  const { name, descending } = parseSort(order);
  const counts: Partial<Record<NodeStateName, number>> = {};
  const page = selectPage<NodeView>(
    await cache.nodes(),
    {
      limit: query.limit ?? PAGE_LIMIT_DEFAULT,
      cursor: query.cursor,
      order,
      descending,
      key: nodeKey(name),
      id: (row) => row.record.id,
      matches: nodePredicate(query),
    },
    ({ record }) => {
      counts[record.state] = (counts[record.state] ?? 0) + 1;
    },
  );
  return {
    items: pickFields(page.rows.map(toNodeRow), query.fields),
    next: page.next,
    total: page.total,
    counts,
    asOf: isoTime(clock.wallNow()),
  };
}

async function showNode(
  { view, cache, incidentIdOf }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<NodeDetail | undefined> {
  const { id } = request.params as { readonly id: NodeId };
  const { history } = request.query as { readonly history: number };
  const node = await view.node(id);
  if (node === null) throw notFound(`node ${id}`);
  const lines = history === 0 ? [] : await view.nodeHistory(id, history);
  const detail = toNodeDetail(node, await cache.incidents(), lines, incidentIdOf);
  const tag = weakTag(withoutAges(detail));
  reply.header("etag", tag).header("cache-control", "no-cache");
  if (isNotModified(request.headers["if-none-match"], tag)) {
    await reply.code(304).send();
    return undefined;
  }
  return detail;
}

/** What changes with every heartbeat although nothing happened. */
function withoutAges(detail: NodeDetail): Partial<NodeDetail> {
  const { asOf, lastHeartbeatAgeMs, lastSeenAt, ownLagMs, kernelProbe, ...rest } = detail;
  return rest;
}
