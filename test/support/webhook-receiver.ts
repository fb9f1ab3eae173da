// A real HTTP receiver on a loopback port that behaves as badly as it is told to.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Writes the answer to the socket itself, so that no rule of HTTP has to be kept. */
export type Answer = (received: Received, socket: Socket) => void;

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  connections(): number;
  answer(next: Answer): void;
  stop(): Promise<void>;
}

export function answerWith(status: number, headers = "", body = ""): Answer {
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return (_received, socket) => {
    socket.write(`HTTP/1.1 ${status} X\r\n${headers}${length}\r\n\r\n${body}`);
  };
}

export async function startReceiver(
  options: { readonly tls?: { key: string; cert: string; ca?: string } } = {},
): Promise<Receiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  let answer: Answer = answerWith(204);
  const onRequest = (request: IncomingMessage): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const entry = {
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      received.push(entry);
      answer(entry, request.socket);
    });
    request.on("error", () => {});
  };
  const server =
    options.tls === undefined
      ? createServer(onRequest)
      : createSecureServer(
          { ...options.tls, requestCert: true, rejectUnauthorized: options.tls.ca !== undefined },
          onRequest,
        );
  server.on(options.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}/hook?from=test`,
    port,
    received,
    connections: () => opened,
    answer: (next) => {
      answer = next;
    },
    stop: () =>
      new Promise((closed) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => closed());
      }),
  };
}
