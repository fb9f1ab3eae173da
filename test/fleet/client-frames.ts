/** The client's half of a WebSocket, as cheap as it can be: masked frames out, short frames in. */

const FIN_BINARY = 0x82;
const OPCODE = { binary: 2, close: 8, ping: 9 } as const;
export const MASK_BYTES = 4;

export function maskedFrame(payload: Uint8Array, mask: Uint8Array, first = FIN_BINARY): Buffer {
  const { length } = payload;
  const head = length < 126 ? 2 : 4;
  const frame = Buffer.allocUnsafe(head + MASK_BYTES + length);
  frame[0] = first;
  if (head === 2) frame[1] = 0x80 | length;
  else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  }
  frame.set(mask, head);
  for (let at = 0; at < length; at++) {
    frame[head + MASK_BYTES + at] = (payload[at] ?? 0) ^ (mask[at % MASK_BYTES] ?? 0);
  }
  return frame;
}

export function upgradeRequest(host: string, path: string, key: string): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`
  );
}

/** Reads the 101 response, then the server's unmasked, unfragmented frames. */
export class ServerStream {
  #pending: Buffer | null = null;
  #upgraded = false;

  /** Calls `onPayload` for each binary frame; false when the stream is unusable or closed by a frame. */
  push(chunk: Buffer, onPayload: (payload: Buffer) => void): boolean {
    let bytes = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = null;
    if (!this.#upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#pending = bytes;
        return bytes.length < 8_192;
      }
      if (!bytes.subarray(0, end).toString("latin1").startsWith("HTTP/1.1 101")) return false;
      this.#upgraded = true;
      bytes = bytes.subarray(end + 4);
    }
    return this.#frames(bytes, onPayload);
  }

  #frames(bytes: Buffer, onPayload: (payload: Buffer) => void): boolean {
    let at = 0;
    while (bytes.length - at >= 2) {
      const opcode = (bytes[at] ?? 0) & 0x0f;
      let length = bytes[at + 1] ?? 0;
      let start = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length > 126) return false;
      if (bytes.length < start + length) break;
      if (opcode === OPCODE.close) return false;
      if (opcode === OPCODE.binary) onPayload(bytes.subarray(start, start + length));
      at = start + length;
    }
    if (at < bytes.length) this.#pending = Buffer.from(bytes.subarray(at));
    return true;
  }
}
