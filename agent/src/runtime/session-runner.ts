/**
 * Drives core/session on a transport: one timer, set to what the session wants next. Composes the
 * messages from what the agent holds at that moment.
 */
import { assertNever } from "@herdbeat/shared/assert";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import {
  type Clock,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { ConditionChange, ConditionTable } from "../core/condition-table.ts";
import type {
  AgentMessage,
  GoodbyeReason,
  HelloMessage,
  WelcomeMessage,
  WitnessRequestMessage,
} from "../core/messages.ts";
import { HEARTBEAT_FLAG } from "../core/messages.ts";
import type { OwnLag } from "../core/own-lag.ts";
import type { Session } from "../core/session.ts";
import type { SessionEffect, SessionEvent } from "../core/session-types.ts";
import { selectWholeList, wireCondition } from "../core/whole-list.ts";
import type { Transport } from "../ports/transport.ts";
import type { Witness } from "../ports/witness.ts";

/** Frames may never be larger than this, whatever a Welcome says. */
const FRAME_BYTES_MAX = 65_536;

export interface SessionRunnerDeps {
  readonly session: Session;
  readonly transport: Transport;
  readonly table: ConditionTable;
  readonly ownLag: OwnLag;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Everything a Hello says, as of now. */
  readonly hello: () => HelloMessage;
  /** Makes the session's numbers durable; rejects when the disk refuses. */
  readonly persist: (
    welcome: Pick<WelcomeMessage, "incarnation" | "sessionEpoch">,
  ) => Promise<void>;
  readonly lastTransition: () => number;
  readonly raiseTransitions: (to: number) => void;
  /** Heartbeats go out in the rhythm that began at `at`. */
  readonly onEstablished: (at: MonotonicMs, welcome: WelcomeMessage) => void;
  /** When the conditions were last evaluated. */
  readonly evaluatedAt: () => MonotonicMs;
  /** Null: this agent is no witness. */
  readonly witness: Witness | null;
}

export class SessionRunner implements Startable {
  readonly #deps: SessionRunnerDeps;
  #timer: TimerHandle | null = null;
  #timerFor: MonotonicMs | null = null;
  #connection = 0;
  #frameBytesMax = FRAME_BYTES_MAX;
  #stopped: (() => void) | null = null;

  constructor(deps: SessionRunnerDeps) {
    this.#deps = deps;
  }

  get phase(): Session["phase"] {
    return this.#deps.session.phase;
  }

  start(): Promise<void> {
    this.#step({ kind: "tick" });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.drain("shutdown", "agent stops");
  }

  /** Says goodbye and ends; bounded by the session's drain timeout. */
  drain(reason: GoodbyeReason, message: string): Promise<void> {
    if (this.#deps.session.phase === "stopped") return Promise.resolve();
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#step({ kind: "drain", reason, message });
    });
  }

  changed(changes: readonly ConditionChange[]): void {
    if (changes.length > 0) this.#step({ kind: "changed", changes });
  }

  #step(event: SessionEvent): void {
    const { session, clock } = this.#deps;
    for (const effect of session.step(event, clock.now())) this.#perform(effect);
    this.#arm();
  }

  #arm(): void {
    const { session, clock, timers } = this.#deps;
    const wakeAt = session.wakeAt();
    if (this.#timer !== null && this.#timerFor === wakeAt) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerFor = wakeAt;
    if (!Number.isFinite(wakeAt)) return;
    // A timer may fire up to 1 ms early: aiming a little later is cheaper than waking twice.
    const delay = durationMs(Math.max(0, Math.ceil(elapsed(clock.now(), wakeAt)) + 1));
    this.#timer = timers.after(delay, () => {
      this.#timer = null;
      this.#deps.ownLag.observe(wakeAt, clock.now());
      this.#step({ kind: "tick" });
    });
  }

  #perform(effect: SessionEffect): void {
    const { transport, logger, metrics } = this.#deps;
    switch (effect.kind) {
      case "connect":
        this.#connect(effect.endpoint);
        return;
      case "close":
        transport.close();
        return;
      case "sendHello":
        this.#send(this.#deps.hello());
        return;
      case "sendHeartbeat":
        this.#sendHeartbeat(effect);
        return;
      case "sendEvent":
        this.#sendEvent(effect.change);
        return;
      case "sendGoodbye":
        this.#send({ ...effect, kind: "goodbye", endpoint: "", reconnectAfter: durationMs(0) });
        return;
      case "persist":
        this.#persist(effect);
        return;
      case "raiseTransitions":
        logger.warn("the aggregator knows later changes than this agent: local state was lost", {
          acknowledged: effect.to,
        });
        this.#deps.raiseTransitions(effect.to);
        return;
      case "established":
        this.#established(effect.welcome, effect.endpoint);
        return;
      case "lost":
        metrics
          .counter("herdbeat_agent_sessions_lost_total", "Sessions that ended or failed")
          .add();
        logger.warn("no session", {
          why: effect.reason,
          retryIn: effect.retryIn,
          next: effect.endpoint,
        });
        return;
      case "look":
        this.#look(effect.request);
        return;
      case "ignored":
        this.#ignored();
        return;
      case "stopped":
        this.#stopped?.();
        return;
      default:
        assertNever(effect, "session effect");
    }
  }

  #connect(endpoint: string): void {
    this.#connection += 1;
    const connection = this.#connection;
    const ifCurrent = (event: SessionEvent): void => {
      if (connection === this.#connection) this.#step(event);
    };
    this.#deps.transport.connect(endpoint, {
      onOpen: () => ifCurrent({ kind: "opened" }),
      onMessage: (message) => ifCurrent({ kind: "received", message }),
      onClosed: (reason) => ifCurrent({ kind: "closed", reason }),
    });
  }

  #established(welcome: WelcomeMessage, endpoint: string): void {
    this.#frameBytesMax =
      welcome.frameBytesMax > 0
        ? Math.min(FRAME_BYTES_MAX, welcome.frameBytesMax)
        : FRAME_BYTES_MAX;
    this.#deps.onEstablished(this.#deps.clock.now(), welcome);
    this.#deps.logger.info("session established", {
      endpoint,
      aggregator: welcome.aggregatorId,
      incarnation: welcome.incarnation,
      sessionEpoch: welcome.sessionEpoch,
      acknowledged: welcome.acknowledgedTransition,
    });
  }

  /** The report goes to whoever asked: not over a stream that came later. */
  #look(request: WitnessRequestMessage): void {
    const { witness, session, logger } = this.#deps;
    if (witness === null) {
      this.#ignored();
      return;
    }
    const connection = this.#connection;
    witness.look(request).then(
      (report) => {
        if (report === null || connection !== this.#connection) return;
        if (session.phase === "established") this.#send(report);
      },
      (error: unknown) => {
        logger.error("a look at a node failed", { error: renderErrorChain(error) });
      },
    );
  }

  #ignored(): void {
    this.#deps.metrics
      .counter("herdbeat_agent_messages_ignored_total", "Messages not acted on")
      .add();
  }

  #persist(numbers: Pick<WelcomeMessage, "incarnation" | "sessionEpoch">): void {
    const connection = this.#connection;
    const go = (): void => {
      if (connection === this.#connection) this.#step({ kind: "persisted" });
    };
    this.#deps.persist(numbers).then(go, (error: unknown) => {
      // Going on is right: silence would be a verdict, a repeated number is only a warning.
      this.#deps.logger.error("the session's numbers are not on disk", {
        error: renderErrorChain(error),
      });
      go();
    });
  }

  #sendHeartbeat(effect: Extract<SessionEffect, { kind: "sendHeartbeat" }>): void {
    const { table, clock, ownLag, evaluatedAt, lastTransition } = this.#deps;
    const now = clock.now();
    const counts = table.counts();
    const whole = effect.whole ? selectWholeList(table.all(), this.#frameBytesMax, now) : null;
    if (whole !== null && !whole.isWhole) {
      this.#deps.logger.warn("more problems than fit into one heartbeat", { left: whole.left });
    }
    const flags =
      (counts.problem > 0 ? HEARTBEAT_FLAG.problem : 0) |
      (counts.unknown > 0 || !table.isComplete ? HEARTBEAT_FLAG.unknown : 0) |
      (whole?.isWhole === true ? HEARTBEAT_FLAG.full : 0) |
      (effect.spooled ? HEARTBEAT_FLAG.spooled : 0);
    this.#send({
      kind: "heartbeat",
      sequence: effect.sequence,
      reportAge: elapsed(evaluatedAt(), now),
      flags,
      lastTransition: lastTransition(),
      ownLag: ownLag.take(),
      conditions: whole?.conditions ?? null,
    });
  }

  #sendEvent(change: ConditionChange): void {
    const now = this.#deps.clock.now();
    const sent = this.#send({
      kind: "event",
      transition: change.transition,
      condition: wireCondition(change.condition, now),
      age: elapsed(change.at, now),
    });
    if (!sent) this.#deps.session.step({ kind: "refused" }, now);
  }

  #send(message: AgentMessage): boolean {
    try {
      if (this.#deps.transport.send(message)) return true;
    } catch (error) {
      this.#deps.logger.error("a message could not be encoded", {
        kind: message.kind,
        error: renderErrorChain(error),
      });
    }
    this.#deps.metrics.counter("herdbeat_agent_sends_refused_total", "Messages not sent").add();
    return false;
  }
}
