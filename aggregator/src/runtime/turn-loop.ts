/**
 * The heartbeat of the aggregator itself: one turn about every 100 ms.
 *
 *   timer -> own stall is discounted -> everything received so far is applied (one drain of the
 *   input) -> every node is stepped -> transitions are written -> effects
 *
 * Guarantee: received frames are applied before the clock is; nothing is judged before one drain
 * that took everything received by its start. While the store does not answer or a shard is held,
 * frames are applied but silence is not judged.
 */
import type { ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  type ListeningMs,
  listeningMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { DetectionConfig } from "../core/detection-config.ts";
import type { CommitSight } from "../core/host-commit.ts";
import { advance, between, type ListeningClock, startListening } from "../core/listening-clock.ts";
import { addStall, isTooSick, type LostTime, lostShare, NO_LOST_TIME } from "../core/lost-time.ts";
import type { Instant, NodeEvent, NodeState, OwnSight, Step } from "../core/node-state.ts";
import { step } from "../core/step.ts";
import type { GuardDesk } from "./guard-desk.ts";
import type { NodeTable } from "./node-table.ts";
import type { OwnSightKeeper } from "./own-sight.ts";
import type { PermitDesk } from "./permit-desk.ts";
import type { ProbeDesk } from "./probe-desk.ts";
import type { QualityKeeper } from "./quality-keeper.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { WitnessDesk } from "./witness-desk.ts";

/** One turn; also the resolution of every deadline. */
export const TURN_INTERVAL: DurationMs = durationMs(100);
/** An acknowledgement at least this often; the agent gives a stream up after 15 s without one. */
const ACK_EVERY_TURNS = 100;
/** Events waiting for a turn; more means that we are flooded, and the newest are refused. */
const INBOX_MAX = 200_000;

export interface TurnLoopDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly config: DetectionConfig;
  readonly sight: OwnSightKeeper;
  readonly guard: GuardDesk;
  readonly storeUp: () => boolean;
  /** Age of our last successful liveness write, told to agents in every acknowledgement. */
  readonly storeWriteAge: () => DurationMs;
  /** Lateness of a turn beyond this is our own illness and nobody's silence. */
  readonly stallTolerance: DurationMs;
  /** How often each healthy node's kernel is asked, so that its silence can count later. */
  readonly peacetimeInterval: DurationMs;
  readonly afterTurn: () => void;
  /** This process did not listen for a while. */
  readonly onStall: () => void;
  readonly quality: Pick<QualityKeeper, "changed" | "heardAgo">;
}

export class TurnLoop {
  readonly #deps: TurnLoopDeps;
  readonly #stepMax: DurationMs;
  #listening: ListeningClock;
  #lost: LostTime = NO_LOST_TIME;
  #inbox: { readonly index: number; readonly node: string; readonly event: NodeEvent }[] = [];
  #inboxRefused = 0;
  #timer: TimerHandle | null = null;
  #turns = 0;
  #cursor = 0;
  #heardCount = 0;
  #doubtCount = 0;
  #maxLag = 0;
  #stopped = false;
  probes: ProbeDesk | null = null;
  witnesses: WitnessDesk | null = null;
  permits: PermitDesk | null = null;

  constructor(deps: TurnLoopDeps) {
    this.#deps = deps;
    this.#listening = startListening(deps.clock.now());
    this.#stepMax = durationMs(TURN_INTERVAL + deps.stallTolerance);
  }

  start(): void {
    this.#listening = startListening(this.#deps.clock.now());
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Listening time of something that arrives now. */
  now(): ListeningMs {
    return between(this.#listening, this.#deps.clock.now(), this.#stepMax);
  }

  get discounted(): number {
    return this.#listening.discounted;
  }

  get lostShare(): number {
    return lostShare(this.#lost, this.#deps.clock.now());
  }

  /** More than `limit` of the last minute was lost, or was a while ago and half of it still is. */
  tooSick(limit: number): boolean {
    this.#isTooSick = isTooSick(this.lostShare, limit, this.#isTooSick);
    return this.#isTooSick;
  }
  #isTooSick = false;

  get inboxRefused(): number {
    return this.#inboxRefused;
  }

  /** Longest lateness of a turn since the last call. */
  takeMaxLag(): number {
    const lag = this.#maxLag;
    this.#maxLag = 0;
    return lag;
  }

  /** Queues an event for the next turn, in order of arrival. False: the inbox is full. */
  post(index: number, node: string, event: NodeEvent): boolean {
    if (this.#inbox.length >= INBOX_MAX) {
      this.#inboxRefused += 1;
      return false;
    }
    this.#inbox.push({ index, node, event });
    return true;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(TURN_INTERVAL, () => {
      const moved = advance(this.#listening, this.#deps.clock.now(), this.#stepMax);
      this.#listening = moved.clock;
      if (moved.stall > 0) {
        this.#lost = addStall(this.#lost, this.#deps.clock.now(), moved.stall);
        this.#maxLag = Math.max(this.#maxLag, moved.stall);
        this.#deps.onStall();
        if (moved.stall > 1_000) {
          this.#deps.logger.warn(
            "this aggregator stalled; the time is not counted as anybody's silence",
            {
              stalledMs: Math.round(moved.stall),
            },
          );
        }
      }
      // Everything that has arrived by now is read before anybody is judged.
      this.#timer = this.#deps.timers.afterDrain(() => {
        this.#turn();
        this.#schedule();
      });
    });
  }

  #turn(): void {
    const now: Instant = { listening: this.now(), wall: this.#deps.clock.wallNow() };
    this.#turns += 1;
    this.#applyInbox(now);
    this.witnesses?.expire(now.listening);
    this.#deps.guard.beginTurn();
    this.#applyPermits(now);
    this.#tickNodes(now);
    this.#deps.guard.endTurn();
    this.#peacetimeProbes(now);
    this.#acknowledge();
    const storeUp = this.#deps.storeUp();
    for (const runner of this.#deps.runners.values()) runner.flush(storeUp);
    if (storeUp) this.permits?.turn();
    this.#deps.sight.refresh(this.#doubtCount > 0);
    this.#deps.afterTurn();
  }

  #applyInbox(now: Instant): void {
    const events = this.#inbox;
    if (events.length === 0) return;
    this.#inbox = [];
    for (const { index, node, event } of events) {
      const state = this.#deps.table.states[index];
      if (state === null || state === undefined || state.record.id !== node) continue;
      this.apply(index, state, event, now);
    }
  }

  /** After everything that was received: a sign of life that has arrived comes before any permit. */
  #applyPermits(now: Instant): void {
    const { table, runners, config, storeUp } = this.#deps;
    for (const { node, event } of this.permits?.takeAnswers() ?? []) {
      const index = table.indexOf(node);
      const shard = index === undefined ? undefined : table.shards[index];
      const runner = shard === undefined ? undefined : runners.get(shard);
      if (index === undefined || runner === undefined || runner.held || !storeUp()) continue;
      const state = table.state(index);
      const at = table.lastHeardAt[index] ?? 0;
      const isHeard = at > now.listening - config.limits.suspectAfter;
      this.apply(index, state, { ...event, ...this.#sightOf(state, at, isHeard) }, now);
    }
  }

  /** Steps one node and stages what changed. */
  apply(index: number, state: NodeState, event: NodeEvent, now: Instant): Step {
    const result = step(state, event, now, this.#deps.config);
    if (result.state === state && result.effects.length === 0) return result;
    this.#deps.table.put(index, result.state);
    const after = result.state;
    if (
      after.health !== state.health ||
      after.record.bootId !== state.record.bootId ||
      (after.drill === null) !== (state.drill === null)
    )
      this.#deps.quality.changed(index, state, result.state, now);
    const shard = this.#deps.table.shards[index];
    const runner = shard === undefined ? undefined : this.#deps.runners.get(shard);
    if (runner === undefined) return result;
    this.#noteProof(runner, state, result.state);
    const recordChanged = isDurableChange(state, result.state);
    if (!recordChanged && result.effects.length === 0) return result;
    runner.stage(
      { record: result.state.record, recordChanged, effects: result.effects, at: now.wall },
      (transition) => this.#deps.table.sessions[index]?.ackEvent(transition),
    );
    for (const effect of result.effects) {
      if (effect.kind === "probe") {
        this.probes?.urgent(
          index,
          result.state.record.id,
          result.state.record.address,
          now.listening,
        );
      }
      if (effect.kind === "ask-witnesses")
        this.witnesses?.urgent(index, result.state, now.listening);
      if (effect.kind === "ask-permit") this.permits?.ask(result.state.record.id, effect.incident);
    }
    return result;
  }

  #noteProof(runner: ShardRunner, before: NodeState, after: NodeState): void {
    const { provenAt } = after.probe;
    if (provenAt === null || provenAt === before.probe.provenAt) return;
    if (!runner.proofs.has(after.record.id)) runner.firstProofs = true;
    runner.proofs.set(after.record.id, provenAt);
    runner.proofsChanged = true;
  }

  #tickNodes(now: Instant): void {
    const { table, runners, config } = this.#deps;
    const { lastHeardAt, quiet, states } = table;
    const storeUp = this.#deps.storeUp();
    const limit = now.listening - config.limits.suspectAfter;
    let heard = 0;
    let doubt = 0;
    for (let index = 0; index < states.length; index++) {
      const at = lastHeardAt[index] ?? 0;
      if (at > limit) {
        if (states[index] !== null) heard += 1;
        if (quiet[index] === 1) continue;
      }
      const state = states[index];
      if (state === null || state === undefined) continue;
      const { state: name } = state.health;
      if (name !== "alive" && name !== "declared") doubt += 1;
      const shard = table.shards[index];
      const runner = shard === undefined ? undefined : runners.get(shard);
      // Without a store that answers there is no verdict on anybody.
      if (runner === undefined || runner.held || !storeUp) continue;
      this.apply(index, state, { kind: "tick", ...this.#sightOf(state, at, at > limit) }, now);
    }
    this.#heardCount = heard;
    this.#doubtCount = doubt;
  }

  #sightOf(
    state: NodeState,
    at: number,
    isHeard: boolean,
  ): CommitSight & { lastHeardAt: ListeningMs } {
    const own: OwnSight = {
      gateway: this.#deps.sight.answer,
      othersTotal: this.#deps.table.size - 1,
      othersHeard: Math.max(0, this.#heardCount - (isHeard ? 1 : 0)),
    };
    return { lastHeardAt: listeningMs(at), own, guard: this.#deps.guard.sightOf(state) };
  }

  /** A slice of the fleet per turn, so that each node is asked about once a minute. */
  #peacetimeProbes(now: Instant): void {
    const { table } = this.#deps;
    const extent = table.extent;
    if (extent === 0 || this.probes === null) return;
    const turnsPerRound = this.#deps.peacetimeInterval / TURN_INTERVAL;
    const slice = Math.min(
      extent,
      Math.floor((((this.#turns % turnsPerRound) + 1) * extent) / turnsPerRound) -
        Math.floor(((this.#turns % turnsPerRound) * extent) / turnsPerRound),
    );
    for (let i = 0; i < slice; i++) {
      if (this.#cursor >= extent) this.#cursor = 0;
      const state = table.states[this.#cursor];
      if (state !== null && state !== undefined && state.health.state === "alive") {
        this.#deps.quality.heardAgo(now.listening - (table.lastHeardAt[this.#cursor] ?? 0));
        if (
          !this.probes.peacetime(this.#cursor, state.record.id, state.record.address, now.listening)
        )
          return;
        this.witnesses?.peacetime(this.#cursor, state, now.listening);
      }
      this.#cursor += 1;
    }
  }

  #acknowledge(): void {
    const { sessions, sequence } = this.#deps.table;
    const age = this.#deps.storeWriteAge();
    for (
      let index = this.#turns % ACK_EVERY_TURNS;
      index < sessions.length;
      index += ACK_EVERY_TURNS
    ) {
      sessions[index]?.ackHeartbeat(sequence[index] ?? 0, age);
    }
  }
}

/** Only what a restart must know is written: never the mere time of the last heartbeat. */
function isDurableChange(before: NodeState, after: NodeState): boolean {
  const a = before.record;
  const b = after.record;
  if (a === b) return false;
  return (
    a.state !== b.state ||
    a.stateReason !== b.stateReason ||
    a.bootId !== b.bootId ||
    a.processId !== b.processId ||
    a.incarnation !== b.incarnation ||
    a.sessionEpoch !== b.sessionEpoch ||
    a.acknowledgedTransition !== b.acknowledgedTransition ||
    a.conditions !== b.conditions ||
    a.address !== b.address ||
    a.labels !== b.labels ||
    a.inventoryJson !== b.inventoryJson ||
    a.retired !== b.retired ||
    a.shadow !== b.shadow
  );
}
