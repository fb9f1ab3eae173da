/** What load-shard.lua replies, as records. Whatever is not ours is named in `damaged` and left where it is. */
import { StoreReplyError } from "@herdbeat/shared/errors";
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { IncidentRecord } from "../../core/incident.ts";
import type { NodeRecord } from "../../core/node-record.ts";
import type { OutboxRow } from "../../core/outbox.ts";
import { incidentRecordCheck, nodeRecordCheck, parseRecord } from "../../core/record-shapes.ts";
import type { ShardOwner, StoreGeneration } from "../../core/shard-facts.ts";
import type { ShardSnapshot } from "../../ports/shard-store.ts";
import type { ShardKeys } from "./keys.ts";
import { parseRow } from "./outbox-line.ts";
import { parseGeneration, parseOwner } from "./owner-text.ts";
import type { Reply } from "./script-runner.ts";

/** In the order of the script's KEYS. */
const PARTS = ["owner", "generation", "nodes", "incidents", "outbox", "proofs"] as const;
/** More than a person reads; the rest is counted. */
const DAMAGED_NAMED_MAX = 100;
/** Names of foreign fields may be long. */
const NAME_CHARACTERS_MAX = 80;

export function parseSnapshot(
  shard: ShardId,
  keys: ShardKeys,
  reply: readonly Reply[],
): ShardSnapshot {
  if (reply.length !== PARTS.length) throw new StoreReplyError("load-shard", "not six parts");
  const reader = new SnapshotReader(shard, keys, reply);
  return {
    owner: reader.owner(),
    generation: reader.generation(),
    nodes: reader.nodes(),
    incidents: reader.incidents(),
    outbox: reader.outbox(),
    proofs: reader.proofs(),
    damaged: reader.damaged(),
  };
}

class SnapshotReader {
  readonly #shard: ShardId;
  readonly #keys: ShardKeys;
  readonly #reply: readonly Reply[];
  readonly #damaged: string[] = [];
  #damagedCount = 0;

  constructor(shard: ShardId, keys: ShardKeys, reply: readonly Reply[]) {
    this.#shard = shard;
    this.#keys = keys;
    this.#reply = reply;
  }

  owner(): ShardOwner | null {
    const value = this.#value("owner");
    if (value === null) return null;
    const owner = parseOwner(value);
    if (owner === undefined) this.#report("owner", "", "it is not an owner's name");
    return owner ?? null;
  }

  generation(): StoreGeneration | null {
    const value = this.#value("generation");
    if (value === null) return null;
    const generation = parseGeneration(value);
    if (generation === undefined) this.#report("generation", "", "it is not a generation");
    return generation ?? null;
  }

  nodes(): readonly NodeRecord[] {
    const nodes: NodeRecord[] = [];
    for (const [id, document] of this.#fields("nodes")) {
      const parsed = parseRecord(document, nodeRecordCheck);
      if (parsed.kind === "damaged") this.#report("nodes", id, parsed.why);
      else if (parsed.value.id !== id) this.#report("nodes", id, "it names another node");
      else nodes.push(parsed.value);
    }
    return nodes;
  }

  incidents(): readonly IncidentRecord[] {
    const incidents: IncidentRecord[] = [];
    for (const [id, phase, document] of this.#pairs("incidents", "p")) {
      const parsed = parseRecord(document, incidentRecordCheck);
      if (parsed.kind === "damaged") this.#report("incidents", id, parsed.why);
      else if (parsed.value.id !== id) this.#report("incidents", id, "it names another incident");
      else if (parsed.value.shard !== this.#shard) {
        this.#report("incidents", id, "it belongs to another shard");
      } else if (parsed.value.phase !== phase) {
        this.#report("incidents", id, `its phase is ${phase}, its document says otherwise`);
      } else incidents.push(parsed.value);
    }
    return incidents;
  }

  outbox(): readonly OutboxRow[] {
    const rows: OutboxRow[] = [];
    for (const [id, line, document] of this.#pairs("outbox", "s")) {
      const parsed = parseRow(id, line, document);
      if (parsed.kind === "damaged") this.#report("outbox", id, parsed.why);
      else rows.push(parsed.value);
    }
    return rows;
  }

  proofs(): ReadonlyMap<NodeId, UnixMs> {
    const proofs = new Map<NodeId, UnixMs>();
    for (const [node, value] of this.#fields("proofs")) {
      if (/^\d{1,15}$/.test(value)) proofs.set(node as NodeId, Number(value) as UnixMs);
      else this.#report("proofs", node, "it is not a time");
    }
    return proofs;
  }

  damaged(): readonly string[] {
    const unnamed = this.#damagedCount - this.#damaged.length;
    return unnamed === 0 ? this.#damaged : [...this.#damaged, `and ${unnamed} more`];
  }

  /** `<mark>:<id>` and `d:<id>` joined; a field without its partner, or of any other name, is damage. */
  #pairs(key: "incidents" | "outbox", mark: "p" | "s"): [string, string, string][] {
    const fields = this.#fields(key);
    const pairs: [string, string, string][] = [];
    for (const [name, value] of fields) {
      const id = name.slice(2);
      const document = fields.get(`d:${id}`);
      if (name.startsWith(`${mark}:`) && document !== undefined) pairs.push([id, value, document]);
      else if (!name.startsWith("d:") || !fields.has(`${mark}:${id}`)) {
        this.#report(key, name, "it has no partner");
      }
    }
    return pairs;
  }

  #value(part: "owner" | "generation"): string | null {
    const [status, value] = this.#part(part);
    return status === "VALUE" && typeof value === "string" ? value : null;
  }

  #fields(part: "nodes" | "incidents" | "outbox" | "proofs"): ReadonlyMap<string, string> {
    const [status, ...flat] = this.#part(part);
    const fields = new Map<string, string>();
    if (status !== "FIELDS") return fields;
    for (let at = 0; at + 1 < flat.length; at += 2)
      fields.set(String(flat[at]), String(flat[at + 1]));
    return fields;
  }

  #part(name: (typeof PARTS)[number]): readonly Reply[] {
    const part = this.#reply[PARTS.indexOf(name)];
    if (!Array.isArray(part)) throw new StoreReplyError("load-shard", `${name} is not a list`);
    const [status, why] = part as readonly Reply[];
    if (status === "UNREADABLE") this.#report(name, "", String(why));
    return part as readonly Reply[];
  }

  #report(part: (typeof PARTS)[number], name: string, why: string): void {
    this.#damagedCount += 1;
    if (this.#damaged.length >= DAMAGED_NAMED_MAX) return;
    const shown = name === "" ? "" : ` ${JSON.stringify(name.slice(0, NAME_CHARACTERS_MAX))}`;
    this.#damaged.push(`${this.#keys[part]}${shown}: ${why}`);
  }
}
