/** The baseline: a `ws` server that answers the first message of a stream and counts the rest. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeAggregatorFrame } from "@herdbeat/proto/frame-codec";
import { type WebSocket, WebSocketServer } from "ws";

const welcome = encodeAggregatorFrame({
  kind: "welcome",
  body: { version: 1, aggregatorId: "bare", incarnation: 1, sessionEpoch: 1 },
});
let messages = 0;

function onFirst(this: WebSocket): void {
  this.send(welcome);
  this.on("message", onMessage);
}

function onMessage(): void {
  messages += 1;
}

const http = createServer();
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: false,
  clientTracking: false,
  maxPayload: 65_536,
});
server.on("connection", (socket) => {
  socket.once("message", onFirst);
  socket.on("error", () => {});
});
http.listen({ host: "0.0.0.0", port: 0, backlog: 4_096 }, () => {
  const { port } = http.address() as AddressInfo;
  console.log(JSON.stringify({ listening: `ws://127.0.0.1:${port}` }));
});
process.once("SIGTERM", () => {
  console.log(JSON.stringify({ messages }));
  process.exit(0);
});
