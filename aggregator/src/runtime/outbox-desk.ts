/** The undelivered rows of owned shards, as the hand-off wants to see them. */
import { type IncidentId, type NodeId, type ShardId, shardOf } from "@herdbeat/shared/ids";
import { type Clock, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import {
  awaitsFencing,
  isConfirmedOff,
  isDeviceConfirmed,
  isHeardSinceOff,
} from "../core/fencing.ts";
import { type IncidentRecord, isOpen } from "../core/incident.ts";
import type { NodeState } from "../core/node-state.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { Ownership } from "../ports/shard-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { OutboxSource, RequestCheck } from "./outbox-source.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { Waiting } from "./standing-notices.ts";

/** What a request of a fenced host is looked at by. */
export interface RequestRules {
  /**
   * Reads the power of a fenced node again: why it may not go now, null: it may. `needsOff`: a device
   * has to say off; otherwise it suffices that none says on.
   */
  notOffBecause(node: NodeState, needsOff: boolean): Promise<string | null>;
  /** Why nothing may follow from this incident by the rules of today; null: it may. */
  requestForbidden(node: NodeState, incident: IncidentRecord): string | null;
  /** Whether the node was heard just now. */
  isHeard(node: NodeId): boolean;
}

export interface OutboxDeskDeps {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  /** Why no request may be sent now; null: it may. */
  readonly waitsBecause: () => string | null;
  readonly fencing: RequestRules;
  readonly clock: Pick<Clock, "now">;
  /** The store refused our token: another owner exists. */
  readonly onStale: (shard: ShardId) => void;
  readonly onGenerationMismatch: (shard: ShardId) => void;
  readonly onRowChanged: (incident: IncidentId) => void;
  /** Accepted by its receiver, or superseded. */
  readonly onRowGone: (row: OutboxRow) => void;
}

/** A request that has waited this long is told; most wait for a reading or two. */
const TOLD_AFTER = durationMs(60_000);
/** A request stays true for this long without being looked at again. */
const REQUEST_VALID = durationMs(60_000);

export class OutboxDesk implements OutboxSource {
  readonly #deps: OutboxDeskDeps;
  /** Requests that may not go now, by row, for reasons that no other notice tells. */
  readonly #waits = new Map<string, Waiting & { readonly since: MonotonicMs }>();

  constructor(deps: OutboxDeskDeps) {
    this.#deps = deps;
  }

  owned(): readonly Ownership[] {
    const owned: Ownership[] = [];
    for (const runner of this.#deps.runners.values()) {
      if (!runner.held) owned.push(runner.ownership);
    }
    return owned;
  }

  rows(shard: ShardId): Iterable<OutboxRow> {
    return this.#deps.runners.get(shard)?.outbox.values() ?? [];
  }

  rowChanged(ownership: Ownership, rowId: string, row: OutboxRow | null): void {
    const runner = this.#runnerOf(ownership);
    if (runner === null) return;
    const before = runner.outbox.get(rowId);
    if (row === null && before !== undefined) this.#deps.onRowGone(before);
    if (row === null) this.#waits.delete(rowId);
    if (row === null) runner.outbox.delete(rowId);
    else runner.outbox.set(rowId, row);
    const incident = (row ?? before)?.incident;
    if (incident !== undefined) this.#deps.onRowChanged(incident);
  }

  rowLost(ownership: Ownership, rowId: string): void {
    // Unreadable in the store: kept there for a person, not sent from here.
    this.#runnerOf(ownership)?.outbox.delete(rowId);
  }

  refused(ownership: Ownership, why: "stale-token" | "generation-mismatch"): void {
    if (this.#runnerOf(ownership) === null) return;
    if (why === "stale-token") this.#deps.onStale(ownership.shard);
    else this.#deps.onGenerationMismatch(ownership.shard);
  }

  /** Nodes whose requests have waited long, and why. */
  waiting(): readonly Waiting[] {
    const now = this.#deps.clock.now();
    for (const [rowId, { node }] of this.#waits) {
      if (this.#deps.runners.get(shardOf(node))?.outbox.has(rowId) !== true)
        this.#waits.delete(rowId);
    }
    return [...this.#waits.values()].filter(({ since }) => elapsed(since, now) >= TOLD_AFTER);
  }

  async recheck(row: OutboxRow): Promise<RequestCheck> {
    const check = await this.#recheck(row);
    const isTold = this.#deps.waitsBecause() !== null;
    if (check.kind === "wait" && !isTold) {
      const since = this.#waits.get(row.rowId)?.since ?? this.#deps.clock.now();
      this.#waits.set(row.rowId, { node: row.node, because: check.because, since });
    } else this.#waits.delete(row.rowId);
    return check;
  }

  /** A host that was confirmed off must be off now, too: nobody holds it when it returns. */
  async #recheck(row: OutboxRow): Promise<RequestCheck> {
    const before = this.#check(row);
    if (before.kind !== "send") return before;
    const state = this.#stateOf(row);
    const incident = state?.incidents.find((one) => one.id === row.incident);
    if (state === null || incident === undefined || !isConfirmedOff(incident)) return before;
    const notOff = await this.#deps.fencing.notOffBecause(state, isDeviceConfirmed(incident));
    if (notOff !== null) return { kind: "wait", because: notOff };
    // Devices take their time: what was true before may not be any more.
    return this.#check(row);
  }

  #stateOf(row: OutboxRow): NodeState | null {
    const index = this.#deps.table.indexOf(row.node);
    return index === undefined ? null : this.#deps.table.state(index);
  }

  #check(row: OutboxRow): RequestCheck {
    const because = this.#deps.waitsBecause();
    if (because !== null) return { kind: "wait", because };
    const state = this.#stateOf(row);
    const incident = state?.incidents.find((one) => one.id === row.incident);
    const isOver =
      this.#deps.runners.get(shardOf(row.node))?.ended.has(row.incident) === true ||
      (incident !== undefined && !isOpen(incident.phase));
    if (isOver) return { kind: "supersede", because: "the incident is over", page: false };
    // A damaged record, a retired node: nobody can say any more whether the request is true.
    if (state === null || incident === undefined) {
      return { kind: "wait", because: "its incident is not known here" };
    }
    if (incident.phase !== "committed") {
      return { kind: "supersede", because: "the incident is not committed", page: true };
    }
    if (awaitsFencing(incident)) {
      return { kind: "wait", because: "its host is not confirmed off" };
    }
    const forbidden = this.#deps.fencing.requestForbidden(state, incident);
    if (forbidden !== null) return { kind: "wait", because: forbidden };
    if (
      isConfirmedOff(incident) &&
      (isHeardSinceOff(state, incident) || this.#deps.fencing.isHeard(row.node))
    ) {
      return this.#ofReturned(state, incident);
    }
    return { kind: "send", validFor: REQUEST_VALID };
  }

  /** It is on, and what it had run may run there: what else there is to tell must not wait behind. */
  #ofReturned(state: NodeState, incident: IncidentRecord): RequestCheck {
    const because = "its node was heard after it was confirmed off";
    return isHeardSinceOff(state, incident) && this.#deps.fencing.isHeard(state.record.id)
      ? { kind: "supersede", because: `${because}, and is heard now`, page: true }
      : { kind: "wait", because };
  }

  #runnerOf(ownership: Ownership): ShardRunner | null {
    const runner = this.#deps.runners.get(ownership.shard);
    return runner === undefined || runner.ownership.token !== ownership.token ? null : runner;
  }
}
