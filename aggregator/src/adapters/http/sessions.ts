/**
 * Browser sessions. EventSource cannot send an Authorization header, so a browser trades its token
 * for a cookie. Sessions live in memory: after a restart the browser signs in again.
 */
import { createHash, randomBytes } from "node:crypto";
import { type Clock, durationMs, type UnixMs } from "@herdbeat/shared/time";
import type { Principal, TokenRegistry } from "./tokens.ts";

export const SESSION_COOKIE = "herdbeat_session";
/** One working day; the token itself may end earlier. */
const SESSION_LIFE = durationMs(12 * 3_600_000);
/** More than an installation has browsers. When full, the oldest session ends. */
const SESSIONS_MAX = 1_000;

interface Session {
  /** Kept to ask again whether it is still valid, and to forward a request to another aggregator. */
  readonly token: string;
  readonly expiresAt: UnixMs;
}

export interface SessionIdentity {
  readonly principal: Principal;
  readonly token: string;
  readonly expiresAt: UnixMs;
}

export class Sessions {
  readonly #tokens: TokenRegistry;
  readonly #clock: Clock;
  readonly #byHash: Map<string, Session> = new Map();

  constructor(tokens: TokenRegistry, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** The cookie's secret; only its hash is kept. */
  open(token: string): { readonly secret: string; readonly expiresAt: UnixMs } {
    const oldest = this.#byHash.keys().next().value;
    if (this.#byHash.size >= SESSIONS_MAX && oldest !== undefined) this.#byHash.delete(oldest);
    const secret = randomBytes(32).toString("base64url");
    const expiresAt = (this.#clock.wallNow() + SESSION_LIFE) as UnixMs;
    this.#byHash.set(hashOf(secret), { token, expiresAt });
    return { secret, expiresAt };
  }

  find(secret: string): SessionIdentity | null {
    const key = hashOf(secret);
    const session = this.#byHash.get(key);
    if (session === undefined) return null;
    const now = this.#clock.wallNow();
    const principal =
      session.expiresAt <= now ? null : this.#tokens.authenticate(session.token, now);
    if (principal === null) {
      this.#byHash.delete(key);
      return null;
    }
    return { principal, token: session.token, expiresAt: session.expiresAt };
  }

  close(secret: string): void {
    this.#byHash.delete(hashOf(secret));
  }
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

export function readSessionCookie(header: string | undefined): string | null {
  if (header === undefined) return null;
  for (const part of header.split(";", 64)) {
    const [name, value] = part.trim().split("=", 2);
    if (name === SESSION_COOKIE && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

export function sessionCookie(secret: string, secondsMax: number, secure: boolean): string {
  const flags = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${secondsMax}`;
  return `${SESSION_COOKIE}=${secret}; ${flags}${secure ? "; Secure" : ""}`;
}

export function clearedSessionCookie(secure: boolean): string {
  return sessionCookie("", 0, secure);
}
