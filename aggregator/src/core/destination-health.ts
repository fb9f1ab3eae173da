/**
 * Whether a destination may be sent to, decided from how its last attempts went. Pure.
 *
 *              `failuresToClose` failures in a row, or 429/503
 *        open ───────────────────────────────────────────────► failing ─┐ trial fails:
 *         ▲ ▲                                                   │ │ ▲    │ next one later
 *         │ └──────────── trial answered ───────────────────────┘ │ └────┘
 *         │                                                       │
 *         └── trial accepted / resumed by a person ── paused ◄────┘  401, 403, 404, 410 from anywhere
 *
 * While failing or paused, one trial at a time goes out, so that ten thousand waiting rows cost a
 * dead receiver (and our store) one attempt per trial interval. A row that was never tried may be
 * the trial within a second: a new declaration does not wait for an old outage's schedule.
 * When a destination opens again, every row that failed before is due at once.
 */
import { assertNever } from "@herdbeat/shared/assert";
import { backoffDelay } from "@herdbeat/shared/backoff";
import type { DestinationName } from "@herdbeat/shared/ids";
import type { Random } from "@herdbeat/shared/random";
import { after, type DurationMs, durationMs, type UnixMs } from "@herdbeat/shared/time";
import { boundedRetryAfter, type DeliveryConfig, type Verdict } from "./delivery.ts";

export type DestinationHealth =
  | {
      readonly state: "open";
      /** In a row, without one answer that shows the receiver at work. */
      readonly failures: number;
      /** When it opened again; rows last tried before are due. Null when it never failed. */
      readonly recoveredAt: UnixMs | null;
    }
  | {
      readonly state: "failing";
      readonly failures: number;
      readonly since: UnixMs;
      readonly trialAt: UnixMs;
      /** When a row that was never tried may be the trial; not after `trialAt`. */
      readonly freshTrialAt: UnixMs;
      readonly because: string;
    }
  | {
      readonly state: "paused";
      readonly since: UnixMs;
      /** Null: only a person resumes it. */
      readonly trialAt: UnixMs | null;
      readonly because: string;
    };

export const DESTINATION_OPEN: DestinationHealth = {
  state: "open",
  failures: 0,
  recoveredAt: null,
};

/** What a person should learn about hand-off; the runtime turns it into an incident or a notice. */
export type DeliveryAlert =
  | {
      readonly kind: "destination-failing" | "destination-paused" | "destination-recovered";
      readonly destination: DestinationName;
      readonly because: string;
    }
  | {
      readonly kind: "row-parked" | "request-superseded" | "replicas-unmet" | "destination-unknown";
      readonly destination: DestinationName;
      readonly rowId: string;
      readonly because: string;
    };

export interface HealthStep {
  readonly health: DestinationHealth;
  /** Set when the state changed in a way that a person should know. */
  readonly alert: "destination-failing" | "destination-paused" | "destination-recovered" | null;
}

/** Never sooner than this after the last trial, even for a fresh row. */
const FRESH_TRIAL_AFTER = durationMs(1_000);

/** What one attempt says about its destination. */
export interface AttemptResult {
  readonly verdict: Verdict;
  readonly startedAt: UnixMs;
  readonly because: string;
}

export function healthAfter(
  health: DestinationHealth,
  attempt: AttemptResult,
  now: UnixMs,
  random: Random,
  config: DeliveryConfig,
): HealthStep {
  const { verdict } = attempt;
  switch (verdict.kind) {
    case "accepted":
      return opened(health, now);
    case "expired":
    case "parked":
      // An answer about one row: the receiver works. Of a refusal only an acceptance is proof.
      return health.state === "paused" ? { health, alert: null } : opened(health, now);
    case "refused":
      return paused(health, verdict.gone, attempt.because, now, config);
    case "retry":
      return failed(health, verdict.retryAfter, attempt, now, random, config);
    default:
      return assertNever(verdict, "verdict");
  }
}

function opened(health: DestinationHealth, now: UnixMs): HealthStep {
  if (health.state === "open") {
    return { health: health.failures === 0 ? health : { ...health, failures: 0 }, alert: null };
  }
  return {
    health: { state: "open", failures: 0, recoveredAt: now },
    alert: "destination-recovered",
  };
}

function paused(
  health: DestinationHealth,
  gone: boolean,
  because: string,
  now: UnixMs,
  config: DeliveryConfig,
): HealthStep {
  const again = health.state === "paused";
  return {
    health: {
      state: "paused",
      since: again ? health.since : now,
      trialAt: gone ? null : after(now, config.pausedTrialEvery),
      because,
    },
    alert: again ? null : "destination-paused",
  };
}

function failed(
  health: DestinationHealth,
  retryAfter: DurationMs | null,
  attempt: AttemptResult,
  now: UnixMs,
  random: Random,
  config: DeliveryConfig,
): HealthStep {
  if (health.state === "paused") {
    const trialAt = health.trialAt === null ? null : after(now, config.pausedTrialEvery);
    return { health: { ...health, trialAt }, alert: null };
  }
  // An attempt from before the closing tells nothing new; only trials space the trials out.
  if (health.state === "failing" && attempt.startedAt < health.since)
    return { health, alert: null };
  const failures = health.failures + 1;
  if (retryAfter === null && health.state === "open" && failures < config.failuresToClose) {
    return { health: { ...health, failures }, alert: null };
  }
  const trials = Math.max(1, failures - config.failuresToClose + 1);
  const trialAt =
    retryAfter === null
      ? after(now, backoffDelay(trials, config.trial, random))
      : after(now, boundedRetryAfter(retryAfter, config));
  const freshTrialAt =
    retryAfter === null ? (Math.min(trialAt, after(now, FRESH_TRIAL_AFTER)) as UnixMs) : trialAt;
  const since = health.state === "failing" ? health.since : now;
  // Being told to slow down is normal under load: a person hears of it only when it does not end.
  const closing = failures === config.failuresToClose;
  return {
    health: { state: "failing", failures, since, trialAt, freshTrialAt, because: attempt.because },
    alert: closing ? "destination-failing" : null,
  };
}

/** A person says that the destination works again. */
export function resumed(now: UnixMs): DestinationHealth {
  return { state: "open", failures: 0, recoveredAt: now };
}
