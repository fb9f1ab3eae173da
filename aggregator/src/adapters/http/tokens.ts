/**
 * API tokens. A token is `hb_` + 43 letters and digits (256 random bits) + 6 of checksum; only its
 * SHA-256 is ever stored. The tokens file has one token per line:
 *
 *   <sha256 in hex> <viewer|operator|admin> <name> [expires, RFC 3339]
 *
 * Empty lines and lines that start with `#` are skipped. A line that cannot be read makes the whole
 * file invalid: a token that silently does not work, or one that silently still does, is worse.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { ConfigError } from "@herdbeat/shared/errors";
import { fnv1a32 } from "@herdbeat/shared/ids";
import { type UnixMs, unixMs } from "@herdbeat/shared/time";

export const SCOPES = ["viewer", "operator", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Principal {
  readonly name: string;
  readonly scope: Scope;
}

/** What the server asks about tokens. */
export interface TokenRegistry {
  /** Null when the token is unknown, malformed or expired. */
  authenticate(token: string, now: UnixMs): Principal | null;
}

export interface TokenEntry extends Principal {
  readonly sha256: Buffer;
  readonly expiresAt: UnixMs | null;
}

export function includesScope(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed);
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const TOKEN_PATTERN = /^hb_(?<secret>[0-9A-Za-z]{43})(?<checksum>[0-9A-Za-z]{6})$/;
/** More tokens than an installation has people and controllers; bounds the comparison per request. */
const TOKENS_MAX = 1_000;

/** A new secret and the line for the tokens file that admits it. */
export function generateToken(
  name: string,
  scope: Scope,
  expires: string | null = null,
): { readonly token: string; readonly line: string } {
  const secret = base62(BigInt(`0x${randomBytes(32).toString("hex")}`), SECRET_LENGTH);
  const token = `hb_${secret}${checksumOf(secret)}`;
  const line = [hashOf(token).toString("hex"), scope, name, expires ?? ""].join(" ").trim();
  return { token, line };
}

function checksumOf(secret: string): string {
  return base62(BigInt(fnv1a32(secret)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; rest > 0n; rest /= 62n) text = (ALPHABET[Number(rest % 62n)] ?? "") + text;
  return text.padStart(length, "0");
}

/** A slip of the keyboard is told from a wrong token without looking anything up. */
export function isWellFormedToken(token: string): boolean {
  const groups = TOKEN_PATTERN.exec(token)?.groups;
  return groups !== undefined && checksumOf(groups["secret"] ?? "") === groups["checksum"];
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Every entry is compared, each in constant time: the time taken tells nothing about any of them. */
export function createTokenRegistry(entries: readonly TokenEntry[]): TokenRegistry {
  return {
    authenticate(token: string, now: UnixMs): Principal | null {
      if (!isWellFormedToken(token)) return null;
      const hash = hashOf(token);
      let found: TokenEntry | null = null;
      for (const entry of entries) if (timingSafeEqual(entry.sha256, hash)) found = entry;
      if (found === null || (found.expiresAt !== null && found.expiresAt <= now)) return null;
      return { name: found.name, scope: found.scope };
    },
  };
}

export function parseTokens(text: string, file: string): readonly TokenEntry[] {
  const problems: string[] = [];
  const entries: TokenEntry[] = [];
  text.split("\n").forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const entry = parseLine(line);
    if (typeof entry === "string") problems.push(`${file}:${index + 1}:1: ${entry}`);
    else entries.push(entry);
  });
  if (entries.length > TOKENS_MAX) problems.push(`${file}: more than ${TOKENS_MAX} tokens`);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return entries;
}

/** The entry, or what is wrong with the line. */
function parseLine(line: string): TokenEntry | string {
  const [hash = "", scope = "", name = "", expires, ...rest] = line.split(/\s+/);
  if (rest.length > 0) return "expected: <sha256> <scope> <name> [expires]";
  if (hash.startsWith("hb_")) return "this is a token; the file holds SHA-256 sums of tokens only";
  if (!/^[0-9a-f]{64}$/.test(hash)) return "the sum is not 64 lower-case hex digits";
  if (!isScope(scope)) return `the scope must be one of ${SCOPES.join(", ")}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._@:-]{0,63}$/.test(name)) return "the name is not well formed";
  const expiresAt = expires === undefined ? null : Date.parse(expires);
  if (Number.isNaN(expiresAt)) return "the expiry is not an RFC 3339 instant";
  return {
    sha256: Buffer.from(hash, "hex"),
    scope,
    name,
    expiresAt: expiresAt === null ? null : unixMs(expiresAt),
  };
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
