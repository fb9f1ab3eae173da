/**
 * Bytes of a client's WebSocket stream to messages (RFC 6455, no extensions).
 *
 * Guarantee: the sink sees every whole binary message and control frame in order, however the bytes
 * were chunked, and exactly one `onViolation` at the first byte that breaks the protocol; nothing
 * after a violation, a close frame or `stop`.
 * Mechanism: a whole frame inside one chunk, which is nearly every frame, is unmasked in place and
 * handed over without a copy. What is incomplete waits in one buffer that doubles as bytes arrive,
 * so memory follows what was sent, never what was announced.
 * Failure case: `messageBytesMax` is checked when a length is announced, before its bytes.
 */

import { isUtf8 } from "node:buffer";

/** Valid only during the call: the bytes are reused. */
export interface FrameSink {
  onMessage(bytes: Buffer, start: number, end: number): void;
  onPing(payload: Buffer): void;
  /** Code 1005 = the close frame named none. */
  onCloseFrame(code: number): void;
  onViolation(closeCode: number, what: string): void;
}

const FIN_BINARY = 0x82;
const MASKED = 0x80;
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export const CLOSE_CODE = {
  normal: 1_000,
  goingAway: 1_001,
  protocolError: 1_002,
  unsupportedData: 1_003,
  none: 1_005,
  invalidText: 1_007,
  policy: 1_008,
  tooLarge: 1_009,
} as const;

/** First buffer for an incomplete frame. */
const PENDING_BYTES_MIN = 256;
const INCOMPLETE = -1;

export class FrameReader {
  readonly #sink: FrameSink;
  readonly #messageBytesMax: number;
  /** Bytes of a frame that is not complete yet: `#pending[0, #pendingLength)`. */
  #pending: Buffer | null = null;
  #pendingLength = 0;
  /** A fragmented message so far, or null outside of one. */
  #fragments: Buffer | null = null;
  #fragmentsLength = 0;
  #stopped = false;

  constructor(sink: FrameSink, messageBytesMax: number) {
    this.#sink = sink;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Nothing more is reported. */
  stop(): void {
    this.#stopped = true;
    this.#pending = null;
    this.#fragments = null;
  }

  /** Overwrites parts of `chunk`. */
  push(chunk: Buffer): void {
    if (this.#stopped) return;
    if (this.#pending === null) {
      const position = this.#frames(chunk, chunk.length);
      if (position < chunk.length && !this.#stopped) this.#keep(chunk, position);
      return;
    }
    this.#pending = appended(this.#pending, this.#pendingLength, chunk);
    this.#pendingLength += chunk.length;
    const pending = this.#pending;
    const position = this.#frames(pending, this.#pendingLength);
    if (this.#stopped) return;
    this.#pendingLength -= position;
    if (this.#pendingLength === 0) this.#pending = null;
    else if (position > 0) pending.copyWithin(0, position, position + this.#pendingLength);
  }

  #keep(chunk: Buffer, position: number): void {
    this.#pendingLength = chunk.length - position;
    this.#pending = Buffer.allocUnsafeSlow(Math.max(PENDING_BYTES_MIN, this.#pendingLength * 2));
    chunk.copy(this.#pending, 0, position);
  }

  /** Reads whole frames; the position of the first byte that was not consumed. */
  #frames(bytes: Buffer, end: number): number {
    let position = 0;
    while (position < end && !this.#stopped) {
      const next = this.#plainFrame(bytes, position, end);
      if (next === INCOMPLETE) break;
      position = next;
    }
    return position;
  }

  /** A short, whole, unfragmented binary message; everything else goes to `#anyFrame`. */
  #plainFrame(bytes: Buffer, position: number, end: number): number {
    if (end - position < 6 || bytes[position] !== FIN_BINARY || this.#fragments !== null)
      return this.#anyFrame(bytes, position, end);
    const length = (bytes[position + 1] ?? 0) - MASKED;
    if (length < 0 || length > 125) return this.#anyFrame(bytes, position, end);
    const start = position + 6;
    const frameEnd = start + length;
    if (frameEnd > end || length > this.#messageBytesMax)
      return this.#anyFrame(bytes, position, end);
    unmask(bytes, start, frameEnd);
    this.#sink.onMessage(bytes, start, frameEnd);
    return frameEnd;
  }

  #anyFrame(bytes: Buffer, position: number, end: number): number {
    if (end - position < 2) return INCOMPLETE;
    const first = bytes[position] ?? 0;
    const second = bytes[position + 1] ?? 0;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const problem = headProblem(first, second, this.#fragments !== null);
    if (problem !== null) return this.#violate(CLOSE_CODE.protocolError, problem);
    if (opcode === OPCODE.text) return this.#violate(CLOSE_CODE.unsupportedData, "text message");
    let length = second & 0x7f;
    let start = position + 2;
    if (length === 126) {
      if (end - start < 2) return INCOMPLETE;
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      if (end - start < 8) return INCOMPLETE;
      length = bytes.readUInt32BE(start) * 2 ** 32 + bytes.readUInt32BE(start + 4);
      start += 8;
    }
    if (opcode < OPCODE.close && this.#fragmentsLength + length > this.#messageBytesMax)
      return this.#violate(CLOSE_CODE.tooLarge, "message too large");
    start += 4;
    const frameEnd = start + length;
    if (frameEnd > end) return INCOMPLETE;
    unmask(bytes, start, frameEnd);
    if (opcode >= OPCODE.close) this.#control(opcode, bytes, start, frameEnd);
    else this.#fragment(final, bytes, start, frameEnd);
    return frameEnd;
  }

  #fragment(final: boolean, bytes: Buffer, start: number, end: number): void {
    if (final && this.#fragments === null) {
      this.#sink.onMessage(bytes, start, end);
      return;
    }
    const part = bytes.subarray(start, end);
    this.#fragments = appended(this.#fragments ?? Buffer.alloc(0), this.#fragmentsLength, part);
    this.#fragmentsLength += part.length;
    if (!final) return;
    const message = this.#fragments;
    const length = this.#fragmentsLength;
    this.#fragments = null;
    this.#fragmentsLength = 0;
    this.#sink.onMessage(message, 0, length);
  }

  #control(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === OPCODE.ping) this.#sink.onPing(bytes.subarray(start, end));
    if (opcode !== OPCODE.close) return;
    const length = end - start;
    if (length === 1) {
      this.#violate(CLOSE_CODE.protocolError, "close frame of one byte");
      return;
    }
    const code = length === 0 ? CLOSE_CODE.none : bytes.readUInt16BE(start);
    if (length > 0 && !isCloseCode(code)) {
      this.#violate(CLOSE_CODE.protocolError, "close code not allowed");
      return;
    }
    if (length > 2 && !isUtf8(bytes.subarray(start + 2, end))) {
      this.#violate(CLOSE_CODE.invalidText, "close reason is not UTF-8");
      return;
    }
    this.stop();
    this.#sink.onCloseFrame(code);
  }

  #violate(closeCode: number, what: string): number {
    this.stop();
    this.#sink.onViolation(closeCode, what);
    return INCOMPLETE;
  }
}

/** What is wrong with the first two bytes of a frame, or null. */
function headProblem(first: number, second: number, inMessage: boolean): string | null {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) return "reserved bits set";
  if ((opcode > OPCODE.binary && opcode < OPCODE.close) || opcode > OPCODE.pong)
    return "reserved opcode";
  if ((second & MASKED) === 0) return "frame is not masked";
  if (opcode >= OPCODE.close) {
    if ((first & 0x80) === 0) return "fragmented control frame";
    return (second & 0x7f) > 125 ? "control frame too long" : null;
  }
  if (opcode === OPCODE.continuation) return inMessage ? null : "continuation of nothing";
  return inMessage ? "message inside a message" : null;
}

/** RFC 6455 section 7.4 and the registry: codes that may be sent. */
function isCloseCode(code: number): boolean {
  if (code >= 3_000) return code <= 4_999;
  return code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== 1_005 && code !== 1_006;
}

/** The mask is the four bytes before `start`. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const m0 = bytes[start - 4] ?? 0;
  const m1 = bytes[start - 3] ?? 0;
  const m2 = bytes[start - 2] ?? 0;
  const m3 = bytes[start - 1] ?? 0;
  if ((m0 | m1 | m2 | m3) === 0) return;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ m0;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ m1;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ m2;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ m3;
  }
  if (at < end) bytes[at] = (bytes[at] ?? 0) ^ m0;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] ?? 0) ^ m1;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] ?? 0) ^ m2;
}

/** `held[0, length)` followed by `more`, in `held` itself where it has room. */
function appended(held: Buffer, length: number, more: Buffer): Buffer {
  const needed = length + more.length;
  let target = held;
  if (needed > held.length) {
    target = Buffer.allocUnsafeSlow(Math.max(PENDING_BYTES_MIN, needed * 2));
    held.copy(target, 0, 0, length);
  }
  more.copy(target, length);
  return target;
}
