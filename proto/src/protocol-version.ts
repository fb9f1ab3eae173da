/**
 * Versions of the protocol. Both sides name an inclusive range in their first frame; the highest
 * common version is spoken. This release and the previous one are always served.
 *
 * 1: everything in herdbeat/v1.
 */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_VERSION_MIN = 1;

/** The highest version both sides speak, or null when there is none. */
export function negotiateVersion(peerMin: number, peerMax: number): number | null {
  if (peerMin < 1 || peerMax < peerMin) return null;
  const version = Math.min(peerMax, PROTOCOL_VERSION);
  return version >= Math.max(peerMin, PROTOCOL_VERSION_MIN) ? version : null;
}
