/** Identifiers. Each is a branded type: a shard can not be passed where a node is wanted. */

/** A compute host (or controller host) that runs an agent. 1-128 characters of [A-Za-z0-9._:-]. */
export type NodeId = string & { readonly __brand: "NodeId" };
/** One aggregator process, for its whole life. Same alphabet as a node id. */
export type AggregatorId = string & { readonly __brand: "AggregatorId" };
/** One of `SHARD_COUNT` parts of the fleet. */
export type ShardId = number & { readonly __brand: "ShardId" };
/** 32 lower-case hex digits, see `incident-id.ts`. */
export type IncidentId = string & { readonly __brand: "IncidentId" };
/** `<incidentId>.<transition>`: identical on every repeat of one transition's hand-off. */
export type WebhookId = string & { readonly __brand: "WebhookId" };
/** The configured name of a receiver. */
export type DestinationName = string & { readonly __brand: "DestinationName" };
/** The kernel's /proc/sys/kernel/random/boot_id. */
export type BootId = string & { readonly __brand: "BootId" };
/** One life of an agent process; a higher value supersedes all that is known of lower ones. */
export type Incarnation = number & { readonly __brand: "Incarnation" };
/** Raised by every retraction; onset of verdicts that are made from silence. */
export type SessionEpoch = number & { readonly __brand: "SessionEpoch" };
/** Raised at every change of a shard's owner. Stores refuse writes that carry any other value. */
export type FencingToken = number & { readonly __brand: "FencingToken" };
/** A subject that an agent watches; the name of a file in `agent/src/monitors/`. */
export type MonitorName = string & { readonly __brand: "MonitorName" };

/** Fixed when a cluster is created. */
export const SHARD_COUNT = 64;

const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The id, or undefined when `text` is not a well-formed one. */
export function parseNodeId(text: string): NodeId | undefined {
  return ID_PATTERN.test(text) ? (text as NodeId) : undefined;
}

/** The id, or undefined when `text` is not a well-formed one. */
export function parseAggregatorId(text: string): AggregatorId | undefined {
  return ID_PATTERN.test(text) ? (text as AggregatorId) : undefined;
}

/** FNV-1a, 32 bits, over the UTF-8 bytes of `text` (IETF draft-eastlake-fnv). */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // Ids are ASCII, where a character is its byte; anything else is worth the long way.
    if (code >= 0x80) return fnv1a32OfBytes(utf8Bytes(text));
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash >>> 0;
}

function fnv1a32OfBytes(bytes: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The shard a node belongs to for ever: FNV-1a-32 of its id, modulo the shard count. */
export function shardOf(node: NodeId): ShardId {
  return (fnv1a32(node) % SHARD_COUNT) as ShardId;
}

export function* allShards(): Generator<ShardId> {
  for (let shard = 0; shard < SHARD_COUNT; shard++) yield shard as ShardId;
}

/** UTF-8 without TextEncoder, which the pure layers do not have. */
export function* utf8Bytes(text: string): Generator<number> {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) yield code;
    else if (code < 0x800) {
      yield 0xc0 | (code >> 6);
      yield 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      yield 0xe0 | (code >> 12);
      yield 0x80 | ((code >> 6) & 0x3f);
      yield 0x80 | (code & 0x3f);
    } else {
      yield 0xf0 | (code >> 18);
      yield 0x80 | ((code >> 12) & 0x3f);
      yield 0x80 | ((code >> 6) & 0x3f);
      yield 0x80 | (code & 0x3f);
    }
  }
}
