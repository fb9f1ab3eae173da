/**
 * Which shards this process looks after, and when it takes or gives them.
 *
 * Guarantee: a shard is judged only between a successful claim and the first sign that another
 * token exists. Liveness of others is judged by our own clock over answered looks only. Nothing is
 * created in a store that some machine knows to have held more.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import {
  type AggregatorId,
  allShards,
  type FencingToken,
  type ShardId,
} from "@herdbeat/shared/ids";
import {
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
} from "@herdbeat/shared/time";
import { highest, judgeGeneration } from "../core/generation-guard.ts";
import { isGone, type LivenessWatch, look, NOTHING_WATCHED } from "../core/liveness-watch.ts";
import { OwnershipPlanner } from "../core/ownership.ts";
import type { ShardOwner, StoreGeneration } from "../core/shard-facts.ts";
import type { AggregatorRecord } from "../ports/fleet-store.ts";
import type { Ownership } from "../ports/shard-store.ts";
import type { Seen, ShardManagerDeps } from "./shard-manager-deps.ts";

/** At most 3 a second by design; 400 ms leaves room. */
const PULSE_INTERVAL = durationMs(400);
/** Every so many pulses all owners and generations are read. */
const OWNERS_EVERY = 3;
/** The same where each shard is a command of its own: 64 of them every 4.8 s. */
const OWNERS_EVERY_APART = 12;
/** A counter that did not change for this long of watching belongs to a dead process. */
const GONE_AFTER = durationMs(5_000);
/** Membership must be unchanged this long before shards move between living owners. */
const SETTLE_AFTER = durationMs(8_000);
/** Dead aggregators' records are swept away by their heirs after this long. */
const FORGET_AFTER = durationMs(60_000);

export class ShardManager {
  readonly #deps: ShardManagerDeps;
  #timer: TimerHandle | null = null;
  #pulses = 0;
  #counter: number;
  #watch: LivenessWatch = NOTHING_WATCHED;
  #members: readonly AggregatorRecord[] = [];
  #membershipKey = "";
  #membershipSince: MonotonicMs;
  #owners: ReadonlyMap<ShardId, ShardOwner | null> = new Map();
  #generations = new Map<ShardId, StoreGeneration>();
  #lastWriteAt: MonotonicMs | null = null;
  #ownersReadAt: MonotonicMs | null = null;
  #stopped = false;
  #busy: Promise<void> | null = null;
  readonly #held = new Map<ShardId, Ownership>();
  readonly #doubted = new Set<ShardId>();
  readonly #foreign = new Map<ShardId, string>();
  /** Restores of ours: a look that overlaps with one shows a state in between. */
  readonly #restores = new Map<ShardId, "under-way" | "ended">();
  readonly #planner = new OwnershipPlanner();
  readonly #mesh = { gone: new Set<AggregatorId>() };

  constructor(deps: ShardManagerDeps) {
    this.#deps = deps;
    this.#counter = Math.floor(deps.random.next() * 1_000_000);
    this.#membershipSince = deps.clock.now();
  }

  get members(): readonly AggregatorRecord[] {
    return this.#members;
  }

  get owners(): ReadonlyMap<ShardId, ShardOwner | null> {
    return this.#owners;
  }

  get foreign(): ReadonlyMap<ShardId, string> {
    return this.#foreign;
  }

  get heldShards(): ReadonlyMap<ShardId, Ownership> {
    return this.#held;
  }

  generationOf(shard: ShardId): StoreGeneration | null {
    return this.#generations.get(shard) ?? null;
  }

  /** Time since the last answered liveness write. */
  storeWriteAge(): DurationMs {
    const now = this.#deps.clock.now();
    return this.#lastWriteAt === null ? durationMs(3_600_000) : elapsed(this.#lastWriteAt, now);
  }

  /** How long another aggregator's counter has not changed while we watched. */
  unchangedFor(id: AggregatorId): DurationMs {
    return this.#watch.watched.get(id)?.unchangedFor ?? durationMs(0);
  }

  endpointOf(shard: ShardId): string | null {
    const owner = this.#owners.get(shard);
    if (owner === null || owner === undefined) return null;
    if (!this.#isLiving(owner.aggregator)) return null;
    return this.#members.find((one) => one.id === owner.aggregator)?.streamEndpoint ?? null;
  }

  selfRecord(): AggregatorRecord {
    return { ...this.#deps.self(), counter: this.#counter, census: null };
  }

  isOwnerLiving(id: AggregatorId): boolean {
    return this.#members.some((one) => one.id === id) && this.#isLiving(id);
  }

  hasLivingPeers(): boolean {
    return this.#members.some(({ id }) => id !== this.#deps.self().id && this.#isLiving(id));
  }

  start(): void {
    this.#schedule(durationMs(0));
  }

  /** The mesh saw the process die (its socket closed and its port refuses): no need to wait. */
  peerDied(id: AggregatorId): void {
    this.#mesh.gone.add(id);
    this.wake();
  }

  peerLives(id: AggregatorId): void {
    this.#mesh.gone.delete(id);
  }

  /** Looks at once instead of at the next pulse. */
  wake(): void {
    if (this.#stopped || this.#busy !== null) return;
    this.#timer?.cancel();
    this.#pulses = 0;
    this.#schedule(durationMs(0));
  }

  /** Another process has the shard: its token is gone, nothing is released. */
  forgetShard(shard: ShardId): void {
    this.#held.delete(shard);
  }

  /** From the claim to the last write of a restore, what looks show of the shard does not count. */
  async restoring<T>(shard: ShardId, restore: () => Promise<T>): Promise<T> {
    this.#restores.set(shard, "under-way");
    try {
      return await restore();
    } finally {
      this.#restores.set(shard, "ended");
    }
  }

  /** A restore claimed the shard on our behalf. */
  adopted(ownership: Ownership): void {
    this.#held.set(ownership.shard, ownership);
    this.#owners = new Map(this.#owners).set(ownership.shard, ownership);
    this.#membershipSince = this.#deps.clock.now(); // its heir may hold it still: nothing moves
  }

  /** After a restore or an adoption: what the store holds now is the truth. */
  acceptGeneration(shard: ShardId, generation: StoreGeneration | null): void {
    this.#foreign.delete(shard);
    if (generation === null) this.#generations.delete(shard);
    else this.#generations.set(shard, generation);
  }

  noteGeneration(shard: ShardId, generation: StoreGeneration): void {
    const best = highest(this.#generations.get(shard) ?? null, generation);
    if (best !== null) this.#generations.set(shard, best);
  }

  /** Orderly end: everything is handed over, then our record is withdrawn. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#busy;
    await Promise.all([...this.#held.keys()].map((shard) => this.#give(shard, null)));
    try {
      await this.#deps.fleet.forget(this.#deps.self().id);
    } catch (error) {
      this.#deps.logger.warn("could not withdraw this aggregator's record", {
        error: renderErrorChain(error),
      });
    }
  }

  #schedule(delay: DurationMs): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(delay, () => {
      this.#busy = this.#pulse().finally(() => {
        this.#busy = null;
        this.#schedule(PULSE_INTERVAL);
      });
    });
  }

  async #pulse(): Promise<void> {
    try {
      this.#counter += 1;
      const members = await this.#deps.fleet.pulse({
        ...this.#deps.self(),
        counter: this.#counter,
        census: this.#deps.census(),
      });
      const now = this.#deps.clock.now();
      this.#lastWriteAt = now;
      this.#watch = look(this.#watch, members, now, durationMs(PULSE_INTERVAL * 3));
      this.#members = members;
      this.#noteMembership(now);
      const every = this.#deps.fleet.commandsPerLook > 1 ? OWNERS_EVERY_APART : OWNERS_EVERY;
      if (this.#pulses % every === 0) await this.#readShards();
      this.#pulses += 1;
      if (this.#ownersReadAt !== null && !this.#stopped) await this.#act();
    } catch (error) {
      if (error instanceof StoreUnavailableError) return; // only answered looks count
      this.#deps.logger.error("looking after ownership failed", { error: renderErrorChain(error) });
    }
  }

  #noteMembership(now: MonotonicMs): void {
    const key = this.#members
      .filter((one) => this.#isLiving(one.id))
      .map((one) => `${one.id}/${one.draining}/${one.weight}`)
      .sort()
      .join(",");
    if (key === this.#membershipKey) return;
    this.#membershipKey = key;
    this.#membershipSince = now;
    this.#deps.onViewChanged();
  }

  async #readShards(): Promise<void> {
    for (const [shard, restore] of this.#restores)
      if (restore === "ended") this.#restores.delete(shard);
    const known = new Map([...allShards()].map((shard) => [shard, this.#known(shard)]));
    const found = await this.#deps.fleet.shards();
    this.#ownersReadAt = this.#deps.clock.now();
    const owners = new Map<ShardId, ShardOwner | null>();
    for (const shard of allShards()) {
      if (this.#restores.has(shard)) {
        owners.set(shard, this.#owners.get(shard) ?? null);
        continue;
      }
      const one = found.get(shard) ?? { owner: null, generation: null };
      owners.set(shard, one.owner);
      this.#checkHeld(shard, one.owner);
      this.#checkGeneration(shard, one.generation, known.get(shard));
    }
    this.#owners = owners;
  }

  #checkHeld(shard: ShardId, owner: ShardOwner | null): void {
    const ownership = this.#held.get(shard);
    if (ownership === undefined || owner === null) return;
    if (owner.aggregator === ownership.aggregator && owner.token === ownership.token) return;
    // A look that was under way while we claimed shows the past.
    if (owner.token < ownership.token) return;
    if (owner.aggregator === ownership.aggregator) {
      this.#hold(shard, `the store has a newer token in our own name: ${owner.token}`);
      return;
    }
    this.#held.delete(shard);
    this.#deps.onLost(shard, `owned by ${owner.aggregator} with token ${owner.token}`);
  }

  #checkGeneration(shard: ShardId, found: Seen, known: Seen = this.#known(shard)): void {
    if (known === null && found === null) return;
    const verdict = judgeGeneration(known, found);
    if (verdict.kind === "held") {
      // A peer's word may be newer than a look that was under way: only a second look counts.
      if (!this.#doubted.has(shard) && found !== null) {
        this.#doubted.add(shard);
        return;
      }
      this.#hold(shard, verdict.why);
      return;
    }
    this.#foreign.delete(shard);
    this.#doubted.delete(shard);
    if (found !== null) this.noteGeneration(shard, found);
  }

  #known(shard: ShardId): StoreGeneration | null {
    return highest(this.#generations.get(shard) ?? null, this.#deps.seen(shard));
  }

  #hold(shard: ShardId, why: string): void {
    if (this.#foreign.has(shard)) return;
    this.#foreign.set(shard, why);
    this.#deps.onForeign(shard, why);
  }

  #isLiving(id: AggregatorId): boolean {
    if (id === this.#deps.self().id) return true;
    return !this.#mesh.gone.has(id) && !isGone(this.#watch, id, GONE_AFTER);
  }

  async #act(): Promise<void> {
    const self = this.#deps.self();
    const living = this.#members.filter((one) => this.#isLiving(one.id));
    const sick = this.#deps.tooSick();
    const candidates = living.filter(
      (one) => !one.draining && !(sick && one.id === self.id && living.length > 1),
    );
    const moves = this.#planner.plan({
      self: self.id,
      candidates,
      living: new Set(living.map((one) => one.id)),
      owners: this.#owners,
      held: new Set(this.#held.keys()),
      settled: sick || elapsed(this.#membershipSince, this.#deps.clock.now()) >= SETTLE_AFTER,
    });
    const wanted = moves.filter((move) => move.kind === "claim");
    const unknown = wanted.filter(({ shard }) => this.#known(shard) === null);
    const isWiped = unknown.length > 0 && !(await this.#deps.hasRecord());
    for (const { shard } of unknown)
      if (isWiped) this.#hold(shard, "the store has lost the cluster's record: it was wiped");
      else this.#foreign.delete(shard);
    const claims = wanted.filter(
      ({ shard }) => !this.#foreign.has(shard) && !this.#restores.has(shard),
    );
    await Promise.all(claims.map((move) => this.#claim(move.shard, move.expected)));
    for (const move of moves) if (move.kind === "give") await this.#give(move.shard, move.to);
    await this.#sweep(living);
  }

  async #claim(shard: ShardId, expected: ShardOwner | null): Promise<void> {
    const { shards, clock, random } = this.#deps;
    const outcome = await shards.claim({
      shard,
      self: this.#deps.self().id,
      expected,
      tokenSeen: (expected?.token ?? 0) as FencingToken,
      now: clock.wallNow(),
      // Only a shard that no one here ever saw may be made from nothing.
      create: this.#known(shard) === null ? { generationId: random.hex(8) } : null,
    });
    switch (outcome.kind) {
      case "taken":
        this.#owners = new Map(this.#owners).set(shard, outcome.owner);
        return;
      case "not-created":
        this.#checkGeneration(shard, null);
        return;
      case "claimed":
        await this.#enter(shard, outcome.owner, outcome.generation);
        return;
    }
  }

  async #enter(shard: ShardId, owner: ShardOwner, generation: StoreGeneration): Promise<void> {
    const ownership: Ownership = { ...owner, shard, generationId: generation.id };
    const snapshot = await this.#deps.shards.load(shard);
    if (this.#stopped) {
      await this.#deps.shards.release(ownership);
      return;
    }
    this.#checkGeneration(shard, snapshot.generation);
    if (this.#foreign.has(shard)) return;
    this.#held.set(shard, ownership);
    this.#owners = new Map(this.#owners).set(shard, owner);
    for (const damage of snapshot.damaged) {
      this.#deps.logger.error("a stored entry could not be read; it is kept as it is", {
        shard,
        damage,
      });
    }
    this.#deps.onClaimed(ownership, snapshot, snapshot.generation ?? generation);
  }

  async #give(shard: ShardId, to: AggregatorId | null): Promise<void> {
    const ownership = await this.#deps.onGive(shard, to);
    this.#held.delete(shard);
    this.#owners = new Map(this.#owners).set(shard, null);
    if (ownership === null) return;
    try {
      await this.#deps.shards.release(ownership);
    } catch (error) {
      this.#deps.logger.warn("could not release a shard; its heir waits for our counter's end", {
        shard,
        error: renderErrorChain(error),
      });
    }
  }

  /** Forgets the long dead, so that lists and rendezvous stay clean. */
  async #sweep(living: readonly AggregatorRecord[]): Promise<void> {
    if (living[0]?.id !== this.#deps.self().id) return;
    for (const member of this.#members) {
      if (this.unchangedFor(member.id) >= FORGET_AFTER) await this.#deps.fleet.forget(member.id);
    }
  }
}
