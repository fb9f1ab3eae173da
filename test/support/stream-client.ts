// A WebSocket client that can also misbehave: bytes go out as they are given.
import { connect as connectTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import {
  type AgentFrame,
  type DecodedAggregatorFrame,
  decodeAggregatorFrame,
  encodeAgentFrame,
} from "@herdbeat/proto/frame-codec";
import { AGENT_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import { maskedFrame, upgradeRequest } from "../fleet/client-frames.ts";
import { eventually } from "./eventually.ts";

const KEY = Buffer.from("herdbeat-testing").toString("base64");
const MASK = Uint8Array.of(1, 2, 3, 4);

export class StreamClient {
  readonly socket: Socket;
  /** HTTP response up to its empty line. */
  response = "";
  readonly frames: DecodedAggregatorFrame[] = [];
  closeCode: number | null = null;
  closed = false;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(
    endpoint: string,
    options: {
      readonly path?: string;
      readonly tls?: ConnectionOptions;
      readonly localAddress?: string;
    } = {},
  ) {
    const { hostname, port } = new URL(endpoint);
    const host = hostname.replace(/^\[|\]$/g, "");
    const hello = upgradeRequest(`${hostname}:${port}`, options.path ?? AGENT_STREAM_PATH, KEY);
    const from = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
    const target = { host, port: Number(port), ...from };
    this.socket =
      options.tls === undefined ? connectTcp(target) : connectTls({ ...target, ...options.tls });
    this.socket.write(hello);
    this.socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    // How it ended is what `closed` tells.
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
    });
  }

  send(frame: AgentFrame): void {
    this.sendPayload(encodeAgentFrame(frame));
  }

  sendPayload(payload: Uint8Array, first?: number): void {
    this.socket.write(maskedFrame(payload, MASK, first));
  }

  sendBytes(...bytes: readonly number[]): void {
    this.socket.write(Buffer.from(bytes));
  }

  hello(change: Partial<Extract<AgentFrame, { kind: "hello" }>["body"]> = {}): void {
    const body = { versionMin: 1, versionMax: 1, nodeId: "node-1", bootId: "boot", ...change };
    this.send({ kind: "hello", body });
  }

  heartbeat(sequence: number, change: object = {}): void {
    this.send({ kind: "heartbeat", body: { sequence, ...change } });
  }

  async frame<Kind extends DecodedAggregatorFrame["kind"]>(
    kind: Kind,
  ): Promise<Extract<DecodedAggregatorFrame, { readonly kind: Kind }>> {
    const found = await eventually(() => this.frames.find((frame) => frame.kind === kind), {
      what: `a ${kind} frame`,
    });
    return found as Extract<DecodedAggregatorFrame, { readonly kind: Kind }>;
  }

  async untilClosed(): Promise<void> {
    await eventually(() => this.closed, { what: "the end of the stream" });
  }

  #onData(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.response === "") {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.response = this.#bytes.subarray(0, end).toString("latin1");
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    for (;;) {
      const [first = 0, second = 0] = this.#bytes;
      const start = second === 126 ? 4 : 2;
      if (this.#bytes.length < start) return;
      const length = second === 126 ? this.#bytes.readUInt16BE(2) : second;
      if (this.#bytes.length < start + length) return;
      const payload = Buffer.from(this.#bytes.subarray(start, start + length));
      this.#bytes = this.#bytes.subarray(start + length);
      if ((first & 0x0f) === 2) this.frames.push(decodeAggregatorFrame(payload));
      else if ((first & 0x0f) === 8) this.closeCode = payload.readUInt16BE(0);
    }
  }
}
