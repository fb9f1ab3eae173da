/**
 * Hands outbox rows to their destinations.
 *
 * Guarantee: every row of an owned shard is sent until it is accepted: at least once, always under
 * the same webhook-id, in order within an incident. Accepted once is not sent again, except when
 * this process or the store's reply is lost between the receiver's answer and the settling.
 *
 * Mechanism: an idempotent scan. Each scan looks at all rows and starts those that may go now:
 *
 *     waiting ──claim──► sending ──send, settle──► gone | parked | waiting (later)
 *
 * Each arrow is one script that finds the row in the state before it and checks token and
 * generation. Whatever a scan could not do, the next one does: after a kick, after an attempt, at
 * the next due time, and every SCAN_EVERY. There is no other retry and no state worth saving.
 *
 * Failure cases, by the instant at which this process is killed:
 * - before the claim is applied: the row is `waiting`; the next owner sends it.
 * - claimed, nothing sent, or sent without an answer, or answered and not settled: the row is
 *   `sending` under a dead token; the next owner claims it again and sends it again, same id.
 * - settled: the row is gone, or waits as the answer demanded.
 * A claim or settle whose reply is lost may have been applied. The claim is repeated by the next
 * scan (it may find its own). The settle is repeated until the store answers; the row keeps its
 * place meanwhile, so what is held in memory is bounded by the places, and nothing can be claimed
 * from a store that is away in any case. A refused token ends all work for that shard at once.
 */
import type { DestinationName } from "@herdbeat/shared/ids";
import { shardOf } from "@herdbeat/shared/ids";
import type { Startable } from "@herdbeat/shared/lifecycle";
import {
  after,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type UnixMs,
} from "@herdbeat/shared/time";
import { planDeliveries } from "../core/delivery-plan.ts";
import {
  type AttemptResult,
  DESTINATION_OPEN,
  type DestinationHealth,
  healthAfter,
  resumed,
} from "../core/destination-health.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { Ownership } from "../ports/shard-store.ts";
import { DeliveryAttempt, type DeliveryDeps } from "./delivery-attempt.ts";

/** Finds what no event announced (a changed clock, a source that forgot to kick). */
const SCAN_EVERY: DurationMs = durationMs(1_000);
/** How long a stop waits for attempts to end; the next owner repeats what is cut off. */
const STOP_WAIT: DurationMs = durationMs(2_000);

export class DeliveryReconciler implements Startable {
  readonly #deps: DeliveryDeps;
  readonly #health = new Map<DestinationName, DestinationHealth>();
  readonly #underWay = new Map<string, DestinationName>();
  readonly #underWayTo = new Map<DestinationName, number>();
  readonly #toldUnknown = new Set<DestinationName>();
  readonly #attempt: DeliveryAttempt;
  readonly #epoch: { readonly mono: MonotonicMs; readonly wall: UnixMs };
  #running = false;
  #scanning: TimerHandle | null = null;
  #timer: TimerHandle | null = null;
  /** The store gave no reply: nothing is claimed before this. */
  #storeRestUntil: UnixMs;
  #idle: (() => void) | null = null;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#epoch = { mono: deps.clock.now(), wall: deps.clock.wallNow() };
    this.#storeRestUntil = this.#epoch.wall;
    this.#attempt = new DeliveryAttempt(deps, {
      now: () => this.#now(),
      mayWrite: (ownership) => this.#mayWrite(ownership),
      attempted: (destination, result) => this.#attempted(destination, result),
      storeAway: (until) => {
        this.#storeRestUntil = until;
      },
    });
  }

  start(): Promise<void> {
    this.#running = true;
    this.kick();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#scanning?.cancel();
    this.#timer?.cancel();
    if (this.#underWay.size === 0) return;
    await new Promise<void>((done) => {
      const timer = this.#deps.timers.after(STOP_WAIT, done);
      this.#idle = () => {
        timer.cancel();
        done();
      };
    });
  }

  /** New rows are durable: look at once. Any number of kicks within one drain cost one scan. */
  kick(): void {
    if (!this.#running || this.#scanning !== null) return;
    this.#scanning = this.#deps.timers.afterDrain(() => {
      this.#scanning = null;
      this.#scan();
    });
  }

  /** A person says that the destination works again. False when there is no such destination. */
  resume(destination: DestinationName): boolean {
    if (!this.#deps.sender.destinations().includes(destination)) return false;
    this.#health.set(destination, resumed(this.#now()));
    this.kick();
    return true;
  }

  health(): ReadonlyMap<DestinationName, DestinationHealth> {
    const known = this.#deps.sender.destinations();
    return new Map(known.map((name) => [name, this.#health.get(name) ?? DESTINATION_OPEN]));
  }

  /** Attempts under way, settling included. */
  get underWay(): number {
    return this.#underWay.size;
  }

  #scan(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (!this.#running) return;
    const now = this.#now();
    const owned = new Map(this.#deps.source.owned().map((entry) => [entry.shard, entry]));
    const rest = elapsed(now, this.#storeRestUntil);
    if (rest > 0) {
      this.#sleep(rest);
      return;
    }
    const plan = planDeliveries(this.#rows(owned.values()), this.#view(now), this.#deps.config);
    for (const row of plan.unknown) this.#tellUnknown(row);
    for (const row of plan.ready) {
      const ownership = owned.get(shardOf(row.node));
      if (ownership !== undefined) this.#launch(ownership, row);
    }
    this.#sleep(plan.wakeAt === null ? SCAN_EVERY : elapsed(now, plan.wakeAt));
  }

  *#rows(owned: Iterable<Ownership>): Generator<OutboxRow> {
    for (const ownership of owned) yield* this.#deps.source.rows(ownership.shard);
  }

  #view(now: UnixMs): Parameters<typeof planDeliveries>[1] {
    return {
      now,
      underWay: new Set(this.#underWay.keys()),
      underWayTo: this.#underWayTo,
      health: this.#health,
      known: new Set(this.#deps.sender.destinations()),
    };
  }

  #launch(ownership: Ownership, row: OutboxRow): void {
    const { destination } = row;
    this.#underWay.set(row.rowId, destination);
    this.#underWayTo.set(destination, (this.#underWayTo.get(destination) ?? 0) + 1);
    // Operating errors end inside; anything else is a defect and must end the process.
    void this.#attempt.run(ownership, row).finally(() => {
      this.#underWay.delete(row.rowId);
      this.#underWayTo.set(destination, (this.#underWayTo.get(destination) ?? 1) - 1);
      if (this.#underWay.size === 0) this.#idle?.();
      this.kick();
    });
  }

  #attempted(destination: DestinationName, result: AttemptResult): void {
    const { random, config, alert, logger } = this.#deps;
    const before = this.#health.get(destination) ?? DESTINATION_OPEN;
    const step = healthAfter(before, result, this.#now(), random, config);
    this.#health.set(destination, step.health);
    if (step.alert === null) return;
    const { because } = result;
    if (step.alert === "destination-recovered")
      logger.info("destination works again", { destination });
    else logger.warn("destination does not accept", { destination, alert: step.alert, because });
    alert({ kind: step.alert, destination, because });
  }

  #tellUnknown(row: OutboxRow): void {
    if (this.#toldUnknown.has(row.destination)) return;
    this.#toldUnknown.add(row.destination);
    const { destination, rowId } = row;
    const because = "rows wait for a destination that is not configured";
    this.#deps.logger.warn(because, { destination, rowId });
    this.#deps.alert({ kind: "destination-unknown", destination, rowId, because });
  }

  #mayWrite(ownership: Ownership): boolean {
    return this.#deps.source
      .owned()
      .some((entry) => entry.shard === ownership.shard && entry.token === ownership.token);
  }

  #sleep(wanted: DurationMs): void {
    const delay = durationMs(Math.min(SCAN_EVERY, Math.max(1, wanted)));
    this.#timer = this.#deps.timers.after(delay, () => {
      this.#timer = null;
      this.kick();
    });
  }

  /** The wall clock as it was at the start, moved by the monotonic one: steps cannot delay a retry. */
  #now(): UnixMs {
    return after(this.#epoch.wall, elapsed(this.#epoch.mono, this.#deps.clock.now()));
  }
}
