/** `/api/v1/disarm`: the switch that stops all requests for recovery. */
import type { FastifyRequest } from "fastify";
import { identityOf } from "./authentication.ts";
import type { DisarmDto } from "./cluster-dto.ts";
import { operation, type RouteContext } from "./context.ts";
import { isoTime } from "./iso-time.ts";
import { noQuery, reasonBody } from "./request-schemas.ts";

const PATH = "/api/v1/disarm";

export function registerDisarmRoutes(context: RouteContext): void {
  const { app, commands } = context;
  const common = { tag: "cluster", answers: "Disarm", query: noQuery } as const;
  const current = (): DisarmDto => {
    const disarm = commands.disarm();
    return disarm === null
      ? { disarmed: false, by: null, reason: null, since: null }
      : { disarmed: true, by: disarm.by, reason: disarm.reason, since: isoTime(disarm.since) };
  };
  const show = operation({
    ...common,
    id: "getDisarm",
    summary: "Whether requests for recovery are stopped",
    scope: "viewer",
  });
  app.get(PATH, show, async () => current());
  const disarm = operation({
    ...common,
    id: "disarm",
    summary: "Stop all requests for recovery, on every aggregator",
    scope: "operator",
    description: "Effective within a second. Failures are declared and told as before.",
    body: reasonBody,
  });
  app.put(PATH, disarm, async (request: FastifyRequest) => {
    const { reason } = request.body as { readonly reason: string };
    await commands.setDisarm(identityOf(request).principal.name, reason);
    return current();
  });
  const arm = operation({
    ...common,
    id: "arm",
    summary: "Let requests for recovery go on",
    scope: "operator",
    description: "What waited is checked again and sent if it is still true.",
  });
  app.delete(PATH, arm, async (request: FastifyRequest) => {
    await commands.setDisarm(identityOf(request).principal.name, null);
    return current();
  });
}
