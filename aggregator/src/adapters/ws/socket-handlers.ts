/** Handlers shared by all sockets, instead of closures for each. */
import type { Socket } from "node:net";
import type { StreamConnection } from "./stream-connection.ts";

const CONNECTION: unique symbol = Symbol("connection");

interface ConnectionSocket extends Socket {
  [CONNECTION]: StreamConnection;
}

/** From now on the connection hears of its socket, beginning with what was read ahead. */
export function attach(connection: StreamConnection, head: Buffer): void {
  const socket = connection.stream.socket as ConnectionSocket;
  socket[CONNECTION] = connection;
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("error", onError);
  socket.on("close", onClose);
  if (head.length > 0) connection.onBytes(head);
}

function onData(this: ConnectionSocket, chunk: Buffer): void {
  this[CONNECTION].onBytes(chunk);
}

function onEnd(this: ConnectionSocket): void {
  this[CONNECTION].onEnd();
}

function onError(this: ConnectionSocket, error: NodeJS.ErrnoException): void {
  this[CONNECTION].onError(error.code ?? "");
}

function onClose(this: ConnectionSocket): void {
  this[CONNECTION].onSocketClosed();
}
