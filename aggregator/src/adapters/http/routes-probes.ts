/** Health, metrics and version. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Readiness } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import { isoTime } from "./iso-time.ts";
import { toSelf, toStore } from "./map-cluster.ts";
import { noQuery, verboseQuery } from "./request-schemas.ts";

export function registerProbeRoutes(context: RouteContext, metricsArePublic: boolean): void {
  registerHealth(context);
  const { app, metrics, version } = context;
  const versionOperation = operation({
    id: "getVersion",
    summary: "Version of this aggregator",
    tag: "probes",
    scope: "public",
    answers: "Version",
    query: noQuery,
  });
  app.get("/version", versionOperation, async () => ({ name: "herdbeat", version, api: "v1" }));
  const scope = metricsArePublic ? ("public" as const) : ("viewer" as const);
  const hidden = { schema: { hide: true }, config: { scope } };
  app.get("/metrics", hidden, async (_request, reply: FastifyReply) => {
    const { contentType, text } = await metrics.render();
    return reply.type(contentType).send(text);
  });
}

function registerHealth({ app, view, clock, version }: RouteContext): void {
  const open = { schema: { hide: true }, config: { scope: "public" as const } };
  // That this line runs at all is the answer: the event loop turns.
  const alive = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    plain(reply, 200, "alive");
  app.get("/livez", open, alive);
  app.get("/healthz", open, alive);

  const readiness = operation({
    id: "getReadiness",
    summary: "Whether this aggregator can judge; with `verbose` also why not",
    tag: "probes",
    scope: "public",
    answers: "Readiness",
    description: "Without `verbose` the answer is one line of text and needs no token.",
    query: verboseQuery,
  });
  // Why something is not ready tells about the inside, so only the terse form is public.
  const scopeOf = (request: FastifyRequest) => (isVerbose(request) ? "viewer" : "public");
  const options = { ...readiness, config: { scope: scopeOf } };
  app.get("/readyz", options, async (request, reply: FastifyReply): Promise<unknown> => {
    const { ready } = view.selfStatus();
    const status = ready ? 200 : 503;
    if (!isVerbose(request)) return plain(reply, status, ready ? "ready" : "not ready");
    const body: Readiness = {
      self: toSelf(view, version),
      store: toStore(view.store()),
      asOf: isoTime(clock.wallNow()),
    };
    return reply.code(status).send(body);
  });
}

function isVerbose(request: FastifyRequest): boolean {
  return (request.query as { readonly verbose?: string }).verbose !== undefined;
}

function plain(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type("text/plain; charset=utf-8").send(`${text}\n`);
}
