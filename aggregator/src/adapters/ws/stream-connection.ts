/**
 * The common part of accepted streams: one upgraded socket from open over closing to closed.
 *
 * Guarantee: `onPayload` sees every whole message while the stream is open and within its rate;
 * `onEnded` is called exactly once. Whatever a peer may not do is counted, told to it in a goodbye
 * and ends the stream. Unsent bytes are bounded: a peer that does not read is dropped.
 */
import { FRAME_BYTES_MAX } from "@herdbeat/proto/frame-limits";
import type { CloseCause } from "../../ports/agent-listener.ts";
import { closeCause } from "./close-cause.ts";
import type { FrameRate } from "./frame-rate.ts";
import { CLOSE_CODE, FrameReader, type FrameSink } from "./frame-reader.ts";
import { binaryFrame, closeFrame, pongFrame } from "./frame-writer.ts";
import type { UpgradedStream } from "./stream-server.ts";

/** What all streams of a listener share. */
export interface StreamContext {
  readonly counters: {
    frames: number;
    violations: number;
    floods: number;
    slowReaders: number;
  };
  readonly rate: FrameRate;
  /** The stream says nothing more; its socket must be gone soon. */
  closing(connection: StreamConnection): void;
  closed(connection: StreamConnection): void;
}

/** Half a minute of acknowledgements; a peer that leaves more unread is not reading. */
const UNSENT_BYTES_MAX = 65_536;

export abstract class StreamConnection implements FrameSink {
  readonly stream: UpgradedStream;
  readonly #context: StreamContext;
  readonly #reader: FrameReader;
  #life: "open" | "closing" | "closed" = "open";
  /** The FrameRate's memory of this stream. */
  #earliest = 0;
  #closedByUs = false;
  #finReceived = false;
  #errorCode: string | null = null;

  constructor(stream: UpgradedStream, context: StreamContext) {
    this.stream = stream;
    this.#context = context;
    this.#reader = new FrameReader(this, FRAME_BYTES_MAX);
  }

  /** One message in `bytes[start, end)`, which are valid only during the call. */
  protected abstract onPayload(bytes: Buffer, start: number, end: number): void;
  protected abstract onEnded(cause: CloseCause): void;
  /** The encoded goodbye for a peer that broke the protocol or its rate. */
  protected abstract refusal(
    reason: "protocol-error" | "rate-exceeded",
    message: string,
  ): Uint8Array;

  protected get isOpen(): boolean {
    return this.#life === "open";
  }

  onBytes(chunk: Buffer): void {
    if (this.#life === "open") this.#reader.push(chunk);
  }

  /** FIN: the peer sends nothing more. */
  onEnd(): void {
    this.#finReceived = true;
    this.#end();
    this.stream.socket.destroy();
  }

  onError(code: string): void {
    this.#errorCode ??= code;
  }

  onSocketClosed(): void {
    this.#end();
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    const context = this.#context;
    context.counters.frames += 1;
    this.#earliest = context.rate.take(this.#earliest);
    if (this.#earliest < 0) this.#flood();
    else this.onPayload(bytes, start, end);
  }

  onPing(payload: Buffer): void {
    this.#earliest = this.#context.rate.take(this.#earliest);
    if (this.#earliest < 0) this.#flood();
    else this.#write(pongFrame(payload));
  }

  onCloseFrame(code: number): void {
    this.#finReceived = true;
    if (this.#life !== "open") return;
    this.#life = "closing";
    this.#context.closing(this);
    this.stream.socket.end(closeFrame(code === CLOSE_CODE.none ? CLOSE_CODE.normal : code));
  }

  onViolation(closeCode: number, what: string): void {
    this.violate(what, closeCode);
  }

  protected violate(what: string, closeCode: number = CLOSE_CODE.protocolError): void {
    if (this.#life !== "open") return;
    this.#context.counters.violations += 1;
    this.leave(this.refusal("protocol-error", what), closeCode);
  }

  protected send(payload: Uint8Array): void {
    if (this.#life === "open") this.#write(binaryFrame(payload));
  }

  /** Sends the last message and closes. */
  protected leave(goodbye: Uint8Array, closeCode: number = CLOSE_CODE.normal): void {
    this.send(goodbye);
    // A peer that does not read gets no goodbye: `send` dropped it.
    if (this.#life !== "open") return;
    this.#stopReading();
    this.#context.closing(this);
    this.stream.socket.end(closeFrame(closeCode));
  }

  #flood(): void {
    this.#context.counters.floods += 1;
    this.leave(this.refusal("rate-exceeded", "too many frames"), CLOSE_CODE.policy);
  }

  #write(bytes: Buffer): void {
    const { socket } = this.stream;
    if (socket.writableLength <= UNSENT_BYTES_MAX) {
      socket.write(bytes);
      return;
    }
    this.#context.counters.slowReaders += 1;
    this.#stopReading();
    socket.destroy();
  }

  #stopReading(): void {
    this.#reader.stop();
    this.#closedByUs = true;
    this.#life = "closing";
  }

  /** Tells, once. */
  #end(): void {
    if (this.#life === "closed") return;
    this.#life = "closed";
    this.#reader.stop();
    this.#context.closed(this);
    this.onEnded(
      closeCause({
        closedByUs: this.#closedByUs,
        finReceived: this.#finReceived,
        errorCode: this.#errorCode,
      }),
    );
  }
}
