/** The undelivered rows of owned shards, as the hand-off wants to see them. */
import type { IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import { durationMs, type ListeningMs } from "@herdbeat/shared/time";
import {
  awaitsFencing,
  HEARD_LATELY,
  isConfirmedOff,
  isDeviceConfirmed,
  isHeardSinceOff,
} from "../core/fencing.ts";
import { isOpen } from "../core/incident.ts";
import type { NodeState } from "../core/node-state.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { Ownership } from "../ports/shard-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { OutboxSource, RequestCheck } from "./outbox-source.ts";
import type { ShardRunner } from "./shard-runner.ts";

export interface OutboxDeskDeps {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  /** Why no request may be sent now; null: it may. */
  readonly waitsBecause: () => string | null;
  /**
   * Reads the power of a fenced node again: why it may not go now, null: it may. `needsOff`: a device
   * has to say off; otherwise it suffices that none says on.
   */
  readonly notOffBecause: (node: NodeState, needsOff: boolean) => Promise<string | null>;
  readonly listeningNow: () => ListeningMs;
  /** The store refused our token: another owner exists. */
  readonly onStale: (shard: ShardId) => void;
  readonly onGenerationMismatch: (shard: ShardId) => void;
  readonly onRowChanged: (incident: IncidentId) => void;
  /** Accepted by its receiver, or superseded. */
  readonly onRowGone: (row: OutboxRow) => void;
}

/** A request stays true for this long without being looked at again. */
const REQUEST_VALID = durationMs(60_000);

export class OutboxDesk implements OutboxSource {
  readonly #deps: OutboxDeskDeps;

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

  /** A host that was confirmed off must be off now, too: nobody holds it when it returns. */
  async recheck(row: OutboxRow): Promise<RequestCheck> {
    const before = this.#check(row);
    if (before.kind !== "send") return before;
    const state = this.#stateOf(row);
    const incident = state?.incidents.find((one) => one.id === row.incident);
    if (state === null || incident === undefined || !isConfirmedOff(incident)) return before;
    const notOff = await this.#deps.notOffBecause(state, isDeviceConfirmed(incident));
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
    if (state === null || incident === undefined || !isOpen(incident.phase)) {
      return { kind: "supersede", because: "the incident is over", page: false };
    }
    if (incident.phase !== "committed") {
      return { kind: "supersede", because: "the incident is not committed", page: true };
    }
    if (awaitsFencing(incident)) {
      return { kind: "wait", because: "its host is not confirmed off" };
    }
    if (isConfirmedOff(incident) && (isHeardSinceOff(state, incident) || this.#isHeard(row.node))) {
      return { kind: "wait", because: "its node was heard after it was confirmed off" };
    }
    return { kind: "send", validFor: REQUEST_VALID };
  }

  #isHeard(node: NodeId): boolean {
    const { table, listeningNow } = this.#deps;
    return table.isHeardWithin(node, HEARD_LATELY, listeningNow());
  }

  #runnerOf(ownership: Ownership): ShardRunner | null {
    const runner = this.#deps.runners.get(ownership.shard);
    return runner === undefined || runner.ownership.token !== ownership.token ? null : runner;
  }
}
