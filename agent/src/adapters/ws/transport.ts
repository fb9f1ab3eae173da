/**
 * The stream over a WebSocket.
 *
 * Bounds: one connection at a time; frames of at most FRAME_BYTES_MAX either way; at most
 * UNSENT_BYTES_MAX queued, beyond which `send` refuses. A frame that cannot be read closes the
 * connection with 1002. No compression: small frames, and its memory use is hard to bound.
 * Liveness is judged above (acknowledgements), not here.
 */

import { createRequire } from "node:module";
import { FRAME_BYTES_MAX } from "@herdbeat/proto/frame-limits";
import { AGENT_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import type { DurationMs } from "@herdbeat/shared/time";
import type { AgentMessage } from "../../core/messages.ts";
import type { Transport, TransportListener } from "../../ports/transport.ts";
import { decodeMessage, encodeMessage } from "./wire.ts";

// `import` of a CommonJS package makes Node run its export lexer, which costs this process 5 MB.
const { WebSocket: Socket } = createRequire(import.meta.url)("ws") as typeof import("ws");
type Socket = InstanceType<typeof Socket>;

/** Half a minute of heartbeats beside one whole list; more than that is stale anyway. */
const UNSENT_BYTES_MAX = 256 * 1_024;
/** After `close` the peer has this long to answer before the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 500;

export interface TlsFiles {
  /** PEM texts, read again for every connection: certificates are renewed on disk. */
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface WebSocketTransportDeps {
  readonly logger: Logger;
  readonly connectTimeout: DurationMs;
  /** Null = insecure: `ws://` only. Throws when a file cannot be read. */
  readonly readTls: (() => Promise<TlsFiles>) | null;
}

export class WebSocketTransport implements Transport {
  readonly #deps: WebSocketTransportDeps;
  #socket: Socket | null = null;
  /** Grows with each connect and close; what belongs to an earlier one is ignored. */
  #generation = 0;

  constructor(deps: WebSocketTransportDeps) {
    this.#deps = deps;
  }

  connect(endpoint: string, listener: TransportListener): void {
    this.close();
    const generation = this.#generation;
    void this.#open(endpoint, listener, generation).catch((error: unknown) => {
      listener.onClosed(renderErrorChain(error));
    });
  }

  send(message: AgentMessage): boolean {
    const socket = this.#socket;
    if (socket === null || socket.readyState !== Socket.OPEN) return false;
    if (socket.bufferedAmount > UNSENT_BYTES_MAX) return false;
    socket.send(encodeMessage(message));
    return true;
  }

  close(): void {
    this.#generation += 1;
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.close(1_000);
    setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  async #open(endpoint: string, listener: TransportListener, generation: number): Promise<void> {
    const { readTls, connectTimeout } = this.#deps;
    const tls = readTls === null ? {} : { ...(await readTls()), minVersion: "TLSv1.3" as const };
    // `close` or another `connect` came while the files were read: this one is over.
    if (generation !== this.#generation) return listener.onClosed("given up");
    const socket = new Socket(`${endpoint.replace(/\/$/, "")}${AGENT_STREAM_PATH}`, {
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: connectTimeout,
      followRedirects: false,
      skipUTF8Validation: true,
      ...tls,
    });
    this.#socket = socket;
    let lastError = "";
    socket.on("open", () => listener.onOpen());
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.#onMessage(socket, data, isBinary, listener);
    });
    socket.on("error", (error) => {
      lastError = renderErrorChain(error);
    });
    socket.on("close", (code) => {
      if (this.#socket === socket) this.#socket = null;
      listener.onClosed(lastError === "" ? `closed with code ${code}` : lastError);
    });
  }

  #onMessage(socket: Socket, data: Buffer, isBinary: boolean, listener: TransportListener): void {
    if (this.#socket !== socket) return;
    try {
      if (!isBinary) throw new TypeError("a text frame");
      listener.onMessage(decodeMessage(data));
    } catch (error) {
      this.#deps.logger.warn("unreadable frame from the aggregator", {
        error: renderErrorChain(error),
      });
      socket.close(1_002);
    }
  }
}
