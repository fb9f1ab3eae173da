/**
 * The nodes of owned shards in memory: loads them when a shard is claimed, lets them go when it is
 * given or lost, keeps them (without verdicts) while it is held, restores a store that lost them.
 */
import type { AggregatorId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import { type Clock, durationMs, type UnixMs, unixMs } from "@herdbeat/shared/time";
import { isDamagedDrill } from "../core/drill.ts";
import { type IncidentRecord, isOpen } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { StoreGeneration } from "../core/shard-facts.ts";
import type { ShardMirror } from "../ports/mirror.ts";
import type { Ownership, ShardSnapshot, ShardWrite } from "../ports/shard-store.ts";
import { loadedNodeState } from "./node-loading.ts";
import type { NodeTable } from "./node-table.ts";
import type { QualityKeeper } from "./quality-keeper.ts";
import { ShardRunner, type ShardRunnerDeps } from "./shard-runner.ts";
import type { TurnLoop } from "./turn-loop.ts";

export interface ShardDeskDeps {
  readonly table: NodeTable;
  readonly runners: Map<ShardId, ShardRunner>;
  readonly turns: TurnLoop;
  readonly quality: Pick<QualityKeeper, "begin" | "forget">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runner: ShardRunnerDeps;
  readonly endpointOf: (aggregator: AggregatorId) => string | null;
  readonly onChange: () => void;
}

/** Everybody else may have been heard until the end: what is shown of a wobbling node lags behind. */
const KNOWN_OUT: ReadonlySet<NodeRecord["state"]> = new Set([
  "declared",
  "committed",
  "left",
  "unseen",
]);

export class ShardDesk {
  readonly #deps: ShardDeskDeps;

  constructor(deps: ShardDeskDeps) {
    this.#deps = deps;
  }

  /** A claimed shard's nodes are `awaited` from now on; its undelivered rows are ours to send. */
  claimed(ownership: Ownership, snapshot: ShardSnapshot, generation: StoreGeneration): void {
    const { table, runners, turns, quality, runner: deps } = this.#deps;
    const now = { listening: turns.now(), wall: this.#deps.clock.wallNow() };
    this.#letGo(ownership.shard, null);
    const runner = new ShardRunner(ownership, snapshot, generation, deps);
    runners.set(ownership.shard, runner);
    for (const incident of snapshot.incidents) {
      if (!isOpen(incident.phase)) runner.ended.set(incident.id, incident);
      else if (isDamagedDrill(incident)) this.#reportDamaged(incident);
    }
    const openBy = openByNode(snapshot.incidents);
    // When the last owner still listened: who was not out by its word was heard until about then.
    const listenedUntil = Math.max(0, ...snapshot.proofs.values());
    for (const stored of snapshot.nodes) {
      if (stored.retired) continue;
      const record =
        !KNOWN_OUT.has(stored.state) && stored.lastSeenAt < listenedUntil
          ? { ...stored, lastSeenAt: unixMs(listenedUntil) }
          : stored;
      const state = loadedNodeState(
        record,
        openBy.get(record.id) ?? [],
        snapshot.proofs.get(record.id) ?? null,
        now.listening,
        false,
      );
      const index = table.add(state, ownership.shard);
      runner.indexes.add(index);
      quality.begin(index, state, now);
    }
    deps.onRows(ownership.shard);
    this.#deps.onChange();
  }

  #reportDamaged({ shard, id, node, phase, origin }: IncidentRecord): void {
    const facts = { shard, incident: id, node, phase, origin };
    this.#deps.logger.error(
      "a stored incident of a drill can be none; it is left where it is",
      facts,
    );
  }

  /** Writes out what is staged, then tells the agents where to go. */
  async give(shard: ShardId, to: AggregatorId | null): Promise<Ownership | null> {
    const runner = this.#deps.runners.get(shard);
    if (runner === undefined) return null;
    await runner.drain();
    this.#letGo(shard, to);
    this.#deps.onChange();
    return runner.held ? null : runner.ownership;
  }

  lost(shard: ShardId, why: string): void {
    this.#deps.logger.warn(
      "another aggregator owns the shard now; nothing of it is judged here any more",
      {
        shard,
        why,
      },
    );
    this.#letGo(shard, null);
    this.#deps.onChange();
  }

  hold(shard: ShardId, why: string): void {
    this.#deps.runners.get(shard)?.hold(why);
    this.#deps.onChange();
  }

  #letGo(shard: ShardId, to: AggregatorId | null): void {
    const { table, runners } = this.#deps;
    const runner = runners.get(shard);
    if (runner === undefined) return;
    runners.delete(shard);
    runner.stop();
    const endpoint = to === null ? null : this.#deps.endpointOf(to);
    for (const index of runner.indexes) {
      const session = table.sessions[index];
      if (session !== null && session !== undefined) {
        session.node = -1;
        if (endpoint === null)
          session.goodbye("busy", "the shard changes its owner", undefined, durationMs(300));
        else
          session.goodbye(
            "not-owner",
            "the shard has another owner now",
            endpoint,
            durationMs(100),
          );
      }
      this.#deps.quality.forget(index);
      table.remove(index);
    }
  }

  /**
   * What this process knows of a held shard: its memory, or its mirror on disk. The former is
   * complete up to the moment of the loss, the latter up to its last write.
   */
  knowledge(shard: ShardId, mirror: ShardMirror | null): Knowledge | null {
    const { table, runners } = this.#deps;
    const runner = runners.get(shard);
    if (runner !== undefined) {
      const states = [...runner.indexes].map((index) => table.state(index));
      return {
        source: "memory",
        nodes: states.map((state) => state.record),
        incidents: states.flatMap((state) => state.incidents),
        rows: [...runner.outbox.values(), ...runner.stagedRows()],
      };
    }
    if (mirror === null) return null;
    return { source: "mirror", nodes: mirror.nodes, incidents: mirror.incidents, rows: [] };
  }

  /**
   * Goes on under a new ownership of restored data. Sessions and states stay as they are; nodes that
   * are not connected are `unseen since store loss` if they never return, never declared.
   */
  restored(ownership: Ownership, generation: StoreGeneration, knowledge: Knowledge): void {
    const { table, runners, turns, runner: deps } = this.#deps;
    const former = runners.get(ownership.shard);
    const runner = new ShardRunner(
      ownership,
      {
        owner: ownership,
        generation,
        nodes: [],
        incidents: [],
        outbox: knowledge.rows,
        proofs: former?.proofs ?? new Map(),
        damaged: [],
      },
      generation,
      deps,
    );
    runners.set(ownership.shard, runner);
    if (former !== undefined) {
      former.stop();
      for (const index of former.indexes) runner.indexes.add(index);
      for (const [id, incident] of former.ended) runner.ended.set(id, incident);
      runner.absorb(former);
    } else {
      const openBy = openByNode(knowledge.incidents);
      for (const record of knowledge.nodes) {
        const state = loadedNodeState(record, openBy.get(record.id) ?? [], null, turns.now(), true);
        runner.indexes.add(table.add(state, ownership.shard));
      }
    }
    deps.onRows(ownership.shard);
    this.#deps.onChange();
  }
}

export interface Knowledge {
  readonly source: "memory" | "mirror";
  readonly nodes: readonly NodeRecord[];
  readonly incidents: readonly IncidentRecord[];
  readonly rows: readonly OutboxRow[];
}

/** Everything known of a shard as writes; incidents keep their ids, so repeats are recognised. */
export function restoringWrites(knowledge: Knowledge, at: UnixMs): readonly ShardWrite[] {
  const writes: ShardWrite[] = knowledge.nodes.map((record) => ({ kind: "put-node", record }));
  for (const record of knowledge.incidents)
    writes.push({ kind: "put-incident", record, expect: null });
  for (const row of knowledge.rows) writes.push({ kind: "put-outbox", row });
  for (const record of knowledge.nodes) {
    writes.push({
      kind: "history",
      entry: {
        at,
        node: record.id,
        kind: "state",
        json: JSON.stringify({
          because: `restored from ${knowledge.source} after the store lost its data; older history is lost`,
        }),
      },
    });
  }
  return writes;
}

function openByNode(incidents: readonly IncidentRecord[]): Map<NodeId, IncidentRecord[]> {
  const byNode = new Map<NodeId, IncidentRecord[]>();
  for (const incident of incidents) {
    if (!isOpen(incident.phase)) continue;
    const list = byNode.get(incident.node);
    if (list === undefined) byNode.set(incident.node, [incident]);
    else list.push(incident);
  }
  return byNode;
}
