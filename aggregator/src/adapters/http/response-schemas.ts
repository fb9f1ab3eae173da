/** JSON Schemas of what the API answers, for /openapi.json; the DTO files say the same in TypeScript. */
import Type, { type TProperties, type TSchema } from "typebox";

const text: TSchema = Type.String();
const count: TSchema = Type.Integer({ minimum: 0 });
const flag: TSchema = Type.Boolean();
const instant: TSchema = Type.String({ format: "date-time" });
const words: TSchema = Type.Array(text);
const labels: TSchema = Type.Unsafe<unknown>({
  type: "object",
  additionalProperties: { type: "string" },
});
const anything: TSchema = Type.Unsafe<unknown>({});
const or = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const oneOf = (...values: string[]): TSchema => Type.String({ enum: values });

/** A schema of the document's components. */
function component(id: string, properties: TProperties): TSchema {
  return Type.Object(properties, { $id: id, additionalProperties: false });
}

export function ref(id: string): TSchema {
  return Type.Unsafe<unknown>({ $ref: `${id}#` });
}

const nodeFields: TProperties = {
  id: text,
  hostname: text,
  address: text,
  state: text,
  stateSince: instant,
  stateReason: text,
  labels,
  shard: count,
  owner: or(text),
  live: flag,
  connected: or(flag),
  lastHeartbeatAgeMs: or(Type.Integer()),
  lastSeenAt: instant,
  agentVersion: text,
  problems: count,
  openIncidents: words,
  shadow: flag,
  retired: flag,
  asOf: instant,
};

const condition: TSchema = component("Condition", {
  monitor: text,
  subject: text,
  status: oneOf("ok", "problem", "unknown"),
  class: text,
  reason: text,
  message: text,
  since: instant,
  transition: count,
  attributes: labels,
  why: text,
  incident: or(text),
});

const history: TSchema = component("History", {
  at: instant,
  kind: oneOf("state", "incident", "delivery", "action"),
  detail: anything,
});

const nodeDetail: TSchema = component("NodeDetail", {
  ...nodeFields,
  networks: Type.Array(Type.Object({ role: text, interface: text, addresses: words })),
  bootId: text,
  hardwareId: text,
  processId: text,
  incarnation: count,
  sessionEpoch: count,
  acknowledgedTransition: count,
  heartbeatIntervalMs: count,
  registeredAt: instant,
  ownLagMs: or(Type.Integer()),
  kernelProbe: Type.Object({ lastAnswerAgeMs: or(Type.Integer()), lastOutcome: text }),
  fencing: Type.Object({
    possible: or(flag),
    devices: Type.Array(
      Type.Object({
        device: text,
        state: oneOf("tested", "failed", "untested"),
        power: or(oneOf("on", "off")),
        detail: text,
        testedAt: or(instant),
      }),
    ),
  }),
  conditions: Type.Array(ref("Condition")),
  refusal: or(Type.Object({ at: instant, because: text, replay: ref("ReplayedDecision") })),
  incidents: Type.Array(ref("IncidentRow")),
  history: Type.Array(ref("History")),
  inventory: anything,
});

const incidentFields: TProperties = {
  id: text,
  node: text,
  hostname: text,
  shard: count,
  phase: oneOf("declared", "committed", "retracted", "cleared", "closed"),
  open: flag,
  class: text,
  family: text,
  origin: text,
  subject: text,
  subjectName: text,
  grade: count,
  gradeName: text,
  reason: text,
  message: text,
  hold: or(Type.Object({ reason: text, since: instant, releasedBy: text })),
  announced: flag,
  shadow: flag,
  drill: or(text),
  openedAt: instant,
  endedAt: or(instant),
  requestedAction: text,
  labels,
  transition: count,
};

const evidence: TSchema = component("Evidence", {
  kind: text,
  source: text,
  outcome: text,
  ageMs: Type.Integer(),
  at: instant,
  detail: text,
});

const rule: TSchema = component("Rule", {
  name: text,
  thresholdsMs: Type.Unsafe<unknown>({ type: "object", additionalProperties: { type: "number" } }),
  because: text,
});

const transition: TSchema = component("Transition", {
  number: count,
  kind: text,
  at: instant,
  class: text,
  grade: count,
  gradeName: text,
  message: text,
  evidence: Type.Array(ref("Evidence")),
  rule: ref("Rule"),
});

const action: TSchema = component("Action", {
  id: text,
  kind: text,
  state: oneOf("pending", "running", "succeeded", "failed"),
  progress: or(count),
  message: text,
  by: text,
  createdAt: instant,
  updatedAt: instant,
});

const delivery: TSchema = component("Delivery", {
  id: text,
  webhookId: text,
  destination: text,
  incident: text,
  transition: count,
  node: text,
  kind: oneOf("fact", "request"),
  state: oneOf("waiting", "sending", "parked", "delivered", "superseded"),
  createdAt: instant,
  attempts: count,
  lastAttemptAt: or(instant),
  nextAttemptAt: or(instant),
  settledAt: or(instant),
  claimedBy: text,
  lastStatus: or(Type.Integer()),
  lastError: text,
});

const incidentRow: TSchema = component("IncidentRow", {
  ...incidentFields,
  actions: Type.Object({ pending: count, running: count, succeeded: count, failed: count }),
});

const incidentDetail: TSchema = component("IncidentDetail", {
  ...incidentFields,
  bootId: text,
  onset: count,
  evidence: Type.Array(ref("Evidence")),
  rule: or(ref("Rule")),
  timeline: Type.Array(ref("Transition")),
  deliveries: Type.Array(ref("Delivery")),
  actions: Type.Array(ref("Action")),
  attributes: labels,
  replayable: flag,
});

/** With `fields` a row has only some of its members: none is required in a list. */
const partial = (id: string, properties: TProperties): TSchema =>
  Type.Partial(Type.Object(properties, { additionalProperties: false }), { $id: id });

const page = (id: string, item: string, more: TProperties = {}): TSchema =>
  component(id, {
    items: Type.Array(ref(item)),
    next: or(text),
    total: count,
    asOf: instant,
    ...more,
  });

const explanation: TSchema = component("Explanation", {
  incident: text,
  asOf: instant,
  summary: words,
  story: Type.Array(
    Type.Object({
      at: instant,
      kind: oneOf("heard", "asked", "held-back", "decided", "told", "not-told", "done"),
      text,
    }),
  ),
  evidence: Type.Array(ref("Evidence")),
  rule: or(ref("Rule")),
  wouldHaveChanged: words,
  holds: words,
  wouldEnd: words,
  replay: oneOf("agrees", "differs", "incomplete"),
  lines: words,
});

const replayedDecision: TSchema = component("ReplayedDecision", {
  what: text,
  core: text,
  at: or(instant),
  transitions: Type.Array(count),
  result: oneOf("agrees", "differs", "not-run"),
  differences: words,
  why: text,
});

const replay: TSchema = component("Replay", {
  incident: text,
  asOf: instant,
  verdict: oneOf("agrees", "differs", "incomplete"),
  decisions: Type.Array(ref("ReplayedDecision")),
  notKept: Type.Array(count),
});

export const API_COMPONENTS: readonly TSchema[] = [
  condition,
  history,
  partial("NodeRow", nodeFields),
  nodeDetail,
  evidence,
  rule,
  transition,
  action,
  delivery,
  incidentRow,
  incidentDetail,
  explanation,
  replayedDecision,
  replay,
  page("NodePage", "NodeRow", {
    counts: Type.Unsafe<unknown>({ type: "object", additionalProperties: { type: "integer" } }),
  }),
  page("IncidentPage", "IncidentRow"),
  page("DeliveryPage", "Delivery", { destinations: words }),
  page("ActionPage", "Action"),
];
