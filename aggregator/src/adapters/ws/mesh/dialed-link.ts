/** A link that this side dialed, over the `ws` client. */
import type { IncomingMessage } from "node:http";
import type { ConnectionOptions, PeerCertificate } from "node:tls";
import { decodeMeshFrame, encodeMeshFrame } from "@herdbeat/proto/frame-codec";
import { FRAME_BYTES_MAX } from "@herdbeat/proto/frame-limits";
import { MESH_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import type { AggregatorId } from "@herdbeat/shared/ids";
import WebSocket from "ws";
import type { MeshPeer } from "../../../ports/mesh.ts";
import { closeCause } from "../close-cause.ts";
import { identityOf } from "../peer-identity.ts";
import type { StreamTls } from "../stream-server.ts";
import type { MeshLink, MeshLinkOwner } from "./mesh-link.ts";

const HANDSHAKE_DEADLINE_MS = 3_000;
const UNSENT_BYTES_MAX = 1_048_576;
const CLOSE_DEADLINE_MS = 1_000;

export class DialedLink implements MeshLink {
  readonly certified: AggregatorId;
  readonly dialed = true;
  readonly #socket: WebSocket;
  #closedByUs = false;
  #finReceived = false;
  #errorCode: string | null = null;

  constructor(
    peer: MeshPeer,
    tls: StreamTls | null,
    events: { readonly owner: MeshLinkOwner; onOpen(link: DialedLink): void },
  ) {
    this.certified = peer.id;
    const socket = new WebSocket(
      `${peer.endpoint.replace(/\/$/, "")}${MESH_STREAM_PATH}`,
      clientOptions(peer.id, tls),
    );
    this.#socket = socket;
    socket.on("upgrade", (response: IncomingMessage) => {
      response.socket.on("end", () => {
        this.#finReceived = true;
      });
      response.socket.on("error", (error: NodeJS.ErrnoException) => {
        this.#errorCode ??= error.code ?? "";
      });
    });
    socket.on("open", () => events.onOpen(this));
    socket.on("message", (data: Buffer) => this.#onMessage(data, events.owner));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#errorCode ??= error.code ?? "";
    });
    socket.on("close", () => {
      const cause = closeCause({
        closedByUs: this.#closedByUs,
        finReceived: this.#finReceived,
        errorCode: this.#errorCode,
      });
      events.owner.onLinkEnded(this, cause);
    });
  }

  sendFrame(bytes: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > UNSENT_BYTES_MAX) this.destroy();
    else this.#socket.send(bytes);
  }

  close(message: string): void {
    this.sendFrame(encodeMeshFrame({ kind: "goodbye", body: { reason: 1, message } }));
    this.#closedByUs = true;
    this.#socket.close(1_000);
    setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS).unref();
  }

  destroy(): void {
    this.#closedByUs = true;
    this.#socket.terminate();
  }

  #onMessage(data: Buffer, owner: MeshLinkOwner): void {
    try {
      owner.onLinkFrame(this, decodeMeshFrame(data));
    } catch {
      // Mismatched versions: the link is of no use, and the next attempt is spaced.
      this.destroy();
    }
  }
}

function clientOptions(peer: AggregatorId, tls: StreamTls | null): WebSocket.ClientOptions {
  const plain: WebSocket.ClientOptions = {
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    handshakeTimeout: HANDSHAKE_DEADLINE_MS,
    followRedirects: false,
  };
  if (tls === null) return plain;
  const secure: ConnectionOptions = {
    ...tls,
    minVersion: "TLSv1.3",
    // The certificate must name the aggregator that the store lists there, whatever its host is called.
    checkServerIdentity: (_host, certificate) => identifies(certificate, peer),
  };
  // The options go to tls.connect; the types of `ws` still describe an older signature.
  return { ...plain, ...(secure as object) };
}

function identifies(certificate: PeerCertificate, id: AggregatorId): Error | undefined {
  const identity = identityOf(certificate.subjectaltname ?? "");
  if (identity?.kind === "aggregator" && identity.id === id) return undefined;
  return new Error(`the certificate does not name aggregator ${id}`);
}
