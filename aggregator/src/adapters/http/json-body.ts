/**
 * Reads a request's body. What comes in is hostile: nesting, prototype keys, control characters and
 * broken text are refused here, each with a pointer, before any schema looks at the value.
 */
import { ApiError, type FieldError } from "./problem.ts";

/** Our deepest body has two levels. */
const DEPTH_MAX = 8;
/** More members than any valid body; bounds the walk. */
const MEMBERS_MAX = 4_096;
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused; tab, line feed and carriage return are text.
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

export function parseJsonBody(text: string): unknown {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, "HB_API_BAD_REQUEST", "the body is not JSON", {
      errors: [{ pointer: "", detail: error instanceof Error ? error.message : "not JSON" }],
      cause: error,
    });
  }
  const problem = firstProblem(value);
  if (problem !== null) {
    throw new ApiError(400, "HB_API_BAD_REQUEST", "the body is refused", { errors: [problem] });
  }
  return value;
}

/** Without recursion: the depth of the input must not become the depth of our stack. */
function firstProblem(root: unknown): FieldError | null {
  const pending: { value: unknown; pointer: string; depth: number }[] = [
    { value: root, pointer: "", depth: 0 },
  ];
  let seen = 0;
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const { value, pointer, depth } = entry;
    seen += 1;
    if (seen > MEMBERS_MAX) return { pointer, detail: `more than ${MEMBERS_MAX} members` };
    if (typeof value === "string") {
      const detail = textProblem(value);
      if (detail !== null) return { pointer, detail };
    }
    if (typeof value !== "object" || value === null) continue;
    if (depth >= DEPTH_MAX) return { pointer, detail: `nested deeper than ${DEPTH_MAX} levels` };
    for (const key of Object.keys(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (FORBIDDEN_KEYS.has(key)) return { pointer: at, detail: "this name is not allowed" };
      pending.push({
        value: (value as Record<string, unknown>)[key],
        pointer: at,
        depth: depth + 1,
      });
    }
  }
  return null;
}

function textProblem(text: string): string | null {
  if (CONTROL_CHARACTER.test(text)) return "control characters are not allowed";
  return isWellFormed(text) ? null : "the text has half a surrogate pair";
}

function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    // URIError is how the language says "lone surrogate" where String#isWellFormed is not typed.
    return false;
  }
}

/** RFC 6901; the key itself is cut, it may be as long as the body. */
export function escapePointer(key: string): string {
  return key.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
}
