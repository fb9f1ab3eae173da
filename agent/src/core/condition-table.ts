/**
 * What the agent holds to be true: findings become conditions, with hysteresis, and every change
 * gets a transition number.
 *
 *   not seen ──ok──────────────────────────────► ok (transition 0, no event)
 *   not seen ──problem or unknown──► unknown "Settling" (no event) ──n agreeing──► problem or unknown
 *   ok ◄──okAfter agreeing── problem/unknown ──problemAfter agreeing──► the other
 *   any ──missing from a whole list──► withdrawn (an event `SubjectGone` unless it was ok)
 *
 * A change of class or reason without a change of status makes an event with a number of its own,
 * but the condition keeps the transition of its status: that one is the onset of the incident.
 * Message and attributes change without an event; the next whole list carries them.
 */
import { assert } from "@herdbeat/shared/assert";
import type { FailureClass } from "@herdbeat/shared/classes";
import type { MonitorName } from "@herdbeat/shared/ids";
import type { MonotonicMs } from "@herdbeat/shared/time";
import type { Condition, ConditionStatus, Finding } from "./condition.ts";
import { boundFinding } from "./finding-bounds.ts";

/** Guests of a full hypervisor with room to spare; more would not fit into a whole list anyway. */
export const SUBJECTS_PER_MONITOR_MAX = 1_024;

/** How many consecutive probes must agree before a status changes. */
export interface Agreement {
  readonly problemAfter: number;
  readonly okAfter: number;
}

/** One event: the condition as it became, under its own number. */
export interface ConditionChange {
  readonly transition: number;
  readonly condition: Condition;
  readonly at: MonotonicMs;
}

interface Entry {
  condition: Condition;
  /** False while the subject was never settled: nothing has been said about it yet. */
  settled: boolean;
  /** Which way the last probes disagreed with the condition: towards ok, or away from it. */
  candidate: "ok" | "not-ok" | null;
  candidateCount: number;
}

export interface ConditionTableDeps {
  /** The next persisted number, growing by at least one. */
  readonly nextTransition: () => number;
  /** Monitors whose first answer the first whole list must wait for. */
  readonly expected: readonly MonitorName[];
}

export class ConditionTable {
  readonly #deps: ConditionTableDeps;
  readonly #monitors = new Map<MonitorName, Map<string, Entry>>();
  readonly #awaited: Set<MonitorName>;
  #refused = 0;

  constructor(deps: ConditionTableDeps) {
    this.#deps = deps;
    this.#awaited = new Set(deps.expected);
  }

  /** True once every expected monitor has answered: before that a missing subject means nothing. */
  get isComplete(): boolean {
    return this.#awaited.size === 0;
  }

  /** Subjects beyond the bound that were left out. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one probe's whole list. Returns the events it makes, in the order of the list. */
  apply(
    monitor: MonitorName,
    findings: readonly Finding[],
    agreement: Agreement,
    now: MonotonicMs,
  ): readonly ConditionChange[] {
    this.#awaited.delete(monitor);
    const before = this.#monitors.get(monitor) ?? new Map<string, Entry>();
    const current = new Map<string, Entry>();
    const changes: ConditionChange[] = [];
    for (const raw of findings) {
      if (current.has(raw.subject)) continue;
      if (current.size >= SUBJECTS_PER_MONITOR_MAX) {
        this.#refused += 1;
        continue;
      }
      const finding = boundFinding(raw);
      const entry = before.get(finding.subject);
      const next = entry ?? this.#newEntry(monitor, finding, now);
      current.set(finding.subject, next);
      if (entry !== undefined || !next.settled)
        this.#advance(next, finding, agreement, now, changes);
    }
    for (const [subject, entry] of before) {
      if (!current.has(subject)) this.#withdraw(entry, now, changes);
    }
    this.#monitors.set(monitor, current);
    return changes;
  }

  /** The probe told nothing: every subject the monitor has becomes `unknown`, after the same agreement. */
  applyUnknown(
    monitor: MonitorName,
    why: { readonly reason: string; readonly message: string; readonly failureClass: FailureClass },
    agreement: Agreement,
    now: MonotonicMs,
  ): readonly ConditionChange[] {
    const entries = [...(this.#monitors.get(monitor)?.values() ?? [])];
    const known = entries.map(
      ({ condition }): Finding => ({ ...bare(condition), ...unknownOf(why) }),
    );
    const findings =
      known.length > 0
        ? known
        : [{ subject: "", failureClass: why.failureClass, ...unknownOf(why) }];
    return this.apply(monitor, findings, agreement, now);
  }

  /** Every condition, in the order in which monitors and subjects first came. */
  all(): readonly Condition[] {
    const list: Condition[] = [];
    for (const entries of this.#monitors.values()) {
      for (const entry of entries.values()) list.push(entry.condition);
    }
    return list;
  }

  /** Counts by status. */
  counts(): Readonly<Record<ConditionStatus, number>> {
    const counts = { ok: 0, problem: 0, unknown: 0 };
    for (const entries of this.#monitors.values()) {
      for (const entry of entries.values()) counts[entry.condition.status] += 1;
    }
    return counts;
  }

  #newEntry(monitor: MonitorName, finding: Finding, now: MonotonicMs): Entry {
    const settled = finding.status === "ok";
    const condition: Condition = settled
      ? { ...finding, monitor, since: now, transition: 0 }
      : {
          ...finding,
          monitor,
          since: now,
          transition: 0,
          status: "unknown",
          reason: "Settling",
          message: `first looks say ${finding.reason}`,
        };
    return { condition, settled, candidate: null, candidateCount: 0 };
  }

  #advance(
    entry: Entry,
    finding: Finding,
    agreement: Agreement,
    now: MonotonicMs,
    changes: ConditionChange[],
  ): void {
    const { condition } = entry;
    if (entry.settled && finding.status === condition.status) {
      entry.candidate = null;
      const says =
        finding.reason !== condition.reason || finding.failureClass !== condition.failureClass;
      entry.condition = { ...condition, ...finding };
      if (finding.attributes === undefined) entry.condition = withoutAttributes(entry.condition);
      if (says) this.#record(entry, this.#deps.nextTransition(), now, changes);
      return;
    }
    // Problem and unknown agree that it is not ok: a subject that alternates must not stay ok.
    const towards = finding.status === "ok" ? "ok" : "not-ok";
    entry.candidateCount = entry.candidate === towards ? entry.candidateCount + 1 : 1;
    entry.candidate = towards;
    const needed = finding.status === "ok" ? agreement.okAfter : agreement.problemAfter;
    if (entry.candidateCount < needed) return;
    entry.candidate = null;
    if (!entry.settled && finding.status === "ok") {
      entry.settled = true;
      entry.condition = { ...finding, monitor: condition.monitor, since: now, transition: 0 };
      return;
    }
    entry.settled = true;
    const transition = this.#deps.nextTransition();
    entry.condition = { ...finding, monitor: condition.monitor, since: now, transition };
    this.#record(entry, transition, now, changes);
  }

  #record(entry: Entry, transition: number, now: MonotonicMs, changes: ConditionChange[]): void {
    assert(Number.isSafeInteger(transition) && transition > 0, "transition numbers start at 1");
    changes.push({ transition, condition: entry.condition, at: now });
  }

  #withdraw(entry: Entry, now: MonotonicMs, changes: ConditionChange[]): void {
    if (!entry.settled || entry.condition.status === "ok") return;
    const transition = this.#deps.nextTransition();
    entry.condition = {
      ...entry.condition,
      status: "ok",
      reason: "SubjectGone",
      message: "no longer there to watch",
      since: now,
      transition,
    };
    this.#record(entry, transition, now, changes);
  }
}

function unknownOf(why: { readonly reason: string; readonly message: string }): {
  readonly status: "unknown";
  readonly reason: string;
  readonly message: string;
} {
  return { status: "unknown", reason: why.reason, message: why.message };
}

function bare(condition: Condition): Finding {
  const { subject, status, failureClass, reason, message, attributes } = condition;
  return {
    subject,
    status,
    failureClass,
    reason,
    message,
    ...(attributes === undefined ? {} : { attributes }),
  };
}

function withoutAttributes(condition: Condition): Condition {
  const { attributes: _gone, ...rest } = condition;
  return rest;
}
