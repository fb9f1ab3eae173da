/**
 * Has the store lost what it acknowledged? Each shard's generation is a random id with a version
 * that every applied transition raises. We remember the highest version of the id we work under, on
 * disk too; another id or a lower version means a wipe, an old replica promoted or a foreign
 * database, and the shard is held. Pure.
 */
import type { StoreGeneration } from "./shard-facts.ts";

export type GenerationVerdict =
  | { readonly kind: "fine" }
  | { readonly kind: "held"; readonly why: string };

/** `known`: the highest we ever saw (memory, disk, mesh); null = this shard is new to us. */
export function judgeGeneration(
  known: StoreGeneration | null,
  found: StoreGeneration | null,
): GenerationVerdict {
  if (known === null) return { kind: "fine" };
  if (found === null) {
    return {
      kind: "held",
      why: `the store has lost this shard: it had version ${known.version} and is gone`,
    };
  }
  if (found.id !== known.id) {
    return {
      kind: "held",
      why: `the store holds another database: generation ${found.id}, known is ${known.id}`,
    };
  }
  if (found.version < known.version) {
    return {
      kind: "held",
      why: `the store went back in time: version ${found.version}, known is ${known.version}`,
    };
  }
  return { kind: "fine" };
}

/** The higher of two views of one generation; a different id replaces only what is null. */
export function highest(
  a: StoreGeneration | null,
  b: StoreGeneration | null,
): StoreGeneration | null {
  if (a === null) return b;
  if (b === null || b.id !== a.id) return a;
  return b.version > a.version ? b : a;
}
