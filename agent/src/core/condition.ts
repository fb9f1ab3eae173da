import type { FailureClass } from "@herdbeat/shared/classes";
import type { MonitorName } from "@herdbeat/shared/ids";
import type { MonotonicMs } from "@herdbeat/shared/time";

/** `unknown` means that the monitor could not tell. It is never health. */
export type ConditionStatus = "ok" | "problem" | "unknown";

/** What one probe learned of one subject. */
export interface Finding {
  /** What of the monitor's field, e.g. `eth0` or a guest's UUID; empty when there is only one. */
  readonly subject: string;
  readonly status: ConditionStatus;
  /** The class a problem of this subject belongs to (given also when `ok`). */
  readonly failureClass: FailureClass;
  /** Short CamelCase token, stable: policies and tests match it. */
  readonly reason: string;
  /** For people: what was seen, with numbers. At most 1,024 characters. */
  readonly message: string;
  /** Further facts (guest name, project, flavor, pid ...). At most 16 of up to 64 and 256 characters. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What a monitor holds to be true of one subject, after hysteresis. */
export interface Condition extends Finding {
  readonly monitor: MonitorName;
  /** When the status became what it is. */
  readonly since: MonotonicMs;
  /** Persisted number of the change that made it so; 0 = as found at start and `ok`. */
  readonly transition: number;
}
