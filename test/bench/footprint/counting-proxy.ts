/** Passes a TCP stream on and counts its bytes; on a plain one also the client's WebSocket frames. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

const OPCODE_BINARY = 2;

export interface ByteCounts {
  readonly toServer: number;
  readonly toClient: number;
}

export class CountingProxy {
  /** Payloads of the client's binary frames; null: the stream is not looked into (TLS). */
  readonly #onPayload: ((payload: Buffer) => void) | null;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #toServer = 0;
  #toClient = 0;

  constructor(target: string, onPayload: ((payload: Buffer) => void) | null = null) {
    this.#target = new URL(target);
    this.#onPayload = onPayload;
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  /** The target's URL with the proxy's port. */
  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#target.protocol}//127.0.0.1:${port}`;
  }

  /** Of everything that passed so far: the bytes that TCP carried, TLS and WebSocket included. */
  counts(): ByteCounts {
    return { toServer: this.#toServer, toClient: this.#toClient };
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const { hostname: host, port } = this.#target;
    const server = connect({ host, port: Number(port), noDelay: true });
    const frames = this.#onPayload === null ? null : new ClientFrames(this.#onPayload);
    client.on("data", (chunk: Buffer) => {
      this.#toServer += chunk.length;
      frames?.push(chunk);
      server.write(chunk);
    });
    server.on("data", (chunk: Buffer) => {
      this.#toClient += chunk.length;
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}

/** Reads the upgrade request, then whole masked frames. */
class ClientFrames {
  readonly #onPayload: (payload: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);
  #upgraded = false;

  constructor(onPayload: (payload: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  push(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (!this.#upgraded) {
      const end = this.#pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#pending = this.#pending.subarray(end + 4);
      this.#upgraded = true;
    }
    for (let taken = this.#frame(); taken > 0; taken = this.#frame())
      this.#pending = this.#pending.subarray(taken);
  }

  /** Length of the first frame, 0 while it is not there as a whole. */
  #frame(): number {
    const bytes = this.#pending;
    if (bytes.length < 2) return 0;
    const short = (bytes[1] ?? 0) & 0x7f;
    if (short === 127) throw new Error("no frame of an agent is that long");
    const maskAt = short === 126 ? 4 : 2;
    if (bytes.length < maskAt) return 0;
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    const payloadAt = maskAt + 4;
    const end = payloadAt + length;
    if (bytes.length < end) return 0;
    if (((bytes[0] ?? 0) & 0x0f) === OPCODE_BINARY) {
      const payload = Buffer.from(bytes.subarray(payloadAt, end));
      for (let at = 0; at < length; at++)
        payload[at] = (payload[at] ?? 0) ^ (bytes[maskAt + (at % 4)] ?? 0);
      this.#onPayload(payload);
    }
    return end;
  }
}
