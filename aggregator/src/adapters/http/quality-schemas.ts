/** JSON Schemas of the detector's quality of service, for /openapi.json. */
import Type, { type TProperties, type TSchema } from "typebox";
import { ref } from "./response-schemas.ts";

const text: TSchema = Type.String();
const count: TSchema = Type.Integer({ minimum: 0 });
const instant: TSchema = Type.String({ format: "date-time" });
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const number = (description: string): TSchema => Type.Number({ minimum: 0, description });
const bound: TSchema = orNull(Type.Number({ minimum: 0 }));
const estimate = (description: string): TSchema =>
  Type.Object(
    { value: bound, low: bound, high: bound },
    { additionalProperties: false, description },
  );

function component(id: string, properties: TProperties): TSchema {
  return Type.Object(properties, { $id: id, additionalProperties: false });
}

const figures: TProperties = {
  since: instant,
  observedNodeHours: number("Time that living nodes were under observation."),
  suspicion: ref("QualityMistakes"),
  declaration: ref("QualityMistakes"),
  deaths: ref("DetectionTimes"),
};

const predicted: TSchema = Type.Object(
  {
    fromMs: number("A death just before its next heartbeat."),
    toMs: number("A death just after a heartbeat, with the jitter seen here."),
  },
  { additionalProperties: false },
);

export const QUALITY_COMPONENTS: readonly TSchema[] = [
  component("QualityMistakes", {
    mistakes: count,
    perNodeHour: estimate("Mistake rate: per node and hour; exact Poisson bounds."),
    meanMs: estimate("Mean duration of a mistake; exact bounds of an exponential mean."),
    maxMs: bound,
    accuracy: estimate(
      "Query accuracy probability, as if each node were asked once a minute; Wilson bounds.",
    ),
  }),
  component("DetectionTimes", {
    count,
    samples: count,
    medianMs: estimate("Bounds by order statistics."),
    p99Ms: estimate("Bounds by order statistics; no upper one from few samples."),
    maxMs: bound,
  }),
  component("QualityFigures", { ...figures }),
  component("ShardQuality", { shard: count, ...figures }),
  component("NodeQuality", { id: text, ...figures }),
  component("Quality", {
    confidence: Type.Number({ minimum: 0, maximum: 1 }),
    prediction: Type.Object(
      {
        jitterMs: bound,
        witnessed: predicted,
        alone: predicted,
      },
      { additionalProperties: false },
    ),
    drills: Type.Object(
      { declared: ref("DetectionTimes"), delivered: ref("DetectionTimes") },
      { additionalProperties: false },
    ),
    fleet: ref("QualityFigures"),
    shards: Type.Array(ref("ShardQuality")),
    node: orNull(ref("NodeQuality")),
    countedBy: Type.Array(text),
    isComplete: Type.Boolean(),
    asOf: instant,
  }),
  component("Drill", {
    id: text,
    node: text,
    hostname: text,
    by: text,
    aggregator: text,
    startedAt: instant,
    outcome: Type.String({ enum: ["running", "measured", "ended", "lost"] }),
    because: text,
    incident: orNull(text),
    declaredMs: bound,
    durableMs: bound,
    deliveredMs: bound,
    endedAt: orNull(instant),
  }),
  component("DrillPage", {
    items: Type.Array(ref("Drill")),
    next: orNull(text),
    total: count,
    asOf: instant,
  }),
];
