/** A heartbeat that is encoded once and then only gets its next sequence number written in place. */
import { encodeAgentFrame } from "@herdbeat/proto/frame-codec";
import { MASK_BYTES, maskedFrame } from "./client-frames.ts";

/** Behind the frame's 2 bytes and mask: tag and length of the body, tag of the sequence. */
const SEQUENCE_AT = 2 + MASK_BYTES + 3;
const SEQUENCE_IN_PAYLOAD = 3;

export class HeartbeatFrame {
  readonly #mask: Uint8Array;
  #frame: Buffer;
  #sequenceBytes = 0;
  #lastTransition: number;

  constructor(mask: Uint8Array, lastTransition: number) {
    this.#mask = mask;
    this.#lastTransition = lastTransition;
    this.#frame = Buffer.alloc(0);
  }

  set lastTransition(value: number) {
    this.#lastTransition = value;
    this.#sequenceBytes = 0;
  }

  /** The same buffer again and again: it must be written out before the next call. */
  at(sequence: number): Buffer {
    const length = varintBytes(sequence);
    if (length !== this.#sequenceBytes) {
      const body = { sequence, reportAgeMs: 5, lastTransition: this.#lastTransition, ownLagMs: 1 };
      this.#frame = maskedFrame(encodeAgentFrame({ kind: "heartbeat", body }), this.#mask);
      this.#sequenceBytes = length;
      return this.#frame;
    }
    let rest = sequence;
    for (let index = 0; index < length; index++) {
      const byte = index + 1 < length ? (rest & 0x7f) | 0x80 : rest;
      const mask = this.#mask[(SEQUENCE_IN_PAYLOAD + index) % MASK_BYTES] ?? 0;
      this.#frame[SEQUENCE_AT + index] = byte ^ mask;
      rest >>>= 7;
    }
    return this.#frame;
  }
}

function varintBytes(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}
