/** What every group of routes is given. */
import type { Logger } from "@herdbeat/shared/logger";
import type { Clock } from "@herdbeat/shared/time";
import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import type { IncidentIdOf } from "../../core/replay.ts";
import type { FleetCommands, FleetView } from "../../ports/fleet-view.ts";
import type { FleetCache } from "./fleet-cache.ts";
import type { Idempotency } from "./idempotency.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { ref } from "./response-schemas.ts";
import type { Sessions } from "./sessions.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { Scope } from "./tokens.ts";

export interface RouteContext {
  readonly app: FastifyInstance;
  readonly view: FleetView;
  readonly commands: FleetCommands;
  readonly cache: FleetCache;
  readonly sessions: Sessions;
  readonly hub: StreamHub;
  readonly idempotency: Idempotency;
  readonly locks: KeyedLock;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** As the core was given it, to replay what it decided. */
  readonly incidentIdOf: IncidentIdOf;
  readonly version: string;
  /** True when the server itself speaks TLS: cookies are then marked Secure. */
  readonly secure: boolean;
}

export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly scope: Scope | "public";
  /** Name of the component that a success answers. */
  readonly answers: string | null;
  readonly status?: number;
  readonly description?: string;
  readonly query?: TSchema;
  readonly params?: TSchema;
  readonly body?: TSchema;
}

/** Route options from one statement of the operation: validation, scope and documentation agree. */
export function operation(op: Operation): {
  readonly schema: Record<string, unknown>;
  readonly config: { scope: Scope | "public" };
} {
  const problem = { description: "Problem", ...jsonContent("application/problem+json", "Problem") };
  const success =
    op.answers === null
      ? { description: "Done" }
      : { description: op.summary, ...jsonContent("application/json", op.answers) };
  const schema: Record<string, unknown> = {
    operationId: op.id,
    summary: op.summary,
    tags: [op.tag],
    response: { [op.status ?? 200]: success, default: problem },
    security: op.scope === "public" ? [] : [{ token: [] }, { session: [] }],
  };
  if (op.description !== undefined) schema["description"] = op.description;
  if (op.query !== undefined) schema["querystring"] = op.query;
  if (op.params !== undefined) schema["params"] = op.params;
  if (op.body !== undefined) schema["body"] = op.body;
  return { schema, config: { scope: op.scope } };
}

function jsonContent(type: string, component: string): Record<string, unknown> {
  return { content: { [type]: { schema: ref(component) } } };
}
