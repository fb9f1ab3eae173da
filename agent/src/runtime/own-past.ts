/** Keeps the black box: regular records while running, the explanation of the past at start. */
import { formatDuration } from "@herdbeat/shared/duration-text";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { ConditionChange, ConditionTable } from "../core/condition-table.ts";
import { explainPast, type PastExplanation, type PastRecord } from "../core/past.ts";
import type { BlackBox, HostPast } from "../ports/black-box.ts";

const PULSE_INTERVAL = durationMs(10_000);
/** A tick this late is a stall worth a record; ordinary load stays far below. */
const STALL: DurationMs = durationMs(2_000);
const NAMED_MAX = 5;
const FLUSH_TIMEOUT = durationMs(300);

export interface OwnPastDeps {
  readonly blackBox: BlackBox;
  readonly host: HostPast;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class OwnPastKeeper {
  readonly #deps: OwnPastDeps;
  readonly explanation: PastExplanation;
  #stall: { readonly at: MonotonicMs; readonly length: DurationMs } | null = null;
  #pulseAt: MonotonicMs;
  #worstLag: DurationMs = durationMs(0);

  constructor(deps: OwnPastDeps) {
    this.#deps = deps;
    const { blackBox, host, clock, logger } = deps;
    this.explanation = explainPast(blackBox.load(), {
      bootId: host.bootId,
      uptime: host.uptime(),
      wallAt: clock.wallNow(),
      crashLeftovers: host.crashLeftovers(),
    });
    logger.info("what happened before this start", { ...this.explanation });
    this.#pulseAt = clock.now();
    this.#write("start", this.explanation.reason);
  }

  lastStall(): { readonly at: MonotonicMs; readonly length: DurationMs } | null {
    return this.#stall;
  }

  ticked(now: MonotonicMs, late: DurationMs, table: ConditionTable): void {
    if (late > this.#worstLag) this.#worstLag = late;
    if (late >= STALL) {
      this.#stall = { at: now, length: late };
      this.#deps.logger.warn("this agent did not run", { milliseconds: Math.round(late) });
      this.#write("gap", `did not run for ${formatDuration(late)}`);
    }
    if (elapsed(this.#pulseAt, now) < PULSE_INTERVAL) return;
    this.#pulseAt = now;
    this.#write("pulse", summary(table));
  }

  changed(changes: readonly ConditionChange[]): void {
    const text = changes.slice(0, NAMED_MAX).map(({ condition }) => {
      return `${condition.monitor}/${condition.subject} ${condition.status} ${condition.reason}`;
    });
    this.#write("change", text.join(", "));
  }

  async stop(): Promise<void> {
    this.#write("stop", "");
    await this.#deps.blackBox.flush(FLUSH_TIMEOUT);
  }

  #write(kind: PastRecord["kind"], text: string): void {
    const { blackBox, host, clock } = this.#deps;
    const lag = durationMs(Math.round(this.#worstLag));
    this.#worstLag = durationMs(0);
    blackBox.write({
      kind,
      bootId: host.bootId,
      uptime: host.uptime(),
      wallAt: clock.wallNow(),
      lag,
      text,
    });
  }
}

function summary(table: ConditionTable): string {
  const { ok, problem, unknown } = table.counts();
  if (problem + unknown === 0) return `${ok} ok`;
  const names = table
    .all()
    .filter((condition) => condition.status !== "ok")
    .slice(0, NAMED_MAX)
    .map((condition) => `${condition.monitor}/${condition.subject} ${condition.reason}`);
  return `${ok} ok, ${problem} problem, ${unknown} unknown: ${names.join(", ")}`;
}
