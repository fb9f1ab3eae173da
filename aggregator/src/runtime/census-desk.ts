/**
 * Gathers what all owners count: our own nodes from memory, a peer's over the mesh or, where that
 * link is missing, from beside its liveness counter in the store.
 *
 * Guarantee: a count is used for COUNT_FRESH from when it can have been made at the earliest: from
 * our question, or from our look at the store before the one that showed it. A shard counts only by
 * the word of the owner that the store names. Nobody is asked while nobody is in doubt.
 */
import { type AggregatorId, allShards, type ShardId } from "@herdbeat/shared/ids";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type ListeningMs,
  listeningMs,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import { type Census, countOwn, FLEET, merged, type OwnerCount } from "../core/census.ts";
import type { DetectionLimits } from "../core/detection-config.ts";
import type { AggregatorRecord } from "../ports/fleet-store.ts";
import type { CensusAnswer, Mesh } from "../ports/mesh.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";

export const COUNT_FRESH: DurationMs = durationMs(1_000);
/** A doubt lasts half a second at least: its verdict rests on counts of the doubt itself. */
const ASK_EVERY = durationMs(250);
/** Open questions; an answer to an older one is too late anyway. */
const QUESTIONS_MAX = 8;

export interface CensusDeskDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly limits: DetectionLimits;
  readonly mesh: Pick<Mesh, "askCensus" | "answerCensus" | "isConnected">;
  readonly manager: () => Pick<ShardManager, "members" | "owners" | "isOwnerLiving">;
  readonly now: () => ListeningMs;
}

interface PeerCount {
  readonly since: MonotonicMs;
  readonly count: OwnerCount;
}

export class CensusDesk {
  readonly #deps: CensusDeskDeps;
  readonly #peers = new Map<AggregatorId, PeerCount>();
  readonly #questions = new Map<number, MonotonicMs>();
  /** Asked since the last turn, at most one question per peer. */
  readonly #waiting = new Map<AggregatorId, number>();
  #members: readonly AggregatorRecord[] = [];
  #counters = new Map<AggregatorId, number>();
  #lookedAt: MonotonicMs | null = null;
  #question = 0;
  #askedAt: MonotonicMs | null = null;
  #own: OwnerCount | null = null;
  #census: Census | null = null;

  constructor(deps: CensusDeskDeps) {
    this.#deps = deps;
  }

  /** What was counted in the turn before is over. */
  beginTurn(): void {
    this.#own = null;
    this.#census = null;
    this.#lookAtStore();
  }

  /** Answers what was asked, from nodes that all were stepped. */
  endTurn(): void {
    for (const [peer, question] of this.#waiting) {
      this.#deps.mesh.answerCensus(peer, { question, ...this.#counted() });
    }
    this.#waiting.clear();
  }

  census(): Census {
    this.#census ??= merged([this.#counted(), ...this.#peerCounts()]);
    return this.#census;
  }

  get fleetNodes(): number {
    return this.census().domains.get(FLEET)?.nodes ?? 0;
  }

  /** Somebody is in doubt: the others are asked, as often as that makes sense. */
  ask(): void {
    const now = this.#deps.clock.now();
    if (this.#askedAt !== null && elapsed(this.#askedAt, now) < ASK_EVERY) return;
    this.#askedAt = now;
    if (this.#livingPeers().length === 0) return;
    this.#question += 1;
    this.#questions.set(this.#question, now);
    if (this.#questions.size > QUESTIONS_MAX) {
      const oldest = this.#questions.keys().next().value;
      if (oldest !== undefined) this.#questions.delete(oldest);
    }
    this.#deps.mesh.askCensus(this.#question);
  }

  onQuestion(peer: AggregatorId, question: number): void {
    if (this.#deps.manager().members.some((one) => one.id === peer))
      this.#waiting.set(peer, question);
  }

  onAnswer(peer: AggregatorId, { question, domains, shards }: CensusAnswer): void {
    const since = this.#questions.get(question);
    const before = this.#peers.get(peer);
    if (since === undefined || (before !== undefined && before.since > since)) return;
    this.#peers.set(peer, { since, count: { domains, shards } });
  }

  /** For beside our counter: only where a living peer has no link to ask us. */
  forStore(): OwnerCount | null {
    const isMissing = this.#livingPeers().some(({ id }) => !this.#deps.mesh.isConnected(id));
    return isMissing ? this.#counted() : null;
  }

  #livingPeers(): readonly AggregatorRecord[] {
    const { self, manager } = this.#deps;
    const { members } = manager();
    return members.filter(({ id }) => id !== self && manager().isOwnerLiving(id));
  }

  #counted(): OwnerCount {
    const { table, runners, limits, now } = this.#deps;
    this.#own ??= countOwn(
      table.states,
      table.lastHeardAt,
      listeningMs(Math.max(0, now() - limits.suspectAfter)),
      [...runners.values()].filter((runner) => !runner.held).map((runner) => runner.shard),
    );
    return this.#own;
  }

  #peerCounts(): readonly OwnerCount[] {
    const now = this.#deps.clock.now();
    const { owners } = this.#deps.manager();
    return [...this.#peers].flatMap(([peer, { since, count }]) => {
      if (elapsed(since, now) > COUNT_FRESH) return [];
      const shards = count.shards.filter((shard) => owners.get(shard)?.aggregator === peer);
      return shards.length === 0 ? [] : [{ ...count, shards }];
    });
  }

  /** A counter that rose since our last look was raised after it, and the count beside it with it. */
  #lookAtStore(): void {
    const { self, manager, clock } = this.#deps;
    const { members } = manager();
    if (members === this.#members) return;
    const before = this.#lookedAt;
    this.#lookedAt = clock.now();
    this.#members = members;
    const counters = new Map<AggregatorId, number>();
    for (const { id, counter, census } of members) {
      counters.set(id, counter);
      if (id === self || census === null || before === null) continue;
      if (this.#counters.get(id) === counter) continue;
      const known = this.#peers.get(id);
      if (known === undefined || known.since < before)
        this.#peers.set(id, { since: before, count: census });
    }
    this.#counters = counters;
    for (const id of this.#peers.keys()) if (!counters.has(id)) this.#peers.delete(id);
  }
}

/** Shards that nobody can count now, for people. */
export function ownerless(owners: ShardManager["owners"]): number {
  return [...allShards()].filter((shard) => (owners.get(shard) ?? null) === null).length;
}
