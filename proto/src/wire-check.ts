/**
 * Walks the raw bytes of a message against its table of limits, without decoding anything.
 *
 * Guarantee: bytes that pass are well-formed protobuf, nested no deeper than the tables, with no
 * list, text or number beyond its limit, and an envelope that holds exactly one body.
 * Mechanism: one pass, no allocation; counts live in one array with a row per depth.
 * Failure case: FrameError. Unknown fields of the usual wire types are skipped (later versions add
 * fields); groups are refused, since no version of this protocol has them.
 */
import { FrameError } from "./frame-error.ts";
import type { FieldRule, MessageShape } from "./frame-limits.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Envelope, body, condition, attribute, and one to spare. */
const DEPTH_MAX = 5;
/** Highest known field number + 1. */
const FIELDS_MAX = 32;
const UINT32_MAX = 0xffff_ffff;

const counts = new Uint16Array(DEPTH_MAX * FIELDS_MAX);

/** Where the walk is; one walk at a time, synchronous. */
let position = 0;

/** The field number of the envelope's body; throws FrameError. */
export function checkWire(bytes: Uint8Array, shape: MessageShape): number {
  position = 0;
  return checkMessage(bytes, bytes.length, shape, 0);
}

function checkMessage(bytes: Uint8Array, end: number, shape: MessageShape, depth: number): number {
  if (depth >= DEPTH_MAX) throw new FrameError(`${shape.name}: nested too deep`);
  counts.fill(0, depth * FIELDS_MAX, (depth + 1) * FIELDS_MAX);
  let body = 0;
  while (position < end) {
    const tag = varint(bytes, end);
    if (tag > UINT32_MAX) throw new FrameError(`${shape.name}: invalid tag`);
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (field === 0) throw new FrameError(`${shape.name}: field number 0`);
    if (shape.bodies !== null) {
      if (body !== 0) throw new FrameError(`${shape.name}: more than one body`);
      body = field;
    }
    const rule = shape.fields[field];
    if (rule === undefined) skip(bytes, end, wireType, shape);
    else checkField(bytes, end, { shape, rule, field, wireType, depth });
  }
  if (shape.bodies !== null && body === 0) throw new FrameError(`${shape.name}: no body`);
  return body;
}

interface Place {
  readonly shape: MessageShape;
  readonly rule: FieldRule;
  readonly field: number;
  readonly wireType: number;
  readonly depth: number;
}

function checkField(bytes: Uint8Array, end: number, place: Place): void {
  const { rule, wireType } = place;
  if (rule.kind === "message" || rule.kind === "text" || rule.kind === "bytes") {
    if (wireType !== LENGTH) throw refuse(place, "wrong wire type");
    count(place, 1);
    const fieldEnd = lengthEnd(bytes, end, place.shape);
    if (rule.kind === "message") {
      checkMessage(bytes, fieldEnd, rule.shape, place.depth + 1);
      return;
    }
    if (fieldEnd - position > rule.bytesMax) throw refuse(place, "too long");
    position = fieldEnd;
    return;
  }
  if (wireType === VARINT) {
    count(place, 1);
    checkNumber(varint(bytes, end), place);
    return;
  }
  // A list of numbers may come packed.
  if (wireType !== LENGTH || rule.countMax === 1) throw refuse(place, "wrong wire type");
  const fieldEnd = lengthEnd(bytes, end, place.shape);
  while (position < fieldEnd) {
    count(place, 1);
    checkNumber(varint(bytes, fieldEnd), place);
  }
}

function count({ depth, field, rule, shape }: Place, amount: number): void {
  const slot = depth * FIELDS_MAX + field;
  const total = (counts[slot] ?? 0) + amount;
  if (total > rule.countMax) throw new FrameError(`${shape.name}.${field}: too many`);
  counts[slot] = total;
}

function checkNumber(value: number, place: Place): void {
  if (place.rule.kind === "uint32" && value > UINT32_MAX) throw refuse(place, "above 2^32 - 1");
  if (place.rule.kind === "uint64" && value > Number.MAX_SAFE_INTEGER)
    throw refuse(place, "above 2^53 - 1");
}

function refuse({ shape, field }: Place, what: string): FrameError {
  return new FrameError(`${shape.name}.${field}: ${what}`);
}

function skip(bytes: Uint8Array, end: number, wireType: number, shape: MessageShape): void {
  if (wireType === VARINT) varint(bytes, end);
  else if (wireType === LENGTH) position = lengthEnd(bytes, end, shape);
  else if (wireType === FIXED64) position += 8;
  else if (wireType === FIXED32) position += 4;
  else throw new FrameError(`${shape.name}: wire type ${wireType}`);
  if (position > end) throw new FrameError(`${shape.name}: cut off`);
}

function lengthEnd(bytes: Uint8Array, end: number, shape: MessageShape): number {
  const length = varint(bytes, end);
  if (length > end - position) throw new FrameError(`${shape.name}: cut off`);
  return position + length;
}

/** Up to ten bytes; above 2^53 the result is only good for being refused. */
function varint(bytes: Uint8Array, end: number): number {
  let value = 0;
  let scale = 1;
  for (let length = 0; length < 10; length++) {
    if (position >= end) throw new FrameError("number cut off");
    const byte = bytes[position] ?? 0;
    position += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw new FrameError("number too long");
}
