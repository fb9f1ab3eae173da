/**
 * Bytes to frames and back. Nothing else crosses a socket.
 *
 * Guarantee: `decode*` returns a frame within every limit of `frame-limits.ts` or throws FrameError;
 * `encode*` returns bytes that the other side's `decode*` takes, or throws FrameError.
 * Mechanism: size first, then the raw bytes against the limits, then the generated decoder.
 * Failure case: a body of a later version is no error: it decodes to `{ kind: "unknown" }`, which the
 * caller counts and ignores. `bytes` fields alias the input.
 */
import type { herdbeat } from "../gen/herdbeat.js";
import { FrameError } from "./frame-error.ts";
import {
  AGENT_FRAME,
  AGGREGATOR_FRAME,
  FRAME_BYTES_MAX,
  MESH_FRAME,
  type MessageShape,
} from "./frame-limits.ts";
import { wire } from "./protobuf-runtime.ts";
import { checkWire } from "./wire-check.ts";

type V1 = typeof herdbeat.v1;

/** A frame to send: `kind` names the body. */
type Encodable<Bodies> = {
  [Kind in keyof Bodies]: { readonly kind: Kind; readonly body: PropertiesOf<Bodies[Kind]> };
}[keyof Bodies];

/** A decoded frame: exactly one body, or the number of one that this version does not know. */
type Decoded<Bodies> =
  | {
      [Kind in keyof Bodies]: { readonly kind: Kind; readonly body: MessageOf<Bodies[Kind]> };
    }[keyof Bodies]
  | { readonly kind: "unknown"; readonly field: number };

type PropertiesOf<Class> = Class extends { encode(message: infer Properties): unknown }
  ? Properties
  : never;
type MessageOf<Class> = Class extends { prototype: infer Message } ? Message : never;

interface AgentBodies {
  hello: V1["Hello"];
  heartbeat: V1["Heartbeat"];
  event: V1["Event"];
  goodbye: V1["Goodbye"];
  witnessReport: V1["WitnessReport"];
  relay: V1["Relay"];
  peerQuestion: V1["PeerQuestion"];
  peerAnswer: V1["PeerAnswer"];
  configRevision: V1["ConfigRevision"];
  certRenew: V1["CertRenew"];
}

interface AggregatorBodies {
  welcome: V1["Welcome"];
  ack: V1["Ack"];
  eventAck: V1["EventAck"];
  goodbye: V1["Goodbye"];
  witnessRequest: V1["WitnessRequest"];
  relay: V1["Relay"];
  peerQuestion: V1["PeerQuestion"];
  peerAnswer: V1["PeerAnswer"];
  configRevision: V1["ConfigRevision"];
  certRenew: V1["CertRenew"];
}

interface MeshBodies {
  hello: V1["MeshHello"];
  pulse: V1["MeshPulse"];
  goodbye: V1["Goodbye"];
  generation: V1["GenerationNotice"];
  disarm: V1["DisarmNotice"];
  censusQuestion: V1["CensusQuestion"];
  censusAnswer: V1["CensusAnswer"];
}

export type AgentFrame = Encodable<AgentBodies>;
export type DecodedAgentFrame = Decoded<AgentBodies>;
export type AggregatorFrame = Encodable<AggregatorBodies>;
export type DecodedAggregatorFrame = Decoded<AggregatorBodies>;
export type MeshFrame = Encodable<MeshBodies>;
export type DecodedMeshFrame = Decoded<MeshBodies>;

export function encodeAgentFrame(frame: AgentFrame): Uint8Array {
  return encode(wire.AgentFrame, AGENT_FRAME, frame);
}

export function decodeAgentFrame(bytes: Uint8Array): DecodedAgentFrame {
  return decode(wire.AgentFrame, AGENT_FRAME, bytes) as DecodedAgentFrame;
}

export function encodeAggregatorFrame(frame: AggregatorFrame): Uint8Array {
  return encode(wire.AggregatorFrame, AGGREGATOR_FRAME, frame);
}

export function decodeAggregatorFrame(bytes: Uint8Array): DecodedAggregatorFrame {
  return decode(wire.AggregatorFrame, AGGREGATOR_FRAME, bytes) as DecodedAggregatorFrame;
}

export function encodeMeshFrame(frame: MeshFrame): Uint8Array {
  return encode(wire.MeshFrame, MESH_FRAME, frame);
}

export function decodeMeshFrame(bytes: Uint8Array): DecodedMeshFrame {
  return decode(wire.MeshFrame, MESH_FRAME, bytes) as DecodedMeshFrame;
}

/** What the three generated envelope classes have in common. */
interface Envelope {
  encode(message: Record<string, unknown>): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

interface AnyFrame {
  readonly kind: string;
  readonly body: unknown;
}

function encode(envelope: Envelope, shape: MessageShape, frame: AnyFrame): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = envelope.encode({ [frame.kind]: frame.body }).finish();
  } catch (error) {
    throw new FrameError(`${shape.name}.${frame.kind} can not be encoded`, { cause: error });
  }
  if (bytes.length > FRAME_BYTES_MAX) throw new FrameError(tooLarge(shape, bytes));
  checkWire(bytes, shape);
  return bytes;
}

/** The caller names the union; that each kind has its own body's type is what the tables say. */
function decode(
  envelope: Envelope,
  shape: MessageShape,
  bytes: Uint8Array,
): AnyFrame | { readonly kind: "unknown"; readonly field: number } {
  if (bytes.length > FRAME_BYTES_MAX) throw new FrameError(tooLarge(shape, bytes));
  const field = checkWire(bytes, shape);
  const kind = shape.bodies?.[field];
  if (kind === undefined) return { kind: "unknown", field };
  try {
    return { kind, body: (envelope.decode(bytes) as Readonly<Record<string, unknown>>)[kind] };
  } catch (error) {
    throw new FrameError(`${shape.name} can not be decoded`, { cause: error });
  }
}

function tooLarge(shape: MessageShape, bytes: Uint8Array): string {
  return `${shape.name} of ${bytes.length} bytes, at most ${FRAME_BYTES_MAX} are allowed`;
}
