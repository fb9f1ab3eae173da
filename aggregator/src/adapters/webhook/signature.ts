/**
 * Standard Webhooks signatures, version 1: `webhook-signature: v1,<base64 of HMAC-SHA256>` over
 * `<webhook-id>.<webhook-timestamp>.<body>`. Several signatures, separated by spaces, are sent while
 * a secret is being rotated; a receiver accepts the message when any of them fits.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { OperatingError } from "@herdbeat/shared/errors";
import { type DurationMs, durationMs, elapsed, type UnixMs, unixMs } from "@herdbeat/shared/time";

const PREFIX = "whsec_";
/** The specification's bounds of a secret. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
/** More than a rotation needs; a header without end must not cost an HMAC per entry. */
const SIGNATURES_READ_MAX = 8;

/** How far a timestamp may be off, in both directions, before a message counts as replayed. */
export const TIMESTAMP_TOLERANCE: DurationMs = durationMs(300_000);

export type SigningKey = Buffer & { readonly __brand: "SigningKey" };

/** Reads `whsec_<base64>`. The secret itself never appears in the error. */
export function parseSecret(secret: string): SigningKey {
  const encoded = secret.trim().startsWith(PREFIX) ? secret.trim().slice(PREFIX.length) : undefined;
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) {
    throw new OperatingError("HB_CONFIG_INVALID", `a webhook secret must be ${PREFIX}<base64>`);
  }
  const key = Buffer.from(encoded, "base64");
  if (key.length < SECRET_BYTES_MIN || key.length > SECRET_BYTES_MAX) {
    throw new OperatingError(
      "HB_CONFIG_INVALID",
      `a webhook secret must hold ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, not ${key.length}`,
    );
  }
  return key as SigningKey;
}

export interface SignedMessage {
  readonly id: string;
  /** Whole seconds since 1970, as it stands in `webhook-timestamp`. */
  readonly timestamp: number;
  readonly body: string;
}

/** The value of `webhook-signature`: one signature per key, the newest key first. */
export function signatureHeader(keys: readonly SigningKey[], message: SignedMessage): string {
  return keys.map((key) => `v1,${sign(key, message).toString("base64")}`).join(" ");
}

export type Verification =
  | { readonly kind: "valid" }
  | { readonly kind: "invalid"; readonly because: "headers" | "timestamp" | "signature" };

/** Checks a received message. Names of `headers` are lower-case, as Node gives them. */
export function verifyMessage(
  keys: readonly SigningKey[],
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
  now: UnixMs,
  tolerance: DurationMs = TIMESTAMP_TOLERANCE,
): Verification {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof signatures !== "string") {
    return { kind: "invalid", because: "headers" };
  }
  if (id === "" || !/^\d{1,12}$/.test(timestamp)) return { kind: "invalid", because: "headers" };
  const seconds = Number(timestamp);
  if (Math.abs(elapsed(unixMs(seconds * 1_000), now)) > tolerance) {
    return { kind: "invalid", because: "timestamp" };
  }
  const given = signatures.split(" ", SIGNATURES_READ_MAX).flatMap((entry) => {
    const [version, encoded] = entry.split(",", 2);
    return version === "v1" && encoded !== undefined ? [Buffer.from(encoded, "base64")] : [];
  });
  for (const key of keys) {
    const wanted = sign(key, { id, timestamp: seconds, body });
    for (const candidate of given) {
      if (candidate.length === wanted.length && timingSafeEqual(candidate, wanted)) {
        return { kind: "valid" };
      }
    }
  }
  return { kind: "invalid", because: "signature" };
}

function sign(key: SigningKey, message: SignedMessage): Buffer {
  return createHmac("sha256", key)
    .update(`${message.id}.${message.timestamp}.${message.body}`, "utf8")
    .digest();
}
