/** `/api/v1/quality`: how soon deaths are declared, and how often the living are suspected. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { QualityFigures } from "../../core/quality.ts";
import { CONFIDENCE } from "../../core/statistics.ts";
import { operation, type RouteContext } from "./context.ts";
import { isoTime } from "./iso-time.ts";
import { handOn, sendAnswer } from "./owner-answer.ts";
import { ApiError, notFound } from "./problem.ts";
import type { QualityDto, QualityFiguresDto } from "./quality-dto.ts";
import { qualityQuery } from "./request-schemas.ts";

export function registerQualityRoutes(context: RouteContext): void {
  const show = operation({
    id: "getQuality",
    summary: "Quality of service of the failure detector",
    tag: "cluster",
    scope: "viewer",
    answers: "Quality",
    description:
      "Of the fleet and of each shard over one to two weeks; with `node`, of that node since its owner began to look after it. Every figure has bounds at 95 % confidence.",
    query: qualityQuery,
  });
  context.app.get("/api/v1/quality", show, (request, reply) =>
    showQuality(context, request, reply),
  );
}

async function showQuality(
  { view, cache, clock }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { node } = request.query as { readonly node?: NodeId };
  let ofNode: QualityDto["node"] = null;
  if (node !== undefined) {
    const outcome = view.nodeQuality(node);
    switch (outcome.kind) {
      case "done":
        ofNode = { id: node, ...toFigures(outcome.value) };
        break;
      case "not-found":
        throw notFound(`node ${node}`);
      case "refused":
        throw new ApiError(503, "HB_API_UNREACHABLE", outcome.why, { retryAfter: 1 });
      case "elsewhere":
        return sendAnswer(reply, await handOn(request, outcome.httpEndpoint));
    }
  }
  const quality = await cache.quality();
  const answer: QualityDto = {
    confidence: CONFIDENCE,
    prediction: quality.prediction,
    drills: quality.drills,
    fleet: toFigures(quality.fleet),
    shards: quality.shards.map(({ shard, figures }) => ({ shard, ...toFigures(figures) })),
    node: ofNode,
    countedBy: quality.countedBy,
    isComplete: quality.isComplete,
    asOf: isoTime(clock.wallNow()),
  };
  return answer;
}

function toFigures(figures: QualityFigures): QualityFiguresDto {
  return {
    since: isoTime(figures.since),
    observedNodeHours: figures.observedHours,
    suspicion: figures.suspicion,
    declaration: figures.declaration,
    deaths: figures.deaths,
  };
}
