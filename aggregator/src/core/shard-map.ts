/** Which aggregator should look after which shard: weighted rendezvous hashing (Thaler & Ravishankar 1998; weights after Schindelhauer & Schomaker). */
import { type AggregatorId, fnv1a32, type ShardId } from "@herdbeat/shared/ids";

export interface Candidate {
  readonly id: AggregatorId;
  /** > 0; twice the weight gets twice the shards in the mean. */
  readonly weight: number;
}

/** The candidate that should own the shard, the same on every machine; null when there is none. */
export function preferredOwner(
  shard: ShardId,
  candidates: readonly Candidate[],
): AggregatorId | null {
  let best: AggregatorId | null = null;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const score = scoreOf(shard, candidate);
    if (score > bestScore || (score === bestScore && best !== null && candidate.id < best)) {
      best = candidate.id;
      bestScore = score;
    }
  }
  return best;
}

/** The preferred owner of every shard; asked again for the same candidates, it remembers. */
export class ShardMap {
  #candidates: readonly Candidate[] = [];
  readonly #owners = new Map<ShardId, AggregatorId | null>();

  preferred(shard: ShardId, candidates: readonly Candidate[]): AggregatorId | null {
    if (!isSame(this.#candidates, candidates)) {
      this.#candidates = candidates.map(({ id, weight }) => ({ id, weight }));
      this.#owners.clear();
    }
    const known = this.#owners.get(shard);
    if (known !== undefined) return known;
    const owner = preferredOwner(shard, candidates);
    this.#owners.set(shard, owner);
    return owner;
  }
}

function isSame(before: readonly Candidate[], after: readonly Candidate[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ id, weight }, at) => after[at]?.id === id && after[at]?.weight === weight)
  );
}

function scoreOf(shard: ShardId, candidate: Candidate): number {
  // Two rounds, because FNV-1a mixes its last bytes weakly into the high bits.
  const first = fnv1a32(`${candidate.id}/${shard}`);
  const hash = fnv1a32(`${first}:${shard}:${candidate.id}`);
  const uniform = (hash + 1) / 4_294_967_297;
  return -candidate.weight / Math.log(uniform);
}
