/** JSON Schemas of what the API takes. Every text and number has a bound; unknown names are refused. */
import { FAILURE_CLASSES } from "@herdbeat/shared/classes";
import { SHARD_COUNT } from "@herdbeat/shared/ids";
import Type, { type TSchema } from "typebox";
import { INCIDENT_SORTS } from "./incident-query.ts";
import { NODE_SORTS } from "./node-query.ts";
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "./page.ts";
import { STREAM_STATES } from "./stream-dto.ts";

const closed = { additionalProperties: false } as const;

/** `a,b,c` of the given words. */
function wordList(words: readonly string[], description: string): TSchema {
  const one = `(?:${words.join("|")})`;
  return Type.String({ pattern: `^${one}(?:,${one})*$`, maxLength: 1_000, description });
}

function sortOf(names: readonly string[]): TSchema {
  const description = "A field to sort by; a leading - turns the order around.";
  return Type.String({ enum: names.flatMap((name) => [name, `-${name}`]), description });
}

const text = (maxLength: number, description: string): TSchema =>
  Type.String({ maxLength, description });
const idText = (description: string): TSchema =>
  Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$", description });
const instant = (description: string): TSchema =>
  Type.String({ format: "date-time", maxLength: 40, description });

const paging = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT_MAX,
      default: PAGE_LIMIT_DEFAULT,
      description: "Rows per page.",
    }),
  ),
  cursor: Type.Optional(text(1_000, "`next` of the page before.")),
  fields: Type.Optional(text(1_000, "Only these fields of each row, separated by commas.")),
};

export const nodesQuery: TSchema = Type.Object(
  {
    ...paging,
    state: Type.Optional(wordList(STREAM_STATES, "One or more states, separated by commas.")),
    az: Type.Optional(text(1_000, "Label az, one or more values.")),
    rack: Type.Optional(text(1_000, "Label rack, one or more values.")),
    shard: Type.Optional(Type.Integer({ minimum: 0, maximum: SHARD_COUNT - 1 })),
    q: Type.Optional(text(200, "Text in id, host name, address or reason, in any case.")),
    sort: Type.Optional(sortOf(NODE_SORTS)),
  },
  {
    ...closed,
    patternProperties: { "^label\\.[A-Za-z0-9._/-]{1,63}$": { type: "string", maxLength: 1_000 } },
  },
);

export const qualityQuery: TSchema = Type.Object(
  { node: Type.Optional(idText("Figures of this node too.")) },
  closed,
);

export const newDrillBody: TSchema = Type.Object(
  { node: idText("The node that seems to die. It must live, with no open incident.") },
  closed,
);
export const drillParams: TSchema = Type.Object({ id: idText("The drill's id.") }, closed);

export const incidentsQuery: TSchema = Type.Object(
  {
    ...paging,
    phase: Type.Optional(
      wordList(["declared", "committed", "retracted", "cleared", "closed"], "One or more phases."),
    ),
    open: Type.Optional(Type.Boolean({ description: "Only open ones, or only ended ones." })),
    class: Type.Optional(wordList(FAILURE_CLASSES, "One or more failure classes.")),
    node: Type.Optional(text(253, "Node id or host name.")),
    since: Type.Optional(instant("Not ended before.")),
    until: Type.Optional(instant("Opened by then.")),
    q: Type.Optional(text(200, "Text in node, subject, reason or message, in any case.")),
    sort: Type.Optional(sortOf(INCIDENT_SORTS)),
  },
  closed,
);

export const deliveriesQuery: TSchema = Type.Object(
  {
    ...paging,
    incident: Type.Optional(idText("Only of this incident.")),
    node: Type.Optional(text(253, "Only of this node.")),
    destination: Type.Optional(text(128, "Only to this destination.")),
    kind: Type.Optional(Type.String({ enum: ["fact", "request"] })),
    state: Type.Optional(
      wordList(["waiting", "sending", "parked", "delivered", "superseded"], "One or more states."),
    ),
  },
  closed,
);

export const nodeParams: TSchema = Type.Object({ id: idText("Node id.") });
export const nodeQuery: TSchema = Type.Object(
  {
    history: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 200, default: 50, description: "Lines of history." }),
    ),
  },
  closed,
);
export const incidentParams: TSchema = Type.Object({ id: idText("Incident id.") });
export const actionParams: TSchema = Type.Object({
  id: idText("Incident id."),
  actionId: idText("Action id."),
});
export const auditQuery: TSchema = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: 100 })),
  },
  closed,
);
export const verboseQuery: TSchema = Type.Object(
  { verbose: Type.Optional(Type.String({ maxLength: 10 })) },
  closed,
);
export const noQuery: TSchema = Type.Object({}, closed);

const actionFields = {
  state: Type.Optional(
    Type.String({
      enum: ["pending", "running", "succeeded", "failed"],
      description: "Default: running.",
    }),
  ),
  progress: Type.Optional(
    Type.Unsafe<number | null>({ type: ["integer", "null"], minimum: 0, maximum: 100 }),
  ),
  message: Type.Optional(Type.String({ maxLength: 2_000 })),
};

export const newActionBody: TSchema = Type.Object(
  {
    kind: Type.String({
      pattern: "^[a-z][a-z0-9-]{0,63}$",
      description: "What is done: fence, evacuate, restart-guest, migrate, acknowledge, note ...",
    }),
    ...actionFields,
  },
  closed,
);
export const actionPatchBody: TSchema = Type.Object(actionFields, { ...closed, minProperties: 1 });
export const adoptBody: TSchema = Type.Object(
  {
    source: Type.String({
      enum: ["mirror", "as-is"],
      description: "From the owners' local mirrors, or the store as it is now.",
    }),
    shards: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: SHARD_COUNT - 1 }), {
        minItems: 1,
        maxItems: SHARD_COUNT,
        description:
          "Restore exactly these from this aggregator, because no other one has more of them " +
          "(`GET /api/v1/store/restorable` of each tells). Without it, all that are held.",
      }),
    ),
  },
  closed,
);
export const reasonBody: TSchema = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 256, description: "Why; everybody sees it." }) },
  closed,
);
export const lastEventQuery: TSchema = Type.Object(
  { lastEventId: Type.Optional(text(64, "Like the header Last-Event-ID.")) },
  closed,
);
