import type { FailureClass } from "@herdbeat/shared/classes";
import type { MonitorName } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";

/** How many consecutive probes must agree before a status changes. 1 = at once. */
export interface Hysteresis {
  readonly problemAfter: number;
  readonly okAfter: number;
}

/**
 * One subject matter that the agent watches. The runner gives every monitor the same guarantees:
 * never two probes of one monitor at once, a deadline per probe (an overdue one becomes `unknown`
 * for every subject it had), isolation (a throwing monitor affects only itself).
 */
export interface Monitor {
  readonly name: MonitorName;
  readonly interval: DurationMs;
  /** The runner aborts a probe after this long and records `unknown`. */
  readonly timeout: DurationMs;
  readonly hysteresis: Hysteresis;
  /** Class of the `unknown` that is recorded while no probe has ever told any subject. */
  readonly failureClass: FailureClass;
  /**
   * Looks at every subject now. The returned list is whole: a subject that is missing from it no
   * longer exists, and its condition is withdrawn (`ok`, reason `SubjectGone`). Must stop its work
   * when `signal` aborts. Must not block the event loop: what can hang belongs into a child process.
   */
  probe(signal: AbortSignal): Promise<readonly Finding[]>;
  /**
   * Optional: called once before the first probe. The monitor may call `wake` at any time to be
   * probed at once instead of at its next interval (an event arrived).
   */
  start?(wake: () => void): Promise<void>;
  /**
   * Optional: called every `pollInterval` while no probe runs; true asks for a probe at once. For
   * state that must not wait for `interval`. Must take microseconds (sysfs, procfs) and allocate
   * little; a throw counts as true.
   */
  poll?(): boolean;
  /**
   * 100 ms when absent; null = nothing to poll at present. Asked again after every probe. Each wake
   * of the process costs CPU time, so say no less than needed.
   */
  pollInterval?(): DurationMs | null;
  stop?(): Promise<void>;
}
