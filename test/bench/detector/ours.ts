/**
 * Our detector on a trace: the product's own `step` and listening clock, given the events that the
 * aggregator's loop gives them, turn by turn. The output is "declared" or not.
 *
 * With one path nobody ever sees the kernel answer, so silence alone declares, after the limit. With
 * a second path the kernel is asked over it, once a minute in peace and as the core wants it in
 * doubt. The limits are the defaults, scaled so that `declareAfter` is the tuned one.
 */
import type { DetectionConfig } from "@herdbeat/aggregator/core/detection-config";
import { CLEAR_GUARD } from "@herdbeat/aggregator/core/guard";
import {
  advance,
  between,
  type ListeningClock,
  startListening,
} from "@herdbeat/aggregator/core/listening-clock";
import type { NodeEvent, NodeState, OwnSight } from "@herdbeat/aggregator/core/node-state";
import { step } from "@herdbeat/aggregator/core/step";
import { newNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { TURN_INTERVAL } from "@herdbeat/aggregator/runtime/turn-loop";
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import {
  durationMs,
  type ListeningMs,
  listeningMs,
  monotonicMs,
  unixMs,
} from "@herdbeat/shared/time";
import { LIMITS, testConfig } from "../../support/node-driver.ts";

/** Round trip in ms of a question asked at that time; NaN without an answer. */
export type SecondPath = (askedMs: number) => number;

export const NO_ANSWERS: SecondPath = () => NaN;
const SIGHT: OwnSight = { gateway: "answers", othersTotal: 5, othersHeard: 5 };
/** With the default of `detection.stall.discountAfter`. */
const STEP_MAX = durationMs(TURN_INTERVAL + 50);
/** Default of `detection.probe.peacetimeInterval`. */
const PEACETIME_MS = 60_000;
const WALL_START = 1_800_000_000_000;
/** A turn comes this late at most, as timers do; without it turns and heartbeats would march in step. */
const TURN_LATE_MS = 2;

/** The defaults, all in the proportion that `declareAfter` has to its own default. */
export function scaledConfig(declareAfterMs: number): DetectionConfig {
  const ratio = declareAfterMs / LIMITS.declareAfter;
  return {
    ...testConfig(),
    limits: {
      ...LIMITS,
      declareAfter: durationMs(declareAfterMs),
      declareWithWitnesses: durationMs(LIMITS.declareWithWitnesses * ratio),
      suspectAfter: durationMs(LIMITS.suspectAfter * ratio),
      probeTimeout: durationMs(LIMITS.probeTimeout * ratio),
      probeInterval: durationMs(LIMITS.probeInterval * ratio),
    },
  };
}

interface PendingAnswer {
  readonly dueMs: number;
  readonly event: NodeEvent;
}

export interface WatchDeps {
  readonly config: DetectionConfig;
  readonly path: SecondPath;
  /** Lateness of the given turn, 0 to 1. */
  readonly lateness: (turn: number) => number;
  readonly onChange: (atMs: number, declared: boolean) => void;
}

/** All that changes, so that a watch can be continued in two ways. */
interface Moment {
  readonly state: NodeState;
  readonly clock: ListeningClock;
  readonly lastHeardAt: ListeningMs;
  /** For the next turn, in order of arrival. */
  readonly inbox: readonly NodeEvent[];
  readonly answer: PendingAnswer | null;
  readonly askedPeacetimeMs: number;
  readonly turn: number;
  readonly nextTurnMs: number;
}

/** The aggregator's loop around one node. */
export class Watch {
  readonly #deps: WatchDeps;
  #at: Moment;

  private constructor(deps: WatchDeps, at: Moment) {
    this.#deps = deps;
    this.#at = at;
  }

  /** A node that said hello at the start. */
  static start(deps: WatchDeps, startMs: number, intervalMs: number): Watch {
    const wall = unixMs(WALL_START + startMs);
    const watch = new Watch(deps, {
      state: newNodeState("node-1" as NodeId, listeningMs(0), wall, false),
      clock: startListening(monotonicMs(startMs)),
      lastHeardAt: listeningMs(0),
      inbox: [],
      answer: null,
      askedPeacetimeMs: Number.NEGATIVE_INFINITY,
      turn: 0,
      nextTurnMs: startMs + TURN_INTERVAL,
    });
    watch.#step(hello(intervalMs), startMs);
    return watch;
  }

  /** When it is declared if the host dies now; null if not within the given time. */
  declaredAfterDeath(nowMs: number, withinMs: number): number | null {
    let declaredMs: number | null = null;
    const onChange = (atMs: number, declared: boolean): void => {
      if (declared) declaredMs ??= atMs;
    };
    const dead = new Watch({ ...this.#deps, path: NO_ANSWERS, onChange }, this.#at);
    for (let untilMs = nowMs; declaredMs === null && untilMs < nowMs + withinMs; ) {
      untilMs += TURN_INTERVAL;
      dead.runUntil(untilMs);
    }
    return declaredMs;
  }

  /** A newer heartbeat than all before; times must not fall. */
  heartbeat(atMs: number): void {
    this.runUntil(atMs);
    const at = this.#listening(atMs);
    const { state, inbox } = this.#at;
    const isAlive = state.health.state === "alive";
    const heard: NodeEvent = { kind: "heard", at };
    this.#at = { ...this.#at, lastHeardAt: at, inbox: isAlive ? inbox : [...inbox, heard] };
  }

  /** Takes every turn before that time. */
  runUntil(untilMs: number): void {
    while (this.#at.nextTurnMs < untilMs) this.#turn();
  }

  #turn(): void {
    const { nextTurnMs: nowMs, answer } = this.#at;
    const events = [...this.#at.inbox];
    if (answer !== null && answer.dueMs <= nowMs) events.push(answer.event);
    const turn = this.#at.turn + 1;
    this.#at = {
      ...this.#at,
      clock: advance(this.#at.clock, monotonicMs(nowMs), STEP_MAX).clock,
      inbox: [],
      answer: answer !== null && answer.dueMs <= nowMs ? null : answer,
      turn,
      nextTurnMs: nowMs + TURN_INTERVAL + TURN_LATE_MS * this.#deps.lateness(turn),
    };
    for (const event of events) this.#step(event, nowMs);
    const { lastHeardAt, clock } = this.#at;
    const overdue = lastHeardAt <= clock.listening - this.#deps.config.limits.suspectAfter;
    if (overdue || this.#at.state.health.state !== "alive")
      this.#step({ kind: "tick", lastHeardAt, own: SIGHT, guard: CLEAR_GUARD }, nowMs);
    const isAlive = this.#at.state.health.state === "alive";
    if (!isAlive || nowMs - this.#at.askedPeacetimeMs < PEACETIME_MS) return;
    this.#ask(nowMs);
    this.#at = { ...this.#at, askedPeacetimeMs: nowMs };
  }

  #step(event: NodeEvent, atMs: number): void {
    const before = this.#at.state.health.state === "declared";
    const now = { listening: this.#listening(atMs), wall: unixMs(WALL_START + atMs) };
    const { state, effects } = step(this.#at.state, event, now, this.#deps.config);
    this.#at = { ...this.#at, state };
    if (effects.some(({ kind }) => kind === "probe")) this.#ask(atMs);
    const after = state.health.state === "declared";
    if (after !== before) this.#deps.onChange(atMs, after);
  }

  /** One question at a time, as at the aggregator's desk. */
  #ask(atMs: number): void {
    if (this.#at.answer !== null) return;
    const { probeTimeout } = this.#deps.config.limits;
    const tookMs = this.#deps.path(atMs);
    const answered = tookMs <= probeTimeout;
    const event: NodeEvent = {
      kind: "probed",
      askedAt: this.#listening(atMs),
      outcome: answered ? "answered" : "no-answer",
      detail: "",
    };
    const answer = { dueMs: atMs + (answered ? tookMs : probeTimeout), event };
    this.#at = { ...this.#at, answer };
  }

  #listening(atMs: number): ListeningMs {
    return between(this.#at.clock, monotonicMs(atMs), STEP_MAX);
  }
}

function hello(heartbeatIntervalMs: number): NodeEvent {
  return {
    kind: "hello",
    facts: {
      hostname: "host-1",
      address: "127.0.0.1",
      labels: {},
      networks: [],
      bootId: "boot-1" as BootId,
      hardwareId: "hardware-1",
      processId: "process-1",
      incarnation: 0 as Incarnation,
      sessionEpoch: 0 as SessionEpoch,
      lastTransition: 0,
      agentVersion: "0",
      heartbeatIntervalMs,
      inventoryJson: "",
    },
  };
}
