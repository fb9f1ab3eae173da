/**
 * One owned shard: its nodes, what must still be written, its undelivered rows.
 *
 * Guarantee: nothing is acted on before it is durable. A batch that got no reply is tried again as
 * it was (every write is idempotent by id) until the store answers; transitions that happen
 * meanwhile wait in the next batch. Failure cases: another owner's token -> `onLost`, the process
 * stops judging the shard at once; another generation -> the shard is held (sessions and memory are
 * kept, no verdicts) until it is restored or adopted; an incident that is not what our own writes
 * left -> the same, because the store lost some of them without another generation to tell it by.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type {
  DestinationName,
  FencingToken,
  IncidentId,
  NodeId,
  ShardId,
} from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { UnixMs } from "@herdbeat/shared/time";
import { highest, judgeGeneration } from "../core/generation-guard.ts";
import {
  type IncidentPhase,
  type IncidentRecord,
  type IncidentTransition,
  isOpen,
} from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { Effect } from "../core/node-state.ts";
import { type DeliveryKind, newOutboxRow, type OutboxRow } from "../core/outbox.ts";
import type { StoreGeneration } from "../core/shard-facts.ts";
import type { Ownership, ShardSnapshot, ShardStore } from "../ports/shard-store.ts";
import { WriteBatch } from "./write-batch.ts";

export interface ShardRunnerDeps {
  readonly store: ShardStore;
  readonly logger: Logger;
  readonly destinations: () => readonly DestinationName[];
  readonly bodyOf: (
    incident: IncidentRecord,
    transition: IncidentTransition,
    node: NodeRecord,
    kind: DeliveryKind,
  ) => string;
  /** The one receiver that is asked for recovery; null: nobody, facts only. */
  readonly requestDestination: () => DestinationName | null;
  /** Rows became durable: the sender may look. */
  readonly onRows: (shard: ShardId) => void;
  readonly onLost: (shard: ShardId, why: string) => void;
  readonly onHeld: (shard: ShardId, why: string) => void;
  readonly onPersisted: (
    shard: ShardId,
    incidents: readonly IncidentRecord[],
    nodes: readonly NodeId[],
  ) => void;
}

export class ShardRunner {
  readonly shard: ShardId;
  readonly ownership: Ownership;
  readonly indexes: Set<number> = new Set();
  readonly outbox: Map<string, OutboxRow> = new Map();
  /** Ended not long ago; open ones live in the nodes' states. */
  readonly ended: Map<IncidentId, IncidentRecord> = new Map();
  readonly proofs: Map<NodeId, UnixMs> = new Map();
  proofsChanged = false;
  /** A node has answered for the first time: its proof should not wait a minute. */
  firstProofs = false;
  generation: StoreGeneration;
  heldBecause = "";
  mirrorDirty = true;

  readonly #deps: ShardRunnerDeps;
  #staged = new WriteBatch();
  #inFlight: WriteBatch | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** Who waits for a change of theirs to be durable. */
  readonly #waiting = new Map<(isDurable: boolean) => void, IncidentId>();

  constructor(
    ownership: Ownership,
    snapshot: ShardSnapshot,
    generation: StoreGeneration,
    deps: ShardRunnerDeps,
  ) {
    this.shard = ownership.shard;
    this.ownership = ownership;
    this.generation = generation;
    this.#deps = deps;
    for (const row of snapshot.outbox) this.outbox.set(row.rowId, row);
    for (const [node, at] of snapshot.proofs) this.proofs.set(node, at);
  }

  get held(): boolean {
    return this.heldBecause !== "";
  }

  /** Writes that are not durable yet; > 0 for long means that the store is in trouble. */
  get unsaved(): boolean {
    return this.#inFlight !== null || !this.#staged.isEmpty;
  }

  /** Queues what one step of one node changed. Nothing is visible outside before `flush` is through. */
  stage(
    change: {
      readonly record: NodeRecord;
      readonly recordChanged: boolean;
      readonly effects: readonly Effect[];
      readonly at: UnixMs;
    },
    acknowledge: (transition: number) => void,
  ): void {
    const { record, effects, at } = change;
    if (change.recordChanged) this.#staged.nodes.set(record.id, record);
    for (const effect of effects) {
      switch (effect.kind) {
        case "transition":
          this.#stageTransition(effect, record, at);
          break;
        case "state":
          this.#staged.addHistory({
            at,
            node: record.id,
            kind: "state",
            json: JSON.stringify({ from: effect.from, to: effect.to, because: effect.because }),
          });
          break;
        case "acknowledge": {
          const { transition } = effect;
          this.#staged.afterwards.push(() => acknowledge(transition));
          break;
        }
        case "hold":
          this.#stageHold(effect.incident, at);
          break;
        case "probe":
        case "ask-witnesses":
        case "ask-permit":
          break;
      }
    }
  }

  #stageTransition(
    effect: Extract<Effect, { kind: "transition" }>,
    node: NodeRecord,
    at: UnixMs,
  ): void {
    const { incident, transition } = effect;
    this.#staged.putIncident(incident, effect.expect);
    this.#staged.addHistory({
      at,
      node: node.id,
      kind: "incident",
      json: JSON.stringify({
        incident: incident.id,
        transition: transition.number,
        what: transition.kind,
        class: transition.failureClass,
        message: transition.message,
      }),
    });
    if (incident.endedAt !== null) this.#remember(incident);
    if (!effect.deliver) return;
    const asked = effect.request ? this.#deps.requestDestination() : null;
    for (const destination of this.#deps.destinations()) {
      const kind: DeliveryKind = destination === asked ? "request" : "fact";
      this.#staged.rows.push(
        newOutboxRow({
          incident,
          transition: transition.number,
          destination,
          kind,
          body: this.#deps.bodyOf(incident, transition, node, kind),
          at,
        }),
      );
    }
  }

  /** Nobody is told: it is part of the incident, and of its history. */
  #stageHold(incident: IncidentRecord, at: UnixMs): void {
    this.#staged.putIncident(incident, "declared");
    const { reason, releasedBy } = incident.hold ?? { reason: "none", releasedBy: "" };
    const json = JSON.stringify({ incident: incident.id, what: "hold", reason, releasedBy });
    this.#staged.addHistory({ at, node: incident.node, kind: "incident", json });
  }

  /**
   * An incident changed by an operator or a controller: same path, same guarantees. `done` is called
   * once: true when it is durable, false when nobody can say any more whether it ever will be.
   */
  stageIncident(
    incident: IncidentRecord,
    json: string,
    at: UnixMs,
    done: (isDurable: boolean) => void,
  ): void {
    this.#staged.putIncident(incident, incident.phase);
    this.#staged.addHistory({ at, node: incident.node, kind: "action", json });
    if (this.#stopped || this.held) done(false);
    else {
      this.#waiting.set(done, incident.id);
      this.#staged.afterwards.push(() => {
        if (this.#waiting.delete(done)) done(true);
      });
    }
    if (incident.endedAt !== null) this.#remember(incident);
  }

  #remember(incident: IncidentRecord): void {
    this.ended.delete(incident.id);
    this.ended.set(incident.id, incident);
    if (this.ended.size > ENDED_KEPT_MAX) {
      const oldest = this.ended.keys().next().value;
      if (oldest !== undefined) this.ended.delete(oldest);
    }
  }

  /** Starts writing what is staged; returns at once. Called every turn. */
  flush(storeUp: boolean): void {
    if (this.#running !== null || this.#stopped || this.held || !storeUp) return;
    if (this.#inFlight === null) {
      if (this.#staged.isEmpty) return;
      this.#inFlight = this.#staged;
      this.#staged = new WriteBatch();
    }
    this.#running = this.#write(this.#inFlight).finally(() => {
      this.#running = null;
    });
  }

  async #write(batch: WriteBatch): Promise<void> {
    try {
      for (const writes of batch.chunks()) {
        const outcome = await this.#deps.store.apply(this.ownership, writes);
        if (this.#stopped) return;
        switch (outcome.kind) {
          case "applied":
            // Each write raises the version: one that stays equal was raised from where we were before.
            if (outcome.generation.version <= this.generation.version) {
              // Had nothing been lost it had made the next one: every look at the store sees that it did not.
              this.generation = { ...this.generation, version: this.generation.version + 1 };
              this.hold(
                `the store went back in time: a write made version ${outcome.generation.version}, the one before it had made version ${this.generation.version - 1}`,
              );
              return;
            }
            this.generation = highest(this.generation, outcome.generation) ?? outcome.generation;
            break;
          case "stale-token":
            if (outcome.owner === null) this.#refusedByNobody(outcome.released);
            else if (outcome.owner.aggregator === this.ownership.aggregator)
              this.hold(`the store has a newer token in our own name: ${outcome.owner.token}`);
            else
              this.#deps.onLost(
                this.shard,
                `owned by ${outcome.owner.aggregator} with token ${outcome.owner.token}`,
              );
            return;
          case "generation-mismatch": {
            const verdict = judgeGeneration(this.generation, outcome.found);
            this.hold(verdict.kind === "held" ? verdict.why : "the store's generation changed");
            return;
          }
          case "conflict":
            this.#onConflict(batch, outcome.incident as IncidentId, outcome.phase);
            return;
        }
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) {
        this.#deps.logger.error("a write failed in an unexpected way", {
          shard: this.shard,
          error: renderErrorChain(error),
        });
      }
      batch.replyLost = true;
      return; // may have been applied: the same batch is written again
    }
    this.#inFlight = null;
    this.#done(batch);
  }

  /**
   * Nobody else writes under our token: what was durable is no longer stored. Two conflicts say nothing
   * of the kind, and the batch goes again without what they name.
   */
  #onConflict(batch: WriteBatch, id: IncidentId, stored: IncidentPhase | null): void {
    const staged = batch.incidents.get(id);
    const wanted = staged?.record.phase ?? "declared";
    // What had ended was forgotten again after a write whose reply was lost; its rows are kept there.
    if (stored === null && !isOpen(wanted) && batch.replyLost) {
      batch.incidents.delete(id);
      return;
    }
    // Declared anew under the number of what is over: that has been told, and nothing was lost.
    const mayAct = wanted === "committed" || staged?.expect === "committed";
    if (stored !== null && !isOpen(stored) && !mayAct) {
      this.#deps.logger.warn("incident is over and was declared again under its old id", {
        incident: id,
        phase: stored,
      });
      batch.dropIncident(id);
      this.#giveUp(id);
      return;
    }
    this.hold(`incident ${id} is ${stored ?? "not"} in the store, which is not what was written`);
  }

  /** Somebody who took the shard over may have given it up again: that is no loss of the store's. */
  #refusedByNobody(released: FencingToken | null): void {
    if (released !== null && released >= this.ownership.token) {
      this.#deps.onLost(this.shard, `given up by an owner with token ${released}`);
      return;
    }
    this.hold("the store has lost this shard's owner record");
  }

  #done(batch: WriteBatch): void {
    for (const row of batch.rows) this.outbox.set(row.rowId, row);
    this.mirrorDirty ||= batch.nodes.size > 0 || batch.incidents.size > 0;
    for (const act of batch.afterwards) act();
    if (batch.rows.length > 0) this.#deps.onRows(this.shard);
    this.#deps.onPersisted(
      this.shard,
      [...batch.incidents.values()].map((one) => one.record),
      [...batch.nodes.keys()],
    );
  }

  /** Rows that are decided but not durable yet. */
  stagedRows(): readonly OutboxRow[] {
    return [...(this.#inFlight?.rows ?? []), ...this.#staged.rows];
  }

  /** Takes over what a held predecessor could not write, except what the restore wrote already. */
  absorb(former: ShardRunner): void {
    for (const batch of [former.#inFlight, former.#staged]) {
      if (batch === null) continue;
      for (const entry of batch.history) this.#staged.addHistory(entry);
      this.#staged.afterwards.push(...batch.afterwards);
      for (const { record } of batch.incidents.values()) {
        if (record.endedAt !== null) this.#staged.putIncident(record, null);
      }
    }
  }

  /** No verdicts and no writes from now on; memory and sessions stay. */
  hold(why: string): void {
    if (this.held) return;
    this.heldBecause = why;
    this.#giveUp();
    this.#deps.onHeld(this.shard, why);
  }

  /** Writes what is staged and waits for it, at most as long as `stop` allows (orderly hand-over). */
  async drain(): Promise<void> {
    for (let round = 0; round < 3 && this.unsaved && !this.held; round++) {
      this.flush(true);
      await this.#running;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#giveUp();
  }

  /** Nobody is left waiting for a write that this owner does not make any more. */
  #giveUp(only: IncidentId | null = null): void {
    for (const [done, incident] of [...this.#waiting]) {
      if (only !== null && incident !== only) continue;
      this.#waiting.delete(done);
      done(false);
    }
  }
}

/** Of one shard, for the read side; the store keeps its own bounded set. */
const ENDED_KEPT_MAX = 200;
