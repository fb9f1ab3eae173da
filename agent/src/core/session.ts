/**
 * The agent's side of the stream: one session with one aggregator at a time.
 *
 *   disconnected ──retryAt──► connecting ──open──► greeting ──Welcome, persisted──► established
 *        ▲                        │ failed, late       │ late, refused                 │ closed, goodbye,
 *        └────────────────────────┴────────────────────┴───────────────────────────────┘ ack silence
 *   any ──drain──► draining ──closed or late──► stopped
 *
 * Guarantee: while established a heartbeat leaves every interval, whatever anything else does; its
 * schedule does not drift, and after a stall it goes on at the next slot without a burst. An event
 * is repeated until it is acknowledged, over any number of sessions. At the start of each session
 * and every `wholeListInterval` the whole list of conditions goes along.
 * Mechanism: deterministic, no clock, no input or output: `step` takes what happened and returns
 * what to do; `wakeAt` says when to step next without an event.
 */
import { assertNever } from "@herdbeat/shared/assert";
import type { Random } from "@herdbeat/shared/random";
import {
  after,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
  monotonicMs,
} from "@herdbeat/shared/time";
import type { ConditionChange } from "./condition-table.ts";
import { EstablishedSession } from "./established-session.ts";
import { EventSpool } from "./event-spool.ts";
import type {
  AggregatorMessage,
  GoodbyeMessage,
  GoodbyeReason,
  WelcomeMessage,
} from "./messages.ts";
import { ReconnectPlan, type Retry } from "./reconnect-plan.ts";
import type { SessionConfig, SessionEffect, SessionEvent } from "./session-types.ts";

type State =
  | { readonly phase: "disconnected"; readonly retryAt: MonotonicMs; readonly endpoint: string }
  | { readonly phase: "connecting"; readonly deadline: MonotonicMs; readonly endpoint: string }
  | {
      readonly phase: "greeting";
      readonly deadline: MonotonicMs;
      readonly endpoint: string;
      /** Set while its incarnation is being persisted. */
      readonly welcome: WelcomeMessage | null;
    }
  | { readonly phase: "established"; readonly endpoint: string; readonly link: EstablishedSession }
  | { readonly phase: "draining"; readonly deadline: MonotonicMs }
  | { readonly phase: "stopped" };

export class Session {
  readonly #config: SessionConfig;
  readonly #plan: ReconnectPlan;
  readonly #spool: EventSpool;
  #state: State;
  #lastTransition = 0;
  #needsWholeList = false;

  constructor(config: SessionConfig, random: Random, now: MonotonicMs) {
    this.#config = config;
    this.#plan = new ReconnectPlan(config, random);
    this.#spool = new EventSpool(config.spoolEventsMax);
    const { endpoint, delay } = this.#plan.first();
    this.#state = { phase: "disconnected", retryAt: after(now, delay), endpoint };
  }

  get phase(): State["phase"] {
    return this.#state.phase;
  }

  /** Events waiting for an acknowledgement. */
  get spooled(): number {
    return this.#spool.length;
  }

  get spoolOverflows(): number {
    return this.#spool.overflows;
  }

  /** When to step with a tick at the latest. */
  wakeAt(): MonotonicMs {
    const state = this.#state;
    switch (state.phase) {
      case "disconnected":
        return state.retryAt;
      case "connecting":
      case "greeting":
      case "draining":
        return state.deadline;
      case "established":
        return state.link.wakeAt();
      case "stopped":
        return monotonicMs(Number.POSITIVE_INFINITY);
      default:
        return assertNever(state, "phase");
    }
  }

  /** Takes what happened; returns what to do, in order. */
  step(event: SessionEvent, now: MonotonicMs): readonly SessionEffect[] {
    switch (event.kind) {
      case "tick":
        return this.#onTick(now);
      case "opened":
        return this.#onOpened(now);
      case "received":
        return this.#onReceived(event.message, now);
      case "closed":
        return this.#onClosed(event.reason, now);
      case "persisted":
        return this.#onPersisted(now);
      case "changed":
        return this.#onChanged(event.changes, now);
      case "refused":
        if (this.#state.phase === "established") this.#state.link.refused(now);
        return [];
      case "drain":
        return this.#onDrain(event.reason, event.message, now);
      default:
        return assertNever(event, "session event");
    }
  }

  #onTick(now: MonotonicMs): readonly SessionEffect[] {
    const state = this.#state;
    switch (state.phase) {
      case "disconnected":
        if (now < state.retryAt) return [];
        this.#state = {
          phase: "connecting",
          deadline: after(now, this.#config.connectTimeout),
          endpoint: state.endpoint,
        };
        return [{ kind: "connect", endpoint: state.endpoint }];
      case "connecting":
        return now < state.deadline ? [] : this.#giveUp("no connection in time", now);
      case "greeting":
        if (now < state.deadline) return [];
        // The disk did not take the incarnation in time. Silence would be worse than a number that
        // may repeat after a crash: the aggregator sees that as lost state.
        if (state.welcome !== null) return this.#onPersisted(now);
        return this.#giveUp("no welcome in time", now);
      case "established":
        if (state.link.isSilent(now)) return this.#giveUp("no acknowledgement", now);
        if (elapsed(state.link.since, now) >= this.#config.stableAfter) this.#plan.stable();
        return state.link.tick(now);
      case "draining":
        if (now < state.deadline) return [];
        this.#state = { phase: "stopped" };
        return [{ kind: "close" }, { kind: "stopped" }];
      case "stopped":
        return [];
      default:
        return assertNever(state, "phase");
    }
  }

  #onOpened(now: MonotonicMs): readonly SessionEffect[] {
    if (this.#state.phase !== "connecting") return [];
    const deadline = after(now, this.#config.greetingTimeout);
    this.#state = { phase: "greeting", deadline, endpoint: this.#state.endpoint, welcome: null };
    return [{ kind: "sendHello" }];
  }

  #onReceived(message: AggregatorMessage, now: MonotonicMs): readonly SessionEffect[] {
    const state = this.#state;
    if (message.kind === "goodbye") return this.#onGoodbye(message, now);
    if (state.phase === "greeting" && message.kind === "welcome") {
      return state.welcome === null ? this.#onWelcome(message, state.endpoint, now) : [];
    }
    if (state.phase === "established")
      return state.link.received(message, this.#lastTransition, now);
    return [];
  }

  #onWelcome(
    welcome: WelcomeMessage,
    endpoint: string,
    now: MonotonicMs,
  ): readonly SessionEffect[] {
    const { versionMin, versionMax } = this.#config;
    if (welcome.version < versionMin || welcome.version > versionMax) {
      const text = `speaks version ${welcome.version}, this agent ${versionMin} to ${versionMax}`;
      return [goodbye("version-unsupported", text), ...this.#refusedBy(text, durationMs(0), now)];
    }
    if (!Number.isSafeInteger(welcome.incarnation) || welcome.incarnation < 1) {
      const text = "the welcome carries no incarnation";
      return [goodbye("protocol-error", text), ...this.#giveUp(text, now)];
    }
    const effects: SessionEffect[] = [
      { kind: "persist", incarnation: welcome.incarnation, sessionEpoch: welcome.sessionEpoch },
    ];
    if (welcome.acknowledgedTransition > this.#lastTransition) {
      // What the aggregator knows of us we do not: our state was lost. Its numbers are taken over,
      // else it would take every new change for an old one.
      this.#spool.clear();
      this.#needsWholeList = true;
      this.#lastTransition = welcome.acknowledgedTransition;
      effects.push({ kind: "raiseTransitions", to: welcome.acknowledgedTransition });
    } else {
      this.#spool.acknowledge(welcome.acknowledgedTransition);
    }
    this.#state = {
      phase: "greeting",
      deadline: after(now, this.#config.persistTimeout),
      endpoint,
      welcome,
    };
    return effects;
  }

  #onPersisted(now: MonotonicMs): readonly SessionEffect[] {
    const state = this.#state;
    if (state.phase !== "greeting" || state.welcome === null) return [];
    this.#needsWholeList = false;
    const link = new EstablishedSession(this.#config, state.welcome, this.#spool, now);
    this.#state = { phase: "established", endpoint: state.endpoint, link };
    return [
      { kind: "established", welcome: state.welcome, endpoint: state.endpoint },
      ...link.tick(now),
    ];
  }

  #onChanged(changes: readonly ConditionChange[], now: MonotonicMs): readonly SessionEffect[] {
    for (const change of changes) {
      this.#lastTransition = Math.max(this.#lastTransition, change.transition);
      if (this.#spool.push(change)) continue;
      // The change that did not fit is in the whole list, like all that was given up for it.
      this.#needsWholeList = true;
    }
    if (this.#state.phase !== "established") return [];
    const link = this.#state.link;
    if (this.#needsWholeList) link.wantWholeList();
    this.#needsWholeList = false;
    return link.sendEvents(now);
  }

  /** Numbers known from the state file at start: a welcome above them means lost state. */
  startFrom(lastTransition: number): void {
    this.#lastTransition = Math.max(this.#lastTransition, lastTransition);
  }

  #onGoodbye(message: GoodbyeMessage, now: MonotonicMs): readonly SessionEffect[] {
    const { phase } = this.#state;
    if (phase !== "greeting" && phase !== "established") return [];
    const text = `goodbye: ${message.reason}${message.message === "" ? "" : ` (${message.message})`}`;
    switch (message.reason) {
      case "not-owner":
      case "shutdown":
      case "busy":
      case "host-shutdown":
        if (message.endpoint === "")
          return this.#leave(text, this.#plan.next(message.reconnectAfter), now);
        return this.#leave(
          text,
          this.#plan.redirect(message.endpoint, message.reconnectAfter),
          now,
        );
      case "version-unsupported":
      case "identity-refused":
      case "replaced":
        return this.#refusedBy(text, message.reconnectAfter, now);
      case "unspecified":
      case "protocol-error":
      case "rate-exceeded":
        return this.#leave(text, this.#plan.next(message.reconnectAfter), now);
      default:
        return assertNever(message.reason, "goodbye reason");
    }
  }

  #onClosed(reason: string, now: MonotonicMs): readonly SessionEffect[] {
    switch (this.#state.phase) {
      case "connecting":
      case "greeting":
      case "established": {
        const retry = this.#plan.next();
        this.#state = {
          phase: "disconnected",
          retryAt: after(now, retry.delay),
          endpoint: retry.endpoint,
        };
        return [{ kind: "lost", reason, retryIn: retry.delay, endpoint: retry.endpoint }];
      }
      case "draining":
        this.#state = { phase: "stopped" };
        return [{ kind: "stopped" }];
      default:
        return [];
    }
  }

  #onDrain(reason: GoodbyeReason, message: string, now: MonotonicMs): readonly SessionEffect[] {
    const { phase } = this.#state;
    if (phase === "draining" || phase === "stopped") return [];
    if (phase === "disconnected" || phase === "connecting") {
      this.#state = { phase: "stopped" };
      return [{ kind: "close" }, { kind: "stopped" }];
    }
    this.#state = { phase: "draining", deadline: after(now, this.#config.drainTimeout) };
    return [goodbye(reason, message), { kind: "close" }];
  }

  #giveUp(reason: string, now: MonotonicMs): readonly SessionEffect[] {
    return this.#leave(reason, this.#plan.next(), now);
  }

  #refusedBy(reason: string, notBefore: DurationMs, now: MonotonicMs): readonly SessionEffect[] {
    return this.#leave(reason, this.#plan.refused(notBefore), now);
  }

  #leave(reason: string, retry: Retry, now: MonotonicMs): readonly SessionEffect[] {
    this.#state = {
      phase: "disconnected",
      retryAt: after(now, retry.delay),
      endpoint: retry.endpoint,
    };
    return [
      { kind: "close" },
      { kind: "lost", reason, retryIn: retry.delay, endpoint: retry.endpoint },
    ];
  }
}

function goodbye(reason: GoodbyeReason, message: string): SessionEffect {
  return { kind: "sendGoodbye", reason, message };
}
