// The aggregator's end of the stream, as little of it as an agent needs: records what comes in.
import { once } from "node:events";
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
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
  bodies<Kind extends "hello" | "heartbeat" | "event" | "goodbye" | "witnessReport">(
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
  /** PEM texts; the agent must then bring a certificate of the same authority. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** The aggregator's own name for the node; else as the Hello says. */
  readonly nodeId?: string;
}

export async function startStubAggregator(options: StubOptions = {}): Promise<StubAggregator> {
  const { port = 0, acknowledge = true, tls } = options;
  const http =
    tls === undefined
      ? createPlainServer()
      : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true });
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
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
      if (frame.kind === "hello") {
        send(welcome(frame.body, options.nodeId ?? frame.body.nodeId, acknowledged));
      }
      if (frame.kind === "heartbeat") {
        send({ kind: "ack", body: { sequence: frame.body.sequence, storeWriteAgeMs: 0 } });
      }
      if (frame.kind === "event" && acknowledge) {
        acknowledged = Math.max(acknowledged, Number(frame.body.transition));
        send({ kind: "eventAck", body: { transition: acknowledged } });
      }
    });
  });
  const actualPort = (http.address() as AddressInfo).port;
  return {
    endpoint: `${tls === undefined ? "ws" : "wss"}://127.0.0.1:${actualPort}`,
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
      server.close();
      await new Promise((resolve) => {
        http.close(resolve);
      });
    },
  };
}

function welcome(hello: Body<"hello">, nodeId: string, acknowledged: number): AggregatorFrame {
  return {
    kind: "welcome",
    body: {
      version: 1,
      aggregatorId: "stub",
      aggregatorVersion: "0",
      clusterId: "test",
      nodeId,
      incarnation: Number(hello.incarnation) + 1,
      sessionEpoch: 1,
      heartbeatIntervalMs: hello.heartbeatIntervalMs,
      frameBytesMax: 65_536,
      framesPerSecondMax: 50,
      acknowledgedTransition: acknowledged,
    },
  };
}
