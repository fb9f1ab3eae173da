/**
 * Which nodes look at which node: by rendezvous hashing (Thaler & Ravishankar 1998), so that a node
 * keeps its witnesses, and with them their proofs, while others come and go. Pure.
 */
import { fnv1a32, type NodeId } from "@herdbeat/shared/ids";

export const WITNESSES_PER_NODE = 3;

export interface WitnessCandidate {
  readonly id: NodeId;
  /** `fnv1a32` of the id. */
  readonly hash: number;
  readonly domain: string;
}

/** What fails together: a rack, an availability zone, or, where labels say nothing, the host alone. */
export function failureDomain(id: NodeId, labels: Readonly<Record<string, string>>): string {
  const { rack, az } = labels;
  if (rack !== undefined && rack !== "") return `rack:${rack}`;
  return az !== undefined && az !== "" ? `az:${az}` : `host:${id}`;
}

/**
 * At most WITNESSES_PER_NODE of the healthy candidates, the best first: outside the subject's own
 * failure domain and each in another one, as far as there are such; never the subject itself.
 */
export function chooseWitnesses<C extends WitnessCandidate>(
  subject: { readonly id: NodeId; readonly domain: string },
  candidates: readonly C[],
): readonly C[] {
  const salt = fnv1a32(subject.id);
  const ranked = candidates
    .filter(({ id }) => id !== subject.id)
    .map((one) => ({ one, score: mixed(one.hash ^ salt) }))
    .sort((a, b) => b.score - a.score || (a.one.id < b.one.id ? -1 : 1))
    .map(({ one }) => one);
  const chosen: C[] = [];
  const isNewDomain = (one: C): boolean => chosen.every(({ domain }) => domain !== one.domain);
  const isOutside = (one: C): boolean => one.domain !== subject.domain;
  const take = (isGood: (one: C) => boolean): void => {
    for (const one of ranked) {
      if (chosen.length >= WITNESSES_PER_NODE) return;
      if (!chosen.includes(one) && isGood(one)) chosen.push(one);
    }
  };
  take((one) => isOutside(one) && isNewDomain(one));
  take(isNewDomain);
  take(isOutside);
  take(() => true);
  return chosen;
}

/** Finalizer of MurmurHash3: FNV-1a alone leaves similar ids close together. */
export function mixed(hash: number): number {
  let h = hash >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
