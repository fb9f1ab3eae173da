/**
 * What the detector said of each node and when it was wrong, in a few numbers per node, by the node
 * table's index. Written when a node's health changes, never by a heartbeat.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { Instant, NodeState } from "../core/node-state.ts";
import {
  emptyTally,
  endingOf,
  type Mistakes,
  NO_MISTAKES,
  type Output,
  outputOf,
  type QualityTally,
  withMistake,
} from "../core/quality.ts";

/** What ended with a change of a node; its shard counts it too. */
export interface QualityChange {
  readonly observedMs: number;
  /** How long a living node was suspected; null: that was no mistake. */
  readonly suspectedMs: number | null;
  readonly declaredMs: number | null;
  readonly isDeath: boolean;
}

interface Row {
  readonly node: NodeId;
  readonly since: UnixMs;
  output: Output;
  /** On the listening clock: from when `output` holds and is not yet counted. */
  from: number;
  suspectedAt: number;
  declaredAt: number;
  observedMs: number;
  suspicions: Mistakes;
  declarations: Mistakes;
  deaths: number;
}

export class NodeQuality {
  readonly #rows: (Row | null)[] = [];

  /** From when a node is looked after here; what is asked of it later counts from then. */
  begin(index: number, state: NodeState, now: Instant): void {
    const output = outputOf(state);
    const at = now.listening;
    this.#rows[index] = {
      node: state.record.id,
      since: now.wall,
      output,
      from: at,
      suspectedAt: at,
      declaredAt: at,
      observedMs: 0,
      suspicions: NO_MISTAKES,
      declarations: NO_MISTAKES,
      deaths: 0,
    };
  }

  /** Null when the change ended nothing that is counted. */
  changed(index: number, before: NodeState, after: NodeState, now: Instant): QualityChange | null {
    const known = this.#rows[index];
    if (known === undefined || known === null || known.node !== after.record.id)
      this.begin(index, before, now);
    const row = this.#rows[index];
    if (row === undefined || row === null) return null;
    const is = outputOf(after);
    const ending = endingOf(before, after);
    if (is === row.output && ending === null) return null;
    const at = now.listening;
    const trustedMs = row.output === "trusted" ? at - row.from : 0;
    const suspectedMs = ending === "mistake" ? at - row.suspectedAt : null;
    const declaredMs =
      ending === "mistake" && row.output === "declared" ? at - row.declaredAt : null;
    if (suspectedMs !== null) row.suspicions = withMistake(row.suspicions, suspectedMs);
    if (declaredMs !== null) row.declarations = withMistake(row.declarations, declaredMs);
    if (ending === "death") row.deaths += 1;
    if (row.output !== "suspected" && row.output !== "declared") row.suspectedAt = at;
    if (row.output !== "declared") row.declaredAt = at;
    const observedMs = trustedMs + (suspectedMs ?? 0);
    row.observedMs += observedMs;
    row.output = is;
    row.from = at;
    return { observedMs, suspectedMs, declaredMs, isDeath: ending === "death" };
  }

  /** Counts the trust of a node until now and returns what is new of it. */
  settle(index: number, at: number): number {
    const row = this.#rows[index];
    if (row === undefined || row === null || row.output !== "trusted") return 0;
    const passed = Math.max(0, at - row.from);
    row.from = at;
    row.observedMs += passed;
    return passed;
  }

  forget(index: number): void {
    this.#rows[index] = null;
  }

  tally(index: number, node: NodeId): QualityTally | null {
    const row = this.#rows[index];
    if (row === undefined || row === null || row.node !== node) return null;
    const { since, observedMs, suspicions, declarations, deaths } = row;
    return { ...emptyTally(since), observedMs, suspicions, declarations, deathsTotal: deaths };
  }
}
