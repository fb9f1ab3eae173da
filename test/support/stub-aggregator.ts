// The aggregator's end of the stream, as little of it as an agent needs: records what comes in.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type AggregatorFrame,
  type DecodedAgentFrame,
  decodeAgentFrame,
  encodeAggregatorFrame,
} from "@herdbeat/proto/frame-codec";
import { type WebSocket, WebSocketServer } from "ws";

type Received = DecodedAgentFrame & { readonly bytes: number; readonly session: number };
type Body<Kind extends string> =
  Extract<DecodedAgentFrame, { readonly kind: Kind }> extends { body: infer B } ? B : never;

export interface StubAggregator {
  readonly endpoint: string;
  readonly port: number;
  readonly received: readonly Received[];
  sessions(): number;
  bodies<Kind extends "hello" | "heartbeat" | "event" | "goodbye">(
    kind: Kind,
  ): readonly Body<Kind>[];
  send(frame: AggregatorFrame): void;
  sendRaw(bytes: Uint8Array | string): void;
  /** As a killed process: every socket is reset, nobody listens any more. */
  crash(): Promise<void>;
}

export interface StubOptions {
  readonly port?: number;
  readonly acknowledge?: boolean;
}

export async function startStubAggregator(options: StubOptions = {}): Promise<StubAggregator> {
  const { port = 0, acknowledge = true } = options;
  const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false });
  await once(server, "listening");
  const received: Received[] = [];
  let sessions = 0;
  let acknowledged = 0;
  let current: WebSocket | null = null;
  const send = (frame: AggregatorFrame): void => current?.send(encodeAggregatorFrame(frame));
  server.on("connection", (socket) => {
    sessions += 1;
    const session = sessions;
    current = socket;
    socket.on("message", (data: Buffer) => {
      const frame = decodeAgentFrame(data);
      received.push({ ...frame, bytes: data.length, session });
      if (frame.kind === "hello") send(welcome(frame.body, acknowledged));
      if (frame.kind === "heartbeat") {
        send({ kind: "ack", body: { sequence: frame.body.sequence, storeWriteAgeMs: 0 } });
      }
      if (frame.kind === "event" && acknowledge) {
        acknowledged = Math.max(acknowledged, Number(frame.body.transition));
        send({ kind: "eventAck", body: { transition: acknowledged } });
      }
    });
  });
  const actualPort = (server.address() as AddressInfo).port;
  return {
    endpoint: `ws://127.0.0.1:${actualPort}`,
    port: actualPort,
    received,
    sessions: () => sessions,
    // Filtered by the kind that the caller named.
    bodies: (kind) =>
      received.flatMap((frame) => (frame.kind === kind ? [frame.body as never] : [])),
    send,
    sendRaw: (bytes) => current?.send(bytes),
    async crash() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function welcome(hello: Body<"hello">, acknowledged: number): AggregatorFrame {
  return {
    kind: "welcome",
    body: {
      version: 1,
      aggregatorId: "stub",
      aggregatorVersion: "0",
      clusterId: "test",
      nodeId: hello.nodeId,
      incarnation: Number(hello.incarnation) + 1,
      sessionEpoch: 1,
      heartbeatIntervalMs: hello.heartbeatIntervalMs,
      frameBytesMax: 65_536,
      framesPerSecondMax: 50,
      acknowledgedTransition: acknowledged,
    },
  };
}
