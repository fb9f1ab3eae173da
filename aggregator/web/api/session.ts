/**
 * Who is logged in. A token arrives in the address (`#token=...`, printed by the start command) or by
 * the form; it is exchanged once for an http-only cookie and kept nowhere else.
 */
import { type Signal, signal } from "@preact/signals";
import { ApiError, call, getJson } from "./client.ts";
import type { SessionDto } from "./dto.ts";

export type Login =
  | { readonly kind: "checking" }
  /** `because` tells the visitor why the form is shown; empty at a first visit. */
  | { readonly kind: "needed"; readonly because: string }
  | { readonly kind: "in"; readonly session: SessionDto };

export const login: Signal<Login> = signal({ kind: "checking" });

/** The token in the fragment, which is removed from the address and the history at once. */
export function takeTokenFromAddress(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(null, "", `${location.pathname}${location.search}`);
  return token;
}

export async function startSession(): Promise<void> {
  const token = takeTokenFromAddress();
  if (token !== null) return await logIn(token);
  await checkSession();
}

export async function logIn(token: string): Promise<void> {
  try {
    const session = await call<SessionDto>("/session", { method: "POST", token });
    login.value = { kind: "in", session };
  } catch (error) {
    login.value = { kind: "needed", because: explain(error) };
  }
}

export async function logOut(): Promise<void> {
  try {
    await call<undefined>("/session", { method: "DELETE" });
  } finally {
    login.value = { kind: "needed", because: "" };
  }
}

/** Asks whether the cookie still holds; an unreachable server changes nothing that is known. */
export async function checkSession(): Promise<void> {
  try {
    login.value = { kind: "in", session: await getJson<SessionDto>("/session") };
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      const because = login.value.kind === "in" ? "The session has ended." : "";
      login.value = { kind: "needed", because };
    } else if (login.value.kind !== "in") {
      login.value = { kind: "needed", because: explain(error) };
    }
  }
}

function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return "Something went wrong.";
  if (error.status === 401 || error.status === 403) return "This token is not accepted.";
  return `The aggregator could not be asked: ${error.message}.`;
}
