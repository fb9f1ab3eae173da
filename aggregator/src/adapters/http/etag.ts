/** Entity tags: what a client holds is compared by content, so tags survive restarts and takeovers. */
import { createHash } from "node:crypto";
import { ApiError } from "./problem.ts";

/** Strong: equal tags mean equal bytes. */
export function strongTag(value: unknown): string {
  return `"${digest(value)}"`;
}

/** Weak: equal tags mean the same but for ages and the time of the answer. */
export function weakTag(value: unknown): string {
  return `W/"${digest(value)}"`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 22);
}

/** True when the client's copy is still good (weak comparison, RFC 9110 13.1.2). */
export function isNotModified(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return tagsOf(ifNoneMatch).some((each) => each === "*" || opaque(each) === opaque(tag));
}

/** Refuses the write when the client decided on an older copy (strong comparison, RFC 9110 13.1.1). */
export function checkIfMatch(ifMatch: string | undefined, tag: string): void {
  if (ifMatch === undefined) return;
  if (tagsOf(ifMatch).some((each) => each === "*" || each === tag)) return;
  throw new ApiError(412, "HB_API_CONFLICT", "it changed since you read it: read it again", {
    errors: [{ pointer: "", detail: `If-Match is ${ifMatch.slice(0, 100)}, the tag is ${tag}` }],
  });
}

function tagsOf(header: string): readonly string[] {
  return header.split(",", 32).map((each) => each.trim());
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
