/** `/api/v1/shards`, `/aggregators`, `/notices`, `/audit`: small lists, given whole. */
import type { FastifyRequest } from "fastify";
import type { AggregatorDto, AuditDto, NoticeDto, ShardDto } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import type { Page } from "./dto.ts";
import { isoTime } from "./iso-time.ts";
import { toAggregator, toAudit, toNotice, toShard } from "./map-cluster.ts";
import { auditQuery, noQuery } from "./request-schemas.ts";

export function registerClusterRoutes(context: RouteContext): void {
  const { app, view, cache } = context;
  const whole = <T>(items: readonly T[]): Page<T> => ({
    items,
    next: null,
    total: items.length,
    asOf: isoTime(context.clock.wallNow()),
  });
  const read = (id: string, summary: string, answers: string) =>
    operation({ id, summary, answers, tag: "cluster", scope: "viewer", query: noQuery });

  const shards = read("listShards", "Shards with owner, token, generation and load", "ShardPage");
  app.get(
    "/api/v1/shards",
    shards,
    async (): Promise<Page<ShardDto>> => whole((await cache.shards()).map(toShard)),
  );
  const aggregators = read("listAggregators", "Aggregators of the cluster", "AggregatorPage");
  app.get(
    "/api/v1/aggregators",
    aggregators,
    async (): Promise<Page<AggregatorDto>> => whole(view.aggregators().map(toAggregator)),
  );
  const notices = read("listNotices", "What stands between the cluster and its duty", "NoticePage");
  app.get(
    "/api/v1/notices",
    notices,
    async (): Promise<Page<NoticeDto>> => whole(view.notices().map(toNotice)),
  );
  const audit = operation({
    id: "listAudit",
    summary: "Who changed what, newest first",
    tag: "cluster",
    scope: "operator",
    answers: "AuditPage",
    query: auditQuery,
  });
  app.get("/api/v1/audit", audit, async (request: FastifyRequest): Promise<Page<AuditDto>> => {
    const { limit } = request.query as { readonly limit: number };
    return whole((await view.audit(limit)).map(toAudit));
  });
}
