/** Frames of a server: never masked, never fragmented. */
const FIN_BINARY = 0x82;
const FIN_CLOSE = 0x88;
const FIN_PONG = 0x8a;

export function binaryFrame(payload: Uint8Array): Buffer {
  return frame(FIN_BINARY, payload);
}

/** `payload` is the ping's own, at most 125 bytes. */
export function pongFrame(payload: Uint8Array): Buffer {
  return frame(FIN_PONG, payload);
}

export function closeFrame(code: number): Buffer {
  return Buffer.from([FIN_CLOSE, 2, code >> 8, code & 0xff]);
}

/** Payloads are at most 64 KiB: the 64-bit length is never needed for a legal frame. */
function frame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = first;
  if (head === 2) bytes[1] = length;
  else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.set(payload, head);
  return bytes;
}
