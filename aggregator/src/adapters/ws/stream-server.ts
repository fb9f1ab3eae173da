/**
 * The port of the streams: accepts, does TLS and the HTTP upgrade, and hands sockets to whoever
 * serves their path (agents, mesh).
 *
 * Bounds: connections, TLS handshakes in flight, time until a stream said hello (the taker calls
 * `settled`), request heads. Everything beyond is refused and counted.
 * Failure case: certificates that can not be loaded keep the running ones in use.
 */

import { constants } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from "node:net";
import type { Duplex } from "node:stream";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type Server as TlsServer,
} from "node:tls";
import { OperatingError } from "@herdbeat/shared/errors";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import { HandshakeGate } from "./handshake-gate.ts";
import { type PeerIdentity, peerIdentity } from "./peer-identity.ts";
import { type Refusal, refuseUpgrade, upgradeResponse } from "./upgrade.ts";

/** PEM texts; `ca` signs the certificates of agents and aggregators. */
export interface StreamTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface StreamServerDeps {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Null = insecure: no TLS, peers say who they are. */
  readonly tls: StreamTls | null;
  /** Shown in `endpoint()` in place of `host`, e.g. when listening on every address. */
  readonly advertisedHost?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Leaves room below the limit of open files for everything else. */
  readonly connectionsMax?: number;
}

/**
 * An upgraded socket. The taker calls `StreamServer.settle` once the peer said hello; until then the
 * socket lives at most HELLO_DEADLINE.
 */
export interface UpgradedStream {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly identity: PeerIdentity | null;
}

/** `head` is what was read beyond the request. */
export type StreamTaker = (stream: UpgradedStream, head: Buffer) => void;

export interface StreamServerCounters {
  accepted: number;
  refusedFull: number;
  refusedUpgrade: number;
  tlsFailed: number;
  helloTimedOut: number;
}

/** From the end of TLS to the first frame. */
export const HELLO_DEADLINE: DurationMs = durationMs(5_000);
const SWEEP_MS = 500;
const HANDSHAKE_DEADLINE_MS = 5_000;
const CONNECTIONS_MAX_DEFAULT = 19_000;
const BACKLOG = 4_096;
const KEEP_ALIVE_AFTER_MS = 15_000;
const HEAD_BYTES_MAX = 8_192;
const NOBODY_SERVES: Refusal = { status: 503, text: "Service Unavailable" };

export class StreamServer implements Startable {
  readonly counters: StreamServerCounters = {
    accepted: 0,
    refusedFull: 0,
    refusedUpgrade: 0,
    tlsFailed: 0,
    helloTimedOut: 0,
  };
  readonly #deps: StreamServerDeps;
  readonly #takers = new Map<string, StreamTaker>();
  /** Sockets that did not say hello yet, oldest first. */
  readonly #unsettled = new Map<Socket, MonotonicMs>();
  readonly #http: Server;
  readonly #tls: TlsServer | null;
  readonly #gate: HandshakeGate;
  readonly #acceptor: NetServer;
  readonly #open = new Set<Socket>();
  #sweeper: NodeJS.Timeout | undefined;
  #started: Promise<void> | null = null;

  constructor(deps: StreamServerDeps) {
    this.#deps = deps;
    this.#http = createHttpServer({ maxHeaderSize: HEAD_BYTES_MAX }, (_request, response) => {
      response.writeHead(426, { Connection: "close", Upgrade: "websocket" }).end();
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#http.on("clientError", (_error, socket) => socket.destroy());
    this.#tls = deps.tls === null ? null : this.#makeTls(deps.tls);
    this.#gate = new HandshakeGate((socket) => this.#tls?.emit("connection", socket));
    this.#acceptor = createNetServer(
      {
        // TLS reads from the handle itself: nothing may be read into JavaScript before it starts.
        pauseOnConnect: this.#tls !== null,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
        allowHalfOpen: true,
      },
      (socket) => this.#accept(socket),
    );
  }

  /** May be called by everybody who needs it; starts once. */
  start(): Promise<void> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  /** Who serves `path`; null = nobody (503). */
  serve(path: string, taker: StreamTaker | null): void {
    if (taker === null) this.#takers.delete(path);
    else this.#takers.set(path, taker);
  }

  /** Actual address, e.g. `wss://127.0.0.1:40123`. */
  endpoint(): string {
    const address = this.#acceptor.address() as AddressInfo | null;
    const port = address?.port ?? this.#deps.port;
    const host = this.#deps.advertisedHost ?? this.#deps.host;
    return `${this.#tls === null ? "ws" : "wss"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  get secure(): boolean {
    return this.#tls !== null;
  }

  get connections(): number {
    return this.#open.size;
  }

  /** New connections use the new certificates; throws when they are unusable. */
  renewCertificates(tls: StreamTls): void {
    this.#tls?.setSecureContext(secureOptions(tls));
  }

  /** The peer of an upgraded socket said hello: its deadline is over. */
  settle(socket: Socket): void {
    this.#unsettled.delete(socket);
  }

  /** A socket closed. */
  forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#unsettled.delete(socket);
  }

  /** Closes the port and what is still open. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    this.#gate.close();
    for (const socket of this.#open) socket.destroy();
    if (this.#started === null) return;
    await new Promise<void>((resolve) => this.#acceptor.close(() => resolve()));
  }

  #listen(): Promise<void> {
    const { host, port } = this.#deps;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    return new Promise((resolve, reject) => {
      this.#acceptor.once("error", (error: NodeJS.ErrnoException) => {
        clearInterval(this.#sweeper);
        const code = error.code === "EADDRINUSE" ? "HB_PORT_IN_USE" : "HB_TRANSPORT_FAILED";
        reject(new OperatingError(code, `can not listen on ${host}:${port}`, { cause: error }));
      });
      this.#acceptor.listen({ host, port, backlog: BACKLOG }, () => resolve());
    });
  }

  #accept(socket: Socket): void {
    this.counters.accepted += 1;
    if (this.#open.size >= (this.#deps.connectionsMax ?? CONNECTIONS_MAX_DEFAULT)) {
      this.counters.refusedFull += 1;
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    forgetOnClose(socket, this);
    if (this.#tls !== null) this.#gate.enter(socket);
    else this.#awaitUpgrade(socket);
  }

  #makeTls(tls: StreamTls): TlsServer {
    const server = createTlsServer({
      ...secureOptions(tls),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_DEADLINE_MS,
      allowHalfOpen: true,
    });
    const settled = new WeakSet<TLSSocket>();
    const leaveOnce = (socket: TLSSocket): void => {
      if (settled.has(socket)) return;
      settled.add(socket);
      this.#gate.leave();
    };
    server.on("secureConnection", (socket) => {
      leaveOnce(socket);
      this.#awaitUpgrade(socket);
    });
    server.on("tlsClientError", (error, socket) => {
      this.counters.tlsFailed += 1;
      this.#deps.logger.debug("TLS handshake failed", { error: error.message });
      leaveOnce(socket);
      socket.destroy();
    });
    return server;
  }

  #awaitUpgrade(socket: Socket): void {
    this.#unsettled.set(socket, this.#deps.clock.now());
    if (this.#tls !== null) forgetOnClose(socket, this);
    this.#http.emit("connection", socket);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const taker = this.#takers.get(request.url ?? "");
    const response = taker === undefined ? NOBODY_SERVES : upgradeResponse(request);
    if (taker === undefined || typeof response !== "string") {
      this.counters.refusedUpgrade += 1;
      refuseUpgrade(socket, typeof response === "string" ? NOBODY_SERVES : response);
      return;
    }
    const tcp = socket as Socket;
    tcp.setTimeout(0);
    tcp.write(response);
    const remoteAddress = (tcp.remoteAddress ?? "").replace(/^::ffff:/, "");
    taker({ socket: tcp, remoteAddress, identity: peerIdentity(tcp) }, head);
  }

  #sweep(): void {
    const now = this.#deps.clock.now();
    for (const [socket, since] of this.#unsettled) {
      if (elapsed(since, now) < HELLO_DEADLINE) return;
      this.counters.helloTimedOut += 1;
      this.#unsettled.delete(socket);
      socket.destroy();
    }
  }
}

/** One shared listener and one property instead of a closure per connection. */
const SERVER: unique symbol = Symbol("server");

function forgetOnClose(socket: Socket, server: StreamServer): void {
  (socket as Socket & { [SERVER]?: StreamServer })[SERVER] = server;
  socket.once("close", forgetThis);
  // Whoever serves the stream listens too; before and after that, `close` is all that matters.
  socket.on("error", ignored);
}

function ignored(): void {}

function forgetThis(this: Socket & { [SERVER]?: StreamServer }): void {
  this[SERVER]?.forget(this);
}

function secureOptions(tls: StreamTls): {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly minVersion: "TLSv1.3";
  readonly secureOptions: number;
} {
  // Tickets would cost 15 KB per connection, and agents do not resume sessions.
  return { ...tls, minVersion: "TLSv1.3", secureOptions: constants.SSL_OP_NO_TICKET };
}
