/** What is kept of a drill: who let which node seem to die, and how long it took to be told. */
import type { AggregatorId, IncidentId, NodeId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import { type Check, count, nullable, oneOf, shape, text } from "./record-shapes.ts";

/** A month of daily drills of six canaries. */
export const DRILLS_KEPT_MAX = 200;

/** `lost`: whoever played it is gone; seen from outside only. */
export type DrillOutcome = "running" | "measured" | "ended" | "lost";

export interface DrillRecord {
  readonly id: string;
  readonly node: NodeId;
  readonly hostname: string;
  readonly by: string;
  readonly aggregator: AggregatorId;
  readonly startedAt: UnixMs;
  readonly outcome: DrillOutcome;
  /** Why it is as it is, for people. */
  readonly because: string;
  readonly incident: IncidentId | null;
  /** T_D: from the instant on which nothing was believed to the declaration, on the listening clock. */
  readonly declaredMs: number | null;
  /** Until the declaration was in the store. */
  readonly durableMs: number | null;
  /** Until the first receiver had accepted it; null: none has, or there is none. */
  readonly deliveredMs: number | null;
  readonly endedAt: UnixMs | null;
}

export const drillRecordCheck: Check<DrillRecord> = shape<DrillRecord>({
  id: text(),
  node: text(),
  hostname: text(),
  by: text(),
  aggregator: text(),
  startedAt: count(),
  outcome: oneOf({ running: true, measured: true, ended: true, lost: true }),
  because: text(),
  incident: nullable(text()),
  declaredMs: nullable(count()),
  durableMs: nullable(count()),
  deliveredMs: nullable(count()),
  endedAt: nullable(count()),
});
