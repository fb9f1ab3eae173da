/**
 * What a frame may hold at most: one table per message, indexed by field number. A receiver checks
 * the raw bytes against it before anything is decoded, so that a hostile frame of 64 KiB can not
 * turn into megabytes of objects; a sender checks what it made.
 */

/** WebSocket payload, either direction. Bounds every buffer that holds one frame. */
export const FRAME_BYTES_MAX = 65_536;

export type FieldRule =
  | { readonly kind: "uint32" | "uint64" | "bool" | "enum"; readonly countMax: number }
  | { readonly kind: "text" | "bytes"; readonly bytesMax: number; readonly countMax: number }
  | { readonly kind: "message"; readonly shape: MessageShape; readonly countMax: number };

export interface MessageShape {
  readonly name: string;
  /** Envelopes only: the bodies' names by field number; exactly one may be present. */
  readonly bodies: readonly string[] | null;
  /** By field number; `undefined` = unknown to this version, skipped. */
  readonly fields: readonly (FieldRule | undefined)[];
}

/** Longest identifiers: node, aggregator, cluster, process, boot ids. */
const ID_BYTES = 128;
const WORD_BYTES = 64;
const TEXT_BYTES = 256;

const u32: FieldRule = { kind: "uint32", countMax: 1 };
const u64: FieldRule = { kind: "uint64", countMax: 1 };
const flag: FieldRule = { kind: "bool", countMax: 1 };
const choice: FieldRule = { kind: "enum", countMax: 1 };
const id: FieldRule = { kind: "text", bytesMax: ID_BYTES, countMax: 1 };
const word: FieldRule = { kind: "text", bytesMax: WORD_BYTES, countMax: 1 };
const text: FieldRule = { kind: "text", bytesMax: TEXT_BYTES, countMax: 1 };

const long = (bytesMax: number): FieldRule => ({ kind: "text", bytesMax, countMax: 1 });
const texts = (bytesMax: number, countMax: number): FieldRule => ({
  kind: "text",
  bytesMax,
  countMax,
});
const raw = (bytesMax: number, countMax = 1): FieldRule => ({ kind: "bytes", bytesMax, countMax });
const part = (shape: MessageShape, countMax = 1): FieldRule => ({
  kind: "message",
  shape,
  countMax,
});

function message(name: string, ...fields: readonly FieldRule[]): MessageShape {
  return { name, bodies: null, fields: [undefined, ...fields] };
}

/** Bodies in the order of their field numbers, which start at 1 without gaps. */
function envelope(name: string, bodies: Readonly<Record<string, MessageShape>>): MessageShape {
  const fields = Object.values(bodies).map((shape) => part(shape));
  return { name, bodies: ["", ...Object.keys(bodies)], fields: [undefined, ...fields] };
}

export const ATTRIBUTES_MAX = 16;
export const CONDITION_MESSAGE_BYTES_MAX = 1_024;
/** More than fit into a frame with texts of usual length; the frame's size is the nearer bound. */
export const CONDITIONS_MAX = 2_048;
export const LABELS_MAX = 32;
export const NETWORKS_MAX = 16;
export const INVENTORY_BYTES_MAX = 16_384;

const attribute = message("Attribute", word, text);
const condition = message(
  "Condition",
  word,
  text,
  choice,
  word,
  word,
  long(CONDITION_MESSAGE_BYTES_MAX),
  u32,
  u64,
  part(attribute, ATTRIBUTES_MAX),
);
const heartbeat = message("Heartbeat", u32, u32, u32, u64, u32, part(condition, CONDITIONS_MAX));
const ack = message("Ack", u32, u32);
const event = message("Event", u64, part(condition), u32);
const eventAck = message("EventAck", u64);

const nodeNetwork = message("NodeNetwork", word, word, texts(WORD_BYTES, 8));
const hello = message(
  "Hello",
  u32,
  u32,
  id,
  text,
  id,
  id,
  id,
  u64,
  u64,
  u64,
  word,
  u32,
  part(attribute, LABELS_MAX),
  part(nodeNetwork, NETWORKS_MAX),
  u64,
  texts(WORD_BYTES, 32),
  long(INVENTORY_BYTES_MAX),
);
const welcome = message("Welcome", u32, id, id, u64, u64, u32, u32, u32, u64, id, word);
const goodbye = message("Goodbye", choice, text, text, u32);

export const WITNESS_PROBES_MAX = 16;
const witnessProbe = message("WitnessProbe", word, word, word, u32, raw(64));
const witnessRequest = message(
  "WitnessRequest",
  u64,
  id,
  part(witnessProbe, WITNESS_PROBES_MAX),
  u32,
);
/** A whole echo reply, see witness-echo.ts. */
const WITNESS_PROOF_BYTES = 640;
const witnessObservation = message(
  "WitnessObservation",
  word,
  word,
  word,
  word,
  u32,
  raw(WITNESS_PROOF_BYTES),
);
const witnessReport = message(
  "WitnessReport",
  u64,
  id,
  part(witnessObservation, WITNESS_PROBES_MAX),
);
/** A relayed frame leaves room for its envelope. */
export const RELAYED_FRAME_BYTES_MAX = 32_768;
const relay = message("Relay", id, u32, raw(RELAYED_FRAME_BYTES_MAX));
const peerQuestion = message("PeerQuestion", u64, id);
const peerAnswer = message("PeerAnswer", u64, id, u32, flag);

const configRevision = message("ConfigRevision", u64, long(60_000));
const certRenew = message("CertRenew", raw(4_096), raw(8_192, 4));

const meshHello = message("MeshHello", u32, u32, id, id);
const ownedShard = message("OwnedShard", u32, u64, word, u64);
const meshPulse = message("MeshPulse", part(ownedShard, 1_024), u32, u32);
const generationNotice = message("GenerationNotice", u32, word, u64, word);
const disarmNotice = message("DisarmNotice", flag, text, text);
const censusQuestion = message("CensusQuestion", u64);
const domainCount = message("DomainCount", text, u32, u32, u32, u32, id, flag);
const shardList: FieldRule = { kind: "uint32", countMax: 1_024 };
const censusAnswer = message("CensusAnswer", u64, part(domainCount, 1_024), shardList);

export const AGENT_FRAME: MessageShape = envelope("AgentFrame", {
  hello,
  heartbeat,
  event,
  goodbye,
  witnessReport,
  relay,
  peerQuestion,
  peerAnswer,
  configRevision,
  certRenew,
});

export const AGGREGATOR_FRAME: MessageShape = envelope("AggregatorFrame", {
  welcome,
  ack,
  eventAck,
  goodbye,
  witnessRequest,
  relay,
  peerQuestion,
  peerAnswer,
  configRevision,
  certRenew,
});

export const MESH_FRAME: MessageShape = envelope("MeshFrame", {
  hello: meshHello,
  pulse: meshPulse,
  goodbye,
  generation: generationNotice,
  disarm: disarmNotice,
  censusQuestion,
  censusAnswer,
});
