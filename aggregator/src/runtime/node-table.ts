/**
 * Every node this process looks after, by a dense index. The hot path (one heartbeat) writes three
 * typed arrays and nothing else; the pure core's state is touched only when something changes.
 */
import { assert } from "@herdbeat/shared/assert";
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import type { DurationMs, ListeningMs } from "@herdbeat/shared/time";
import type { NodeState } from "../core/node-state.ts";
import { carriesZone } from "../core/zone-outage.ts";
import type { AgentSession } from "../ports/agent-listener.ts";

/** Bound of one process; beyond it hellos are refused as `busy`. */
export const NODES_MAX = 120_000;

export class NodeTable {
  /** Listening time of the last frame. */
  lastHeardAt: Float64Array = new Float64Array(256);
  sequence: Uint32Array = new Uint32Array(256);
  ownLagMs: Uint32Array = new Uint32Array(256);
  /** Where the node answers echo questions; 0 = nowhere. */
  echoPort: Uint16Array = new Uint16Array(256);
  /** Of the certificate of its last session here; null = not known, nobody's echo is its own. */
  readonly echoKeys: (Uint8Array | null)[] = [];
  /** 1 = alive, and nothing but silence can change anything about it. */
  quiet: Uint8Array = new Uint8Array(256);
  readonly states: (NodeState | null)[] = [];
  readonly sessions: (AgentSession | null)[] = [];
  readonly shards: ShardId[] = [];
  readonly #indexes = new Map<NodeId, number>();
  readonly #free: number[] = [];

  /** One more than the highest index in use. */
  get extent(): number {
    return this.states.length;
  }

  get size(): number {
    return this.#indexes.size;
  }

  indexOf(node: NodeId): number | undefined {
    return this.#indexes.get(node);
  }

  state(index: number): NodeState {
    const state = this.states[index];
    assert(state !== null && state !== undefined, `no node at index ${index}`);
    return state;
  }

  /** Whether a frame of it came this short a time before `now`. */
  isHeardWithin(node: NodeId, bound: DurationMs, now: ListeningMs): boolean {
    const index = this.indexOf(node);
    return index !== undefined && now - (this.lastHeardAt[index] ?? 0) < bound;
  }

  add(state: NodeState, shard: ShardId): number {
    const index = this.#free.pop() ?? this.states.length;
    if (index >= this.lastHeardAt.length) this.#grow();
    this.states[index] = state;
    this.sessions[index] = null;
    this.shards[index] = shard;
    this.lastHeardAt[index] = state.lastHeardAt;
    this.sequence[index] = 0;
    this.ownLagMs[index] = 0;
    this.echoPort[index] = 0;
    this.echoKeys[index] = null;
    this.quiet[index] = 0;
    this.#indexes.set(state.record.id, index);
    return index;
  }

  put(index: number, state: NodeState): void {
    this.states[index] = state;
    // Who carries the incident of a domain's outage must see its end; who is unsteady, that it is steady.
    const { health, steadiness, conflictAt, drill } = state;
    const isQuiet =
      health.state === "alive" && steadiness === null && conflictAt === null && drill === null;
    this.quiet[index] = isQuiet && !carriesZone(state) ? 1 : 0;
    if (state.lastHeardAt > (this.lastHeardAt[index] ?? 0))
      this.lastHeardAt[index] = state.lastHeardAt;
  }

  remove(index: number): void {
    const state = this.state(index);
    this.#indexes.delete(state.record.id);
    this.states[index] = null;
    this.sessions[index] = null;
    this.echoKeys[index] = null;
    this.quiet[index] = 1;
    this.lastHeardAt[index] = Number.POSITIVE_INFINITY;
    this.#free.push(index);
  }

  #grow(): void {
    const size = this.lastHeardAt.length * 2;
    this.lastHeardAt = copyInto(new Float64Array(size), this.lastHeardAt);
    this.sequence = copyInto(new Uint32Array(size), this.sequence);
    this.ownLagMs = copyInto(new Uint32Array(size), this.ownLagMs);
    this.echoPort = copyInto(new Uint16Array(size), this.echoPort);
    this.quiet = copyInto(new Uint8Array(size), this.quiet);
  }
}

function copyInto<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
  to: T,
  from: T,
): T {
  to.set(from);
  return to;
}
