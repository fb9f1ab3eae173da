/** A link that a peer dialed. */
import { decodeMeshFrame, encodeMeshFrame } from "@herdbeat/proto/frame-codec";
import { FrameError } from "@herdbeat/proto/frame-error";
import { limitText } from "@herdbeat/proto/text-limit";
import type { AggregatorId } from "@herdbeat/shared/ids";
import type { CloseCause } from "../../../ports/agent-listener.ts";
import { StreamConnection, type StreamContext } from "../stream-connection.ts";
import type { UpgradedStream } from "../stream-server.ts";
import type { MeshLink, MeshLinkOwner } from "./mesh-link.ts";

const MESSAGE_BYTES_MAX = 256;

export class AcceptedLink extends StreamConnection implements MeshLink {
  readonly dialed = false;
  readonly #owner: MeshLinkOwner;

  constructor(stream: UpgradedStream, context: StreamContext, owner: MeshLinkOwner) {
    super(stream, context);
    this.#owner = owner;
  }

  get certified(): AggregatorId | null {
    const { identity } = this.stream;
    return identity?.kind === "aggregator" ? (identity.id as AggregatorId) : null;
  }

  sendFrame(bytes: Uint8Array): void {
    this.send(bytes);
  }

  close(message: string): void {
    if (this.isOpen) this.leave(this.refusal("protocol-error", message));
  }

  destroy(): void {
    this.stream.socket.destroy();
  }

  protected override onPayload(bytes: Buffer, start: number, end: number): void {
    try {
      this.#owner.onLinkFrame(this, decodeMeshFrame(bytes.subarray(start, end)));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.violate(error.detail);
    }
  }

  protected override onEnded(cause: CloseCause): void {
    this.#owner.onLinkEnded(this, cause);
  }

  protected override refusal(
    reason: "protocol-error" | "rate-exceeded",
    message: string,
  ): Uint8Array {
    const number = reason === "protocol-error" ? 5 : 6;
    const body = { reason: number, message: limitText(message, MESSAGE_BYTES_MAX) };
    return encodeMeshFrame({ kind: "goodbye", body });
  }
}
