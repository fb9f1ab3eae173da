/**
 * What follows one attempt to hand a row off. Pure; `docs/webhooks.md` is this table for receivers.
 *
 * Guarantee: an accepted row ends, a fact that was not accepted is tried for ever, and nothing is
 * thrown away: what the receiver refuses for good is parked, where a person can see and release it.
 * Mechanism: `judge` reads the answer, `rowAfter` writes the row's next state. What an answer means
 * for the destination as a whole is in `destination-health.ts`, which rows go now in `delivery-plan.ts`.
 * Failure case: a lost answer is a retry under the same webhook-id; the receiver knows the id.
 */
import { assertNever } from "@herdbeat/shared/assert";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Random } from "@herdbeat/shared/random";
import { after, type DurationMs, durationMs, type UnixMs } from "@herdbeat/shared/time";
import type { OutboxRow } from "./outbox.ts";

export interface DeliveryConfig {
  /** Full jitter per row. `initial` <= 1 s: the first retry is fast. */
  readonly retry: BackoffConfig;
  /** A Retry-After beyond this is cut: a receiver cannot silence us for a day. At least `retry.max`. */
  readonly retryAfterMax: DurationMs;
  /** Full jitter per failing destination; its `max` bounds how long after its return work resumes. */
  readonly trial: BackoffConfig;
  /** Failures in a row that close a destination to all but trials. */
  readonly failuresToClose: number;
  /** A destination that refuses us (401, 403, 404) is tried again this often. */
  readonly pausedTrialEvery: DurationMs;
  /** Attempts under way at once, to one destination. Its product with the destinations bounds memory. */
  readonly concurrencyMax: number;
}

export const DELIVERY_DEFAULTS: DeliveryConfig = {
  retry: { initial: durationMs(1_000), factor: 2, max: durationMs(300_000) },
  retryAfterMax: durationMs(300_000),
  trial: { initial: durationMs(1_000), factor: 2, max: durationMs(30_000) },
  failuresToClose: 5,
  pausedTrialEvery: durationMs(300_000),
  concurrencyMax: 16,
};

/** How one attempt went, as far as the decision needs to know. Same shape as the port's. */
export type AttemptOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: DurationMs | null;
      readonly bodyExcerpt: string;
    }
  | { readonly kind: "timed-out"; readonly detail: string }
  | { readonly kind: "not-sent"; readonly detail: string };

export type Verdict =
  /** `known`: the receiver had this id already. */
  | { readonly kind: "accepted"; readonly known: boolean }
  /** The receiver let `notAfter` pass; asked again at once with a fresh one. */
  | { readonly kind: "expired" }
  /** No fault of this row: try again. `retryAfter` is the receiver's wish, for all that goes there. */
  | { readonly kind: "retry"; readonly retryAfter: DurationMs | null }
  /** The receiver refuses this row; it waits for a person. */
  | { readonly kind: "parked" }
  /** The receiver refuses us; the row waits, the destination is paused. `gone`: until a person resumes. */
  | { readonly kind: "refused"; readonly gone: boolean };

export function judge(row: Pick<OutboxRow, "kind">, outcome: AttemptOutcome): Verdict {
  switch (outcome.kind) {
    case "timed-out":
    case "not-sent":
      return { kind: "retry", retryAfter: null };
    case "answered":
      return judgeStatus(row, outcome.status, outcome.retryAfter);
    default:
      return assertNever(outcome, "attempt outcome");
  }
}

function judgeStatus(
  row: Pick<OutboxRow, "kind">,
  status: number,
  retryAfter: DurationMs | null,
): Verdict {
  // 208 says "already known" inside the 2xx range; both end the row.
  if (status === 208 || status === 409) return { kind: "accepted", known: true };
  if (status >= 200 && status < 300) return { kind: "accepted", known: false };
  if (status === 429 || status === 503) return { kind: "retry", retryAfter };
  if (status === 401 || status === 403 || status === 404) return { kind: "refused", gone: false };
  if (status === 410) return { kind: "refused", gone: true };
  if (status === 412 && row.kind === "request") return { kind: "expired" };
  // Both are said by proxies about a moment, never about the message.
  if (status === 408 || status === 425) return { kind: "retry", retryAfter: null };
  if (status >= 300 && status < 500) return { kind: "parked" };
  return { kind: "retry", retryAfter: null };
}

/** The row as it is stored after the attempt. `row.attempts` counts the attempt just made. */
export function rowAfter(
  row: OutboxRow,
  outcome: AttemptOutcome,
  verdict: Verdict,
  now: UnixMs,
  random: Random,
  config: DeliveryConfig,
): OutboxRow {
  const tried: OutboxRow = {
    ...row,
    claimedBy: "",
    lastAttemptAt: now,
    nextAttemptAt: now,
    lastStatus: outcome.kind === "answered" ? outcome.status : null,
    lastError: verdict.kind === "accepted" ? "" : describe(outcome),
  };
  switch (verdict.kind) {
    case "accepted":
      return { ...tried, state: "delivered" };
    case "parked":
      return { ...tried, state: "parked" };
    case "refused":
      // The destination's pause decides when; the row is ready as soon as that is over.
      return { ...tried, state: "waiting" };
    case "expired":
      return waitingFor(backoffDelay(1, config.retry, random));
    case "retry": {
      const backoff = backoffDelay(Math.max(1, row.attempts), config.retry, random);
      return waitingFor(
        verdict.retryAfter === null ? backoff : boundedRetryAfter(verdict.retryAfter, config),
      );
    }
    default:
      return assertNever(verdict, "verdict");
  }

  function waitingFor(delay: DurationMs): OutboxRow {
    return { ...tried, state: "waiting", nextAttemptAt: after(now, delay) };
  }
}

/** Never below a tenth of the first backoff: "0" must not make a hot loop. */
export function boundedRetryAfter(wanted: DurationMs, config: DeliveryConfig): DurationMs {
  return durationMs(
    Math.min(config.retryAfterMax, Math.max(wanted, Math.ceil(config.retry.initial / 10))),
  );
}

/** The request is no longer true; it ends without having been accepted. */
export function superseded(row: OutboxRow, because: string, now: UnixMs): OutboxRow {
  return {
    ...row,
    state: "superseded",
    claimedBy: "",
    lastAttemptAt: now,
    lastError: plain(because),
  };
}

/** The attempt ended before anything was sent; it is made again after `delay`. */
export function postponed(
  row: OutboxRow,
  because: string,
  now: UnixMs,
  delay: DurationMs,
): OutboxRow {
  return {
    ...row,
    state: "waiting",
    claimedBy: "",
    lastAttemptAt: now,
    nextAttemptAt: after(now, delay),
    lastError: plain(because),
  };
}

/** A person released a parked row, or asks for it now. */
export function released(row: OutboxRow, now: UnixMs): OutboxRow {
  return { ...row, state: "waiting", claimedBy: "", nextAttemptAt: now };
}

/** What is kept of an answer, for people. */
export function describe(outcome: AttemptOutcome): string {
  if (outcome.kind !== "answered") return plain(`${outcome.kind}: ${outcome.detail}`);
  const excerpt = outcome.bodyExcerpt === "" ? "" : `: ${outcome.bodyExcerpt}`;
  return plain(`answered ${outcome.status}${excerpt}`);
}

const ERROR_LENGTH_MAX = 300;

/** Receivers write these words: no control characters reach logs or terminals. */
function plain(text: string): string {
  let kept = "";
  for (const character of text.slice(0, ERROR_LENGTH_MAX)) {
    const code = character.codePointAt(0) ?? 0;
    kept += code < 0x20 || (code >= 0x7f && code < 0xa0) ? " " : character;
  }
  return kept.trim();
}
