import type { CloseCause } from "../../ports/agent-listener.ts";

/** Errors that a packet of the peer's kernel causes: it sent a reset, so it was there. */
const FROM_PEER: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * How a stream ended. Whatever is not known to come from the peer's kernel is a network error,
 * because only "peer-closed" is ever used as evidence.
 */
export function closeCause(end: {
  readonly closedByUs: boolean;
  readonly finReceived: boolean;
  readonly errorCode: string | null;
}): CloseCause {
  if (end.closedByUs) return "local";
  if (end.errorCode !== null) return FROM_PEER.has(end.errorCode) ? "peer-closed" : "network-error";
  return end.finReceived ? "peer-closed" : "network-error";
}
