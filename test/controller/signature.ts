/** The receiver's half of Standard Webhooks, written from the specification alone. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const TOLERANCE_SECONDS = 300;

/** Null when the message is genuine and fresh, else what is wrong with it. */
export function checkSignature(
  secrets: readonly string[],
  headers: IncomingHttpHeaders,
  body: string,
  nowSeconds: number,
): string | null {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const given = headers["webhook-signature"];
  if (typeof id !== "string" || typeof timestamp !== "string" || typeof given !== "string")
    return "webhook-id, webhook-timestamp or webhook-signature is missing";
  if (!(Math.abs(nowSeconds - Number(timestamp)) <= TOLERANCE_SECONDS))
    return "webhook-timestamp is too far from now";
  for (const secret of secrets) {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const digest = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    const wanted = Buffer.from(`v1,${digest}`);
    for (const one of given.split(" ")) {
      const candidate = Buffer.from(one);
      if (candidate.length === wanted.length && timingSafeEqual(candidate, wanted)) return null;
    }
  }
  return "no signature fits";
}
