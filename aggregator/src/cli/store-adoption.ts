/**
 * Ends the hold of a whole cluster after its store was lost.
 *
 * Each aggregator knows the shards that it looked after, from memory or from its own disk. So all are
 * asked what they have; of each shard the one that has most restores it; then all are told twice that
 * the store is right, so that each accepts what the others restored before and after it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { type Document, documentsOf, harmless, textOf } from "./document.ts";
import type { Terminal } from "./terminal.ts";

export type Source = "mirror" | "as-is";

/** A shard of 1,600 nodes takes about 0.2 s to write; one request shall stay far below its deadline. */
const SHARDS_AT_ONCE_MAX = 8;

const LOOKS_MAX = 8;
const BETWEEN_LOOKS_MS = 500;

interface Peer {
  readonly id: string;
  readonly client: ApiClient;
}

interface Copy {
  readonly peer: Peer;
  readonly shard: number;
  readonly fromMemory: boolean;
  readonly version: number;
}

export async function adoptEverywhere(
  source: Source,
  client: ApiClient,
  terminal: Terminal,
): Promise<Document> {
  const total = { shards: 0, nodes: 0, incidents: 0 };
  const peers = await reachablePeers(client, terminal);
  const heldBefore = await heldShards(peers);
  const add = (done: Document | null): void => {
    total.nodes += Number(done?.["nodes"] ?? 0);
    total.incidents += Number(done?.["incidents"] ?? 0);
  };
  if (source === "mirror") {
    const copies = await copiesOf(peers);
    for (const peer of peers) {
      const shards = [...copies.values()]
        .filter((one) => one.peer === peer)
        .map((one) => one.shard);
      for (let from = 0; from < shards.length; from += SHARDS_AT_ONCE_MAX) {
        const some = shards.slice(from, from + SHARDS_AT_ONCE_MAX);
        add(await adoptAt(peer, { source, shards: some }));
      }
    }
  }
  for (const peer of [...peers, ...peers]) add(await adoptAt(peer, { source }));
  const heldAfter = await settled(peers);
  total.shards = heldBefore.size - heldAfter.size;
  if (heldAfter.size > 0) {
    throw new CliError(EXIT.conflict, "HB_STORE_HELD", `${heldAfter.size} shards are still held`, {
      hints: ["run it again when all aggregators can be reached, or use --from as-is"],
    });
  }
  return total;
}

/** The one that was named, and all others that answer. */
async function reachablePeers(client: ApiClient, terminal: Terminal): Promise<readonly Peer[]> {
  const page = await client.get("/api/v1/aggregators");
  const peers: Peer[] = [];
  for (const row of documentsOf(page["items"])) {
    const id = harmless(textOf(row, "id"));
    if (row["self"] === true) {
      peers.unshift({ id, client });
      continue;
    }
    const peer = { id, client: client.at(new URL(textOf(row, "httpEndpoint"))) };
    try {
      await peer.client.get("/version");
      peers.push(peer);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      terminal.writeError(`${id} is not asked: ${error.message}\n`);
    }
  }
  return peers;
}

/** Of each held shard the best copy: a memory before a disk, then the highest version. */
async function copiesOf(peers: readonly Peer[]): Promise<ReadonlyMap<number, Copy>> {
  const best = new Map<number, Copy>();
  for (const peer of peers) {
    const page = await peer.client.get("/api/v1/store/restorable");
    for (const row of documentsOf(page["items"])) {
      const copy: Copy = {
        peer,
        shard: Number(row["shard"]),
        fromMemory: row["from"] === "memory",
        version: Number((row["generation"] as Document | undefined)?.["version"] ?? 0),
      };
      const known = best.get(copy.shard);
      if (known === undefined || isBetter(copy, known)) best.set(copy.shard, copy);
    }
  }
  return best;
}

function isBetter(copy: Copy, known: Copy): boolean {
  if (copy.fromMemory !== known.fromMemory) return copy.fromMemory;
  return copy.version > known.version;
}

/** Null when nothing is held there any more. */
async function adoptAt(peer: Peer, body: Document): Promise<Document | null> {
  try {
    return await peer.client.post("/api/v1/store/adopt", body);
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.conflict) return null;
    throw error;
  }
}

/** Aggregators show their shards as of a moment ago. */
async function settled(peers: readonly Peer[]): Promise<ReadonlySet<string>> {
  for (let look = 1; ; look++) {
    const held = await heldShards(peers);
    if (held.size === 0 || look === LOOKS_MAX) return held;
    await delay(BETWEEN_LOOKS_MS);
  }
}

async function heldShards(peers: readonly Peer[]): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const { client } of peers) {
    const page = await client.get("/api/v1/shards");
    for (const row of documentsOf(page["items"]))
      if (textOf(row, "status") === "held") held.add(textOf(row, "shard"));
  }
  return held;
}
