/** One attempt of one row, from claim to settle. The guarantees are in `delivery-reconciler.ts`. */
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { HealthError } from "@herdbeat/shared/errors";
import type { DestinationName } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import type { Random } from "@herdbeat/shared/random";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  type Timers,
  type UnixMs,
} from "@herdbeat/shared/time";
import {
  type DeliveryConfig,
  describe,
  judge,
  postponed,
  rowAfter,
  superseded,
} from "../core/delivery.ts";
import type { AttemptResult, DeliveryAlert } from "../core/destination-health.ts";
import type { OutboxRow } from "../core/outbox.ts";
import { withNotAfter } from "../core/webhook-body.ts";
import type { HistoryEntry, Ownership, RowOutcome, ShardStore } from "../ports/shard-store.ts";
import type { WebhookSender } from "../ports/webhook.ts";
import type { OutboxSource } from "./outbox-source.ts";

/** A store that is away is asked again at this pace, by each attempt that has to settle. */
const STORE_RETRY: BackoffConfig = {
  initial: durationMs(200),
  factor: 2,
  max: durationMs(2_000),
};
/** Between two looks at a request that may not go yet. */
const REQUEST_LOOK_EVERY: DurationMs = durationMs(1_000);

export interface DeliveryDeps {
  readonly source: OutboxSource;
  readonly store: Pick<ShardStore, "claimRow" | "settleRow">;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly config: DeliveryConfig;
  /** Synchronous, must not throw. The receiver of alerts makes them rare; this says each once. */
  readonly alert: (alert: DeliveryAlert) => void;
}

export interface AttemptContext {
  now(): UnixMs;
  /** False as soon as the shard is not ours any more under this very token. */
  mayWrite(ownership: Ownership): boolean;
  attempted(destination: DestinationName, result: AttemptResult): void;
  storeAway(until: UnixMs): void;
}

export class DeliveryAttempt {
  readonly #deps: DeliveryDeps;
  readonly #context: AttemptContext;

  constructor(deps: DeliveryDeps, context: AttemptContext) {
    this.#deps = deps;
    this.#context = context;
  }

  /** Resolves when the row needs nothing more from this attempt. Rejects only on a defect. */
  async run(ownership: Ownership, row: OutboxRow): Promise<void> {
    const claim = await this.#claim(ownership, row);
    if (claim === null) return;
    const claimed = claim.row;
    const body = await this.#bodyToSend(claimed, claim.replicasMet);
    if (typeof body !== "string") {
      await this.#settle(ownership, body);
      return;
    }
    // The last instant at which a lost shard can still be noticed before the message leaves.
    if (!this.#context.mayWrite(ownership)) return;
    const startedAt = this.#context.now();
    const outcome = await this.#deps.sender.send(
      { ...claimed, body },
      { number: claimed.attempts, at: this.#deps.clock.wallNow() },
    );
    const verdict = judge(claimed, outcome);
    const now = this.#context.now();
    const settled = rowAfter(claimed, outcome, verdict, now, this.#deps.random, this.#deps.config);
    const because = describe(outcome);
    this.#count(claimed, verdict.kind);
    this.#context.attempted(claimed.destination, { verdict, startedAt, because });
    if (verdict.kind === "parked") this.#alertRow("row-parked", claimed, because);
    await this.#settle(ownership, settled);
  }

  async #claim(
    ownership: Ownership,
    row: OutboxRow,
  ): Promise<{ readonly row: OutboxRow; readonly replicasMet: boolean } | null> {
    const now = this.#context.now();
    let outcome: Awaited<ReturnType<DeliveryDeps["store"]["claimRow"]>>;
    try {
      outcome = await this.#deps.store.claimRow(ownership, row.rowId, now);
    } catch (error) {
      this.#storeFailed("claim", row, error, 1);
      return null;
    }
    if (outcome.kind !== "done") {
      this.#notDone(ownership, row, outcome);
      return null;
    }
    const claimed: OutboxRow = {
      ...row,
      state: "sending",
      attempts: row.attempts + 1,
      claimedBy: `${ownership.aggregator}:${ownership.token}`,
    };
    this.#deps.source.rowChanged(ownership, row.rowId, claimed);
    return { row: claimed, replicasMet: outcome.replicasMet ?? true };
  }

  /** The body, or the row that ends this attempt because a request may not go now. */
  async #bodyToSend(row: OutboxRow, replicasMet: boolean): Promise<string | OutboxRow> {
    if (row.kind === "fact") return row.body;
    const now = this.#context.now();
    if (!replicasMet) {
      const because = "too few replicas have the claim";
      this.#alertRow("replicas-unmet", row, because);
      return postponed(row, because, now, REQUEST_LOOK_EVERY);
    }
    const check = await this.#deps.source.recheck(row);
    switch (check.kind) {
      case "send":
        return withNotAfter(row.body, this.#deps.clock.wallNow(), check.validFor);
      case "wait":
        return postponed(row, check.because, this.#context.now(), REQUEST_LOOK_EVERY);
      case "supersede":
        if (check.page) this.#alertRow("request-superseded", row, check.because);
        return superseded(row, check.because, now);
    }
  }

  /** Tells the store how the attempt ended, until it has heard it or does not want to hear it from us. */
  async #settle(ownership: Ownership, row: OutboxRow): Promise<void> {
    const history = historyOf(row);
    for (let attempt = 1; this.#context.mayWrite(ownership); attempt++) {
      try {
        const outcome = await this.#deps.store.settleRow(ownership, row, history);
        const over = row.state === "delivered" || row.state === "superseded";
        if (outcome.kind === "done") {
          this.#deps.source.rowChanged(ownership, row.rowId, over ? null : row);
        } else {
          this.#notDone(ownership, row, outcome);
        }
        return;
      } catch (error) {
        await this.#pause(this.#storeFailed("settle", row, error, attempt));
      }
    }
  }

  #notDone(
    ownership: Ownership,
    row: OutboxRow,
    outcome: Exclude<RowOutcome, { kind: "done" }>,
  ): void {
    const { source, logger } = this.#deps;
    const { rowId } = row;
    if (outcome.kind === "refused") {
      const { shard } = ownership;
      logger.warn("hand-off stops: the store refused this owner", { shard, why: outcome.why });
      source.refused(ownership, outcome.why);
      return;
    }
    // Only this owner writes the row: what differs is our own settle, whose reply was lost.
    const { found } = outcome;
    logger.debug("row is not as expected", { rowId, found });
    if (found === null) source.rowChanged(ownership, rowId, null);
    else if (found === "waiting" || found === "parked" || found === "sending")
      source.rowChanged(ownership, rowId, { ...row, state: found });
    else source.rowLost(ownership, rowId, found);
  }

  #storeFailed(what: string, row: OutboxRow, error: unknown, attempt: number): DurationMs {
    if (!(error instanceof HealthError)) throw error;
    const delay = backoffDelay(attempt, STORE_RETRY, this.#deps.random);
    this.#context.storeAway(after(this.#context.now(), delay));
    const fields = { what, rowId: row.rowId, error: renderErrorChain(error), attempt };
    if (attempt === 1) this.#deps.logger.warn("store did not take a hand-off's state", fields);
    return delay;
  }

  #pause(delay: DurationMs): Promise<void> {
    return new Promise((done) => {
      this.#deps.timers.after(delay, done);
    });
  }

  #alertRow(
    kind: "row-parked" | "request-superseded" | "replicas-unmet",
    row: OutboxRow,
    because: string,
  ): void {
    const { rowId, destination } = row;
    this.#deps.logger.warn("hand-off needs a person", { alert: kind, rowId, because });
    this.#deps.alert({ kind, destination, rowId, because });
  }

  #count(row: OutboxRow, result: string): void {
    this.#deps.metrics
      .counter("herdbeat_delivery_attempts_total", "Hand-off attempts by what followed.", {
        destination: row.destination,
        result,
      })
      .add();
  }
}

/** Only ends are remembered: a destination that is away for a day must not fill the history. */
function historyOf(row: OutboxRow): HistoryEntry | null {
  if (row.state === "waiting" || row.state === "sending") return null;
  const json = JSON.stringify({
    webhookId: row.webhookId,
    destination: row.destination,
    kind: row.kind,
    result: row.state,
    attempts: row.attempts,
    status: row.lastStatus,
    error: row.lastError,
  });
  return { at: row.lastAttemptAt ?? row.createdAt, node: row.node, kind: "delivery", json };
}
