/** The server's half of the WebSocket opening handshake (RFC 6455 section 4.2), no extensions. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** The whole 101 response, or why there is none. */
export function upgradeResponse(request: IncomingMessage): string | Refusal {
  const key = request.headers["sec-websocket-key"];
  if (request.method !== "GET") return { status: 405, text: "Method Not Allowed" };
  if (request.headers.upgrade?.toLowerCase() !== "websocket")
    return { status: 400, text: "Bad Request" };
  if (request.headers["sec-websocket-version"] !== "13")
    return { status: 426, text: "Upgrade Required" };
  if (key === undefined || !KEY.test(key)) return { status: 400, text: "Bad Request" };
  const accept = createHash("sha1").update(key).update(GUID).digest("base64");
  return (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
  );
}

/** Answers in HTTP and closes. */
export function refuseUpgrade(socket: Duplex, { status, text }: Refusal): void {
  // HTTP let go of the socket: its errors are ours now, and a peer that resets is gone anyway.
  socket.on("error", () => socket.destroy());
  const version = status === 426 ? "Sec-WebSocket-Version: 13\r\n" : "";
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\n${version}Content-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
