/** One established session: when the next heartbeat is due, which events it still has to send. */
import {
  after,
  type DurationMs,
  durationMs,
  earliest,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { EventSpool } from "./event-spool.ts";
import type { AggregatorMessage, WelcomeMessage } from "./messages.ts";
import type { SessionConfig, SessionEffect } from "./session-types.ts";

const INTERVAL_MIN: DurationMs = durationMs(100);
const INTERVAL_MAX: DurationMs = durationMs(60_000);
/** Where the Welcome states no limit. */
const FRAMES_PER_SECOND_DEFAULT = 20;
/** How long to leave a full socket alone before offering events again. */
const CONGESTION_PAUSE: DurationMs = durationMs(1_000);

export class EstablishedSession {
  readonly since: MonotonicMs;
  readonly #config: SessionConfig;
  readonly #spool: EventSpool;
  readonly #interval: DurationMs;
  readonly #eventsPerSecond: number;
  #sequence = 0;
  #nextHeartbeatAt: MonotonicMs;
  #nextWholeListAt: MonotonicMs;
  #lastReceivedAt: MonotonicMs;
  /** Events up to here have been sent in this session. */
  #sentUpTo = 0;
  #lastEventAt: MonotonicMs;
  #tokens: number;
  #tokensAt: MonotonicMs;

  constructor(config: SessionConfig, welcome: WelcomeMessage, spool: EventSpool, now: MonotonicMs) {
    this.#config = config;
    this.#spool = spool;
    this.since = now;
    const wanted =
      welcome.heartbeatInterval > 0 ? welcome.heartbeatInterval : config.heartbeatInterval;
    this.#interval = durationMs(Math.min(INTERVAL_MAX, Math.max(INTERVAL_MIN, wanted)));
    const frames =
      welcome.framesPerSecondMax > 0 ? welcome.framesPerSecondMax : FRAMES_PER_SECOND_DEFAULT;
    // Heartbeats come first; events take what is left, and always at least one a second.
    this.#eventsPerSecond = Math.max(1, frames - Math.ceil(1_000 / this.#interval) - 1);
    this.#tokens = this.#eventsPerSecond;
    this.#tokensAt = now;
    this.#nextHeartbeatAt = now;
    this.#nextWholeListAt = now;
    this.#lastReceivedAt = now;
    this.#lastEventAt = now;
  }

  wakeAt(): MonotonicMs {
    const wake = earliest(
      this.#nextHeartbeatAt,
      after(this.#lastReceivedAt, this.#config.ackSilence),
    );
    if (this.#spool.after(this.#sentUpTo) === undefined) return wake;
    const untilToken = Math.max(0, (1 - this.#tokens) / this.#eventsPerSecond) * 1_000;
    return earliest(wake, after(this.#tokensAt, durationMs(Math.ceil(untilToken))));
  }

  isSilent(now: MonotonicMs): boolean {
    return elapsed(this.#lastReceivedAt, now) >= this.#config.ackSilence;
  }

  wantWholeList(): void {
    this.#nextWholeListAt = this.since;
  }

  /** The transport had no room: everything unacknowledged is offered again after a pause. */
  refused(now: MonotonicMs): void {
    this.#sentUpTo = 0;
    this.#tokens = 0;
    this.#tokensAt = after(now, CONGESTION_PAUSE);
  }

  tick(now: MonotonicMs): readonly SessionEffect[] {
    const effects: SessionEffect[] = [];
    if (now >= this.#nextHeartbeatAt) {
      effects.push(this.#heartbeat(now));
    }
    if (this.#spool.length > 0 && elapsed(this.#lastEventAt, now) >= this.#config.resendAfter) {
      this.#sentUpTo = 0;
      this.#lastEventAt = now;
    }
    effects.push(...this.sendEvents(now));
    return effects;
  }

  #heartbeat(now: MonotonicMs): SessionEffect {
    const whole = now >= this.#nextWholeListAt && this.#config.canSendWholeList();
    if (whole) this.#nextWholeListAt = after(now, this.#config.wholeListInterval);
    this.#sequence += 1;
    // Slots stay where the first heartbeat put them; those that a stall swallowed are left out.
    const missed = Math.floor(elapsed(this.#nextHeartbeatAt, now) / this.#interval);
    this.#nextHeartbeatAt = after(this.#nextHeartbeatAt, durationMs((missed + 1) * this.#interval));
    return {
      kind: "sendHeartbeat",
      sequence: this.#sequence,
      whole,
      spooled: this.#spool.length > 0,
    };
  }

  sendEvents(now: MonotonicMs): readonly SessionEffect[] {
    const effects: SessionEffect[] = [];
    if (now < this.#tokensAt) return effects;
    const earned = (elapsed(this.#tokensAt, now) / 1_000) * this.#eventsPerSecond;
    this.#tokens = Math.min(this.#eventsPerSecond, this.#tokens + earned);
    this.#tokensAt = now;
    for (
      let event = this.#spool.after(this.#sentUpTo);
      event !== undefined && this.#tokens >= 1;
    ) {
      effects.push({ kind: "sendEvent", change: event });
      this.#tokens -= 1;
      this.#sentUpTo = event.transition;
      this.#lastEventAt = now;
      event = this.#spool.after(this.#sentUpTo);
    }
    return effects;
  }

  received(
    message: AggregatorMessage,
    lastTransition: number,
    now: MonotonicMs,
  ): readonly SessionEffect[] {
    this.#lastReceivedAt = now;
    if (message.kind === "witness-request") {
      // The report will take a frame's room; what an aggregator asks for must not cost the session.
      this.#tokens = Math.max(this.#tokens - 1, -this.#eventsPerSecond);
      return [{ kind: "look", request: message }];
    }
    if (message.kind !== "event-ack") return [];
    // An acknowledgement of what was never sent is nonsense and must not empty the spool.
    if (message.transition > lastTransition)
      return [{ kind: "ignored", what: "event-ack ahead of us" }];
    this.#spool.acknowledge(message.transition);
    return this.sendEvents(now);
  }
}
