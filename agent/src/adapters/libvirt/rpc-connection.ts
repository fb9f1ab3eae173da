/**
 * One connection to libvirt's socket, in this process, for pings and lifecycle events only.
 *
 * Pings are answered by the daemon's network threads without any lock of a domain, so they tell
 * whether the daemon lives. At most one call is outstanding: a daemon stops reading a client that
 * has several, its pings included. Where the socket asks for authentication, pings still work and
 * events come from the child alone.
 */
import { connect, type Socket } from "node:net";
import type { GuestEvent } from "../../core/guest-facts.ts";
import {
  acceptsWithoutAuthentication,
  authListCall,
  connectOpenCall,
  type Frame,
  KEEPALIVE,
  KEEPALIVE_PROGRAM,
  keepaliveFrame,
  PROCEDURE,
  REMOTE_PROGRAM,
  readLifecycleEvent,
  registerLifecycleCall,
  takeFrame,
} from "./rpc-codec.ts";
import { driverUri } from "./socket-discovery.ts";

export interface RpcListener {
  onConnected(): void;
  onPong(): void;
  /** Events arrive from now on. */
  onSubscribed(): void;
  /** The daemon does not let us subscribe; pings go on. */
  onNotSubscribed(detail: string): void;
  onEvent(event: GuestEvent): void;
  /** Exactly once, also when the connection could not be made (`errorCode` then says why). */
  onClosed(wasConnected: boolean, errorCode: string): void;
}

/** A pong has 28 bytes, an event about 100; longer frames arrive in pieces. */
const READ_BYTES = 4_096;
/** Pings that a hung daemon leaves in its socket; more are not sent. */
const UNANSWERED_MAX = 8;

const EMPTY = Buffer.alloc(0);

export class RpcConnection {
  readonly #socket: Socket;
  readonly #listener: RpcListener;
  readonly #uri: string;
  #received: Buffer = EMPTY;
  #serial = 0;
  #unanswered = 0;
  #wasConnected = false;
  #errorCode = "";

  constructor(path: string, uri: string, listener: RpcListener) {
    this.#uri = uri;
    this.#listener = listener;
    const buffer = Buffer.alloc(READ_BYTES);
    this.#socket = connect({
      path,
      // Without a buffer of ours, every pong would cost a fresh 64 KiB one.
      onread: {
        buffer,
        callback: (length) => {
          this.#onData(buffer.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#errorCode = error.code ?? error.message;
    });
    this.#socket.on("close", () => listener.onClosed(this.#wasConnected, this.#errorCode));
  }

  /** Asks for a sign of life; false when too many are outstanding already. */
  ping(): boolean {
    if (!this.#wasConnected || this.#unanswered >= UNANSWERED_MAX) return false;
    this.#unanswered += 1;
    this.#socket.write(keepaliveFrame(KEEPALIVE.ping));
    return true;
  }

  close(): void {
    this.#socket.destroy();
  }

  #onConnect(): void {
    this.#wasConnected = true;
    this.#listener.onConnected();
    this.ping();
    this.#call(authListCall);
  }

  #call(encode: (serial: number) => Buffer): void {
    this.#serial += 1;
    this.#socket.write(encode(this.#serial));
  }

  /** `chunk` is overwritten by the next read: what is left of it is copied. */
  #onData(chunk: Buffer): void {
    let received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const taken = takeFrame(received);
      if (taken === null) {
        this.#received = received.length === 0 ? EMPTY : Buffer.from(received);
        return;
      }
      if (taken === "malformed") {
        this.#errorCode = "EPROTO";
        this.#socket.destroy();
        return;
      }
      received = taken.rest;
      this.#onFrame(taken.frame);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.program === KEEPALIVE_PROGRAM) {
      if (frame.procedure === KEEPALIVE.ping) this.#socket.write(keepaliveFrame(KEEPALIVE.pong));
      if (frame.procedure === KEEPALIVE.pong) {
        this.#unanswered = 0;
        this.#listener.onPong();
      }
      return;
    }
    if (frame.program !== REMOTE_PROGRAM) return;
    if (frame.isReply) this.#onReply(frame);
    else if (frame.procedure === PROCEDURE.lifecycleEvent) {
      const event = readLifecycleEvent(frame.body);
      if (event !== null) this.#listener.onEvent(event);
    }
  }

  /** The three calls follow each other: may we in, open, subscribe. */
  #onReply(frame: Frame): void {
    if (frame.isError) {
      this.#listener.onNotSubscribed(`libvirt refused procedure ${frame.procedure}`);
      return;
    }
    if (frame.procedure === PROCEDURE.authList) {
      if (acceptsWithoutAuthentication(frame.body)) {
        this.#call((serial) => connectOpenCall(serial, driverUri(this.#uri)));
      } else this.#listener.onNotSubscribed("the socket asks for authentication");
    } else if (frame.procedure === PROCEDURE.connectOpen) {
      this.#call(registerLifecycleCall);
    } else if (frame.procedure === PROCEDURE.registerDomainEvent) {
      this.#listener.onSubscribed();
    }
  }
}
