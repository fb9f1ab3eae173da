/**
 * The datagrams of a witness's echo: is the agent of that node there, and is it that node's?
 * docs/protocol.md has them byte by byte.
 *
 * Guarantee: a reply is never longer than its request, so nobody is worth less than he sent; the
 * signature covers node, boot and nonce, so that no answer serves for another question.
 * Failure case: what is malformed is null or `invalid`, never an exception. Bytes may come from anyone.
 */
import { type KeyObject, verify } from "node:crypto";

/** Every request has this length exactly; the longest possible reply is shorter. */
export const ECHO_REQUEST_BYTES = 640;
export const ECHO_NONCE_BYTES_MIN = 16;
export const ECHO_NONCE_BYTES_MAX = 32;
/** The kernel's boot id has 36. */
export const ECHO_BOOT_ID_BYTES_MAX = 64;
/** RSA with 4,096 bits; the usual P-256 needs 72 at most. */
export const ECHO_SIGNATURE_BYTES_MAX = 512;

const VERSION = 1;
const REQUEST_MAGIC = [0x48, 0x42, 0x57, 0x51] as const;
const REPLY_MAGIC = [0x48, 0x42, 0x57, 0x41] as const;
/** Magic, version, length of the nonce. */
const HEADER_BYTES = 6;
/** What is signed begins with it, so that the key's signatures for TLS can never be mistaken for ours. */
const CONTEXT = "herdbeat-witness-v1";
const BOOT_ID = /^[\x21-\x7e]{1,64}$/;

export interface EchoReply {
  readonly nonce: Uint8Array;
  readonly bootId: string;
  /** Empty: the answer is not authenticated. */
  readonly signature: Uint8Array;
}

export type EchoVerdict =
  /** Whoever answered has the node's key, and answered this question. */
  | { readonly kind: "authenticated"; readonly bootId: string }
  /** An answer to this question, but anybody on its way could have given it. */
  | { readonly kind: "unauthenticated"; readonly bootId: string }
  | {
      readonly kind: "invalid";
      readonly why: "malformed" | "other-nonce" | "bad-signature" | "other-boot";
    };

/** Throws RangeError for a nonce that is not 16 to 32 bytes. */
export function encodeEchoRequest(nonce: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(ECHO_REQUEST_BYTES);
  writeHeader(bytes, REQUEST_MAGIC, nonce);
  return bytes;
}

/** The nonce of a request, or null when it is none. Aliases the input. */
export function parseEchoRequest(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === ECHO_REQUEST_BYTES ? readNonce(bytes, REQUEST_MAGIC) : null;
}

/** Throws RangeError for parts that do not fit. */
export function encodeEchoReply({ nonce, bootId, signature }: EchoReply): Uint8Array {
  if (!BOOT_ID.test(bootId)) throw new RangeError("a boot id is 1 to 64 printable characters");
  if (signature.length > ECHO_SIGNATURE_BYTES_MAX)
    throw new RangeError("the signature is too long");
  const bytes = new Uint8Array(
    HEADER_BYTES + nonce.length + 1 + bootId.length + 2 + signature.length,
  );
  let at = writeHeader(bytes, REPLY_MAGIC, nonce);
  bytes[at] = bootId.length;
  bytes.set(new TextEncoder().encode(bootId), at + 1);
  at += 1 + bootId.length;
  bytes[at] = signature.length >> 8;
  bytes[at + 1] = signature.length & 0xff;
  bytes.set(signature, at + 2);
  return bytes;
}

/** Null when it is no reply. Nonce and signature alias the input. */
export function parseEchoReply(bytes: Uint8Array): EchoReply | null {
  if (bytes.length > ECHO_REQUEST_BYTES) return null;
  const nonce = readNonce(bytes, REPLY_MAGIC);
  if (nonce === null) return null;
  let at = HEADER_BYTES + nonce.length;
  const bootIdEnd = at + 1 + (bytes[at] ?? 0);
  if (bootIdEnd + 2 > bytes.length) return null;
  const bootId = new TextDecoder("latin1").decode(bytes.subarray(at + 1, bootIdEnd));
  if (!BOOT_ID.test(bootId)) return null;
  at = bootIdEnd + 2;
  const length = ((bytes[bootIdEnd] ?? 0) << 8) | (bytes[bootIdEnd + 1] ?? 0);
  if (length > ECHO_SIGNATURE_BYTES_MAX || at + length !== bytes.length) return null;
  return { nonce, bootId, signature: bytes.subarray(at) };
}

/** Whether `bytes` is a reply that carries this nonce, whoever made it. */
export function isEchoReplyTo(bytes: Uint8Array, nonce: Uint8Array): boolean {
  const reply = parseEchoReply(bytes);
  return reply !== null && areEqual(reply.nonce, nonce);
}

/** The bytes that a node signs: four fields, each behind its length in two bytes. */
export function echoSignedBytes(parts: {
  readonly nodeId: string;
  readonly bootId: string;
  readonly nonce: Uint8Array;
}): Uint8Array {
  const encoder = new TextEncoder();
  const fields = [
    encoder.encode(CONTEXT),
    encoder.encode(parts.nodeId),
    encoder.encode(parts.bootId),
    parts.nonce,
  ];
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + 2 + field.length, 0));
  let at = 0;
  for (const field of fields) {
    bytes[at] = field.length >> 8;
    bytes[at + 1] = field.length & 0xff;
    bytes.set(field, at + 2);
    at += 2 + field.length;
  }
  return bytes;
}

/** The digest to sign with; null for keys whose algorithm brings its own. */
export function echoDigest(key: KeyObject): "sha256" | null {
  return key.asymmetricKeyType === "ed25519" || key.asymmetricKeyType === "ed448" ? null : "sha256";
}

/**
 * What a reply proves. `reply` is the whole datagram, as a witness hands it on in `proof`. Without
 * `publicKey` (null: the node's certificate is not known) no answer is more than unauthenticated.
 * With `bootId`, an answer of another boot is invalid.
 */
export function verifyEchoReply(question: {
  readonly reply: Uint8Array;
  readonly nonce: Uint8Array;
  readonly nodeId: string;
  readonly bootId?: string;
  readonly publicKey: KeyObject | null;
}): EchoVerdict {
  const { nonce, nodeId, publicKey } = question;
  const reply = parseEchoReply(question.reply);
  if (reply === null) return { kind: "invalid", why: "malformed" };
  if (!areEqual(reply.nonce, nonce)) return { kind: "invalid", why: "other-nonce" };
  const { bootId, signature } = reply;
  const isSigned = signature.length > 0 && publicKey !== null;
  if (isSigned && !isSignature(echoSignedBytes({ nodeId, bootId, nonce }), signature, publicKey))
    return { kind: "invalid", why: "bad-signature" };
  if (question.bootId !== undefined && question.bootId !== bootId)
    return { kind: "invalid", why: "other-boot" };
  return { kind: isSigned ? "authenticated" : "unauthenticated", bootId };
}

function isSignature(signed: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  try {
    return verify(echoDigest(key), signed, key, signature);
  } catch {
    // A key that cannot verify has verified nothing.
    return false;
  }
}

function writeHeader(bytes: Uint8Array, magic: readonly number[], nonce: Uint8Array): number {
  if (nonce.length < ECHO_NONCE_BYTES_MIN || nonce.length > ECHO_NONCE_BYTES_MAX)
    throw new RangeError(`a nonce of ${nonce.length} bytes`);
  bytes.set(magic, 0);
  bytes[4] = VERSION;
  bytes[5] = nonce.length;
  bytes.set(nonce, HEADER_BYTES);
  return HEADER_BYTES + nonce.length;
}

function readNonce(bytes: Uint8Array, magic: readonly number[]): Uint8Array | null {
  if (magic.some((byte, at) => bytes[at] !== byte) || bytes[4] !== VERSION) return null;
  const length = bytes[5] ?? 0;
  if (length < ECHO_NONCE_BYTES_MIN || length > ECHO_NONCE_BYTES_MAX) return null;
  return HEADER_BYTES + length <= bytes.length
    ? bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)
    : null;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
