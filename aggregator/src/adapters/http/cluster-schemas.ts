/** JSON Schemas of shards, aggregators, sessions, probes and problems, for /openapi.json. */
import { ERROR_CODES } from "@herdbeat/shared/errors";
import Type, { type TProperties, type TSchema } from "typebox";
import { ref } from "./response-schemas.ts";

const text: TSchema = Type.String();
const count: TSchema = Type.Integer({ minimum: 0 });
const flag: TSchema = Type.Boolean();
const instant: TSchema = Type.String({ format: "date-time" });
const words: TSchema = Type.Array(text);
const or = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);

function component(id: string, properties: TProperties): TSchema {
  return Type.Object(properties, { $id: id, additionalProperties: false });
}

const list = (id: string, item: string): TSchema =>
  component(id, { items: Type.Array(ref(item)), next: or(text), total: count, asOf: instant });

export const CLUSTER_COMPONENTS: readonly TSchema[] = [
  component("Shard", {
    shard: count,
    status: Type.String({ enum: ["owned-here", "owned-elsewhere", "unowned", "held"] }),
    owner: or(text),
    token: or(count),
    generation: or(Type.Object({ id: text, version: count })),
    heldBecause: text,
    nodes: count,
    openIncidents: count,
    outbox: count,
  }),
  component("Aggregator", {
    id: text,
    self: flag,
    lastChangeAgeMs: Type.Integer(),
    shards: count,
    meshConnected: or(flag),
    streamEndpoint: text,
    httpEndpoint: text,
    startedAt: instant,
    version: text,
    weight: Type.Number(),
    draining: flag,
  }),
  component("Notice", { kind: text, since: instant, message: text, nodes: words }),
  component("Audit", { at: instant, who: text, what: text, detail: Type.Unsafe<unknown>({}) }),
  list("ShardPage", "Shard"),
  list("AggregatorPage", "Aggregator"),
  list("NoticePage", "Notice"),
  list("AuditPage", "Audit"),
  component("Store", {
    state: Type.String({ enum: ["up", "down"] }),
    since: instant,
    detail: text,
    description: text,
  }),
  component("Self", {
    aggregator: text,
    cluster: text,
    version: text,
    startedAt: instant,
    ready: flag,
    notReadyBecause: words,
    connections: count,
    loopLagMsMax: count,
    stallDiscountedMs: count,
    ownedShards: count,
  }),
  component("Readiness", { self: ref("Self"), store: ref("Store"), asOf: instant }),
  component("Session", {
    name: text,
    scope: Type.String({ enum: ["viewer", "operator", "admin"] }),
    expiresAt: or(instant),
  }),
  component("Restorable", {
    shard: count,
    from: Type.String({ enum: ["memory", "mirror"] }),
    generation: Type.Object({ id: text, version: count }),
    nodes: count,
  }),
  list("RestorablePage", "Restorable"),
  component("Hold", {
    incident: text,
    node: text,
    hostname: text,
    class: text,
    grade: count,
    reason: or(text),
    since: or(instant),
    releasedBy: or(text),
    review: or(
      Type.Object({
        word: Type.String({ enum: ["approve", "deny"] }),
        by: text,
        reason: text,
        at: instant,
      }),
    ),
  }),
  list("HoldPage", "Hold"),
  component("Disarm", { disarmed: flag, by: or(text), reason: or(text), since: or(instant) }),
  component("AdoptResult", { shards: count, nodes: count, incidents: count }),
  component("Version", { name: text, version: text, api: text }),
  component("Problem", {
    type: text,
    title: text,
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ enum: [...ERROR_CODES] }),
    detail: text,
    instance: text,
    requestId: text,
    errors: Type.Optional(Type.Array(Type.Object({ pointer: text, detail: text }))),
  }),
];
