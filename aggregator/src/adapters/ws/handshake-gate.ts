/**
 * Bounds TLS handshakes in flight, so that a storm of reconnects can not hold the loop for long:
 * each costs about 1 ms of CPU, in two pieces.
 */
import type { Socket } from "node:net";

/** 32 handshakes of which every one becomes ready in one turn of the loop: about 16 ms. */
const IN_FLIGHT_MAX = 32;
/** Sockets that wait unread. Beyond it new ones are dropped: agents come back with jitter. */
const WAITING_MAX = 4_096;
/** Entries that have left before the list is made shorter: rare enough to cost nothing. */
const COMPACT_AFTER = 1_024;

export class HandshakeGate {
  readonly #begin: (socket: Socket) => void;
  /** Oldest first, from `#head`. */
  #waiting: Socket[] = [];
  #head = 0;
  #inFlight = 0;
  #dropped = 0;

  constructor(begin: (socket: Socket) => void) {
    this.#begin = begin;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  enter(socket: Socket): void {
    if (this.#inFlight < IN_FLIGHT_MAX) {
      this.#inFlight += 1;
      this.#begin(socket);
    } else if (this.waiting < WAITING_MAX) {
      this.#waiting.push(socket);
    } else {
      this.#dropped += 1;
      socket.destroy();
    }
  }

  /** A handshake ended, either way. */
  leave(): void {
    const next = this.#next();
    if (next === undefined) this.#inFlight -= 1;
    else this.#begin(next);
  }

  /** The oldest that is still there: one that was ended while it waited would hold a place for nothing. */
  #next(): Socket | undefined {
    while (this.#head < this.#waiting.length) {
      const socket = this.#waiting[this.#head];
      this.#head += 1;
      // In a storm that does not end, the list is never empty; what has left must not stay in it.
      if (this.#head >= COMPACT_AFTER) {
        this.#waiting.splice(0, this.#head);
        this.#head = 0;
      }
      if (socket?.destroyed === false) return socket;
    }
    this.#waiting = [];
    this.#head = 0;
    return undefined;
  }

  close(): void {
    for (const socket of this.#waiting.slice(this.#head)) socket.destroy();
    this.#waiting = [];
    this.#head = 0;
  }
}
