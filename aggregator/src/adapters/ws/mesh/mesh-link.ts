/** One stream between two aggregators, whichever side dialed. */
import type { DecodedMeshFrame } from "@herdbeat/proto/frame-codec";
import type { AggregatorId } from "@herdbeat/shared/ids";
import type { CloseCause } from "../../../ports/agent-listener.ts";

export interface MeshLink {
  /** Whom the peer proved (or, insecure, claimed) to be; null until then. */
  readonly certified: AggregatorId | null;
  readonly dialed: boolean;
  sendFrame(bytes: Uint8Array): void;
  close(message: string): void;
  destroy(): void;
}

export interface MeshLinkOwner {
  onLinkFrame(link: MeshLink, frame: DecodedMeshFrame): void;
  /** Exactly once per link. */
  onLinkEnded(link: MeshLink, cause: CloseCause): void;
}
