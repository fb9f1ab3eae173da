import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Who the peer is, by its client certificate; null without TLS. */
export interface PeerIdentity {
  readonly kind: "node" | "aggregator";
  readonly id: string;
}

const PREFIX = "urn:herdbeat:";
const IDENTITY = /^urn:herdbeat:(?<kind>node|aggregator):(?<id>[A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/;

/** Null when the connection has no certificate, or one without exactly one identity of ours. */
export function peerIdentity(socket: Duplex): PeerIdentity | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  return identityOf(socket.getPeerX509Certificate()?.subjectAltName ?? "");
}

/**
 * The public key of the peer's certificate (DER, SubjectPublicKeyInfo), whoever it names; null without
 * an authorised one. What it exports is a copy: it outlives the connection.
 */
export function peerPublicKey(socket: Duplex): Uint8Array | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key === undefined ? null : Uint8Array.from(key.export({ type: "spki", format: "der" }));
}

/**
 * The identity in OpenSSL's text form of the alternative names. Names with quotes or commas are
 * shown in quotes; ours never need them, so quoted text is refused as a whole.
 */
export function identityOf(subjectAltName: string): PeerIdentity | null {
  if (subjectAltName.includes('"')) return null;
  const ours = subjectAltName.split(", ").filter((name) => name.startsWith(`URI:${PREFIX}`));
  const [only] = ours;
  if (ours.length !== 1 || only === undefined) return null;
  const { kind, id } = IDENTITY.exec(only.slice(4))?.groups ?? {};
  if (id === undefined || (kind !== "node" && kind !== "aggregator")) return null;
  return { kind, id };
}
