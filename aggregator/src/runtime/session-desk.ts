/**
 * Meaning of what agents' streams say: who may speak for which node, and how it becomes an event
 * of the pure core. Implements the listener's observer; every callback is synchronous and cheap.
 */
import { type NodeId, type SessionEpoch, type ShardId, shardOf } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  listeningMs,
  type UnixMs,
  unixMs,
} from "@herdbeat/shared/time";
import type { Instant, NodeState, ReportedCondition } from "../core/node-state.ts";
import type {
  AgentCondition,
  AgentHello,
  AgentObserver,
  AgentSession,
  CloseCause,
  WitnessReport,
} from "../ports/agent-listener.ts";
import { LateWatch } from "./late-watch.ts";
import { newNodeState } from "./node-loading.ts";
import { NODES_MAX, type NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { TurnLoop } from "./turn-loop.ts";
import type { WitnessDesk } from "./witness-desk.ts";

export interface SessionDeskDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly turns: TurnLoop;
  readonly witnesses: WitnessDesk;
  readonly heartbeatInterval: DurationMs;
  readonly shadow: boolean;
  /** Where the shard's owner listens; null when nobody owns it (yet). */
  readonly endpointOf: (shard: ShardId) => string | null;
}

/** Two live sessions of one node that replace each other this often within the window: no verdicts. */
const REPLACEMENTS_MAX = 4;
const REPLACEMENT_WINDOW_MS = 10_000;

export class SessionDesk implements AgentObserver {
  readonly #deps: SessionDeskDeps;
  readonly #replacements = new Map<NodeId, number[]>();
  readonly #lateness = new LateWatch();
  connections = 0;
  heartbeats = 0;
  repeatedFrames = 0;

  constructor(deps: SessionDeskDeps) {
    this.#deps = deps;
  }

  onHello(session: AgentSession, hello: AgentHello): void {
    const { table, runners, turns } = this.#deps;
    const shard = shardOf(hello.nodeId);
    const runner = runners.get(shard);
    if (runner === undefined) {
      const endpoint = this.#deps.endpointOf(shard);
      if (endpoint === null) {
        session.goodbye(
          "busy",
          `shard ${shard} has no owner at the moment`,
          undefined,
          durationMs(300),
        );
      } else {
        session.goodbye(
          "not-owner",
          `shard ${shard} is looked after at ${endpoint}`,
          endpoint,
          durationMs(50),
        );
      }
      return;
    }
    let index = table.indexOf(hello.nodeId);
    if (index === undefined) {
      if (table.size >= NODES_MAX) {
        session.goodbye(
          "busy",
          `this aggregator looks after ${NODES_MAX} nodes already`,
          undefined,
          durationMs(5_000),
        );
        return;
      }
      index = table.add(
        newNodeState(hello.nodeId, turns.now(), this.#deps.clock.wallNow(), this.#deps.shadow),
        shard,
      );
      runner.indexes.add(index);
    }
    const former = table.sessions[index];
    if (former !== null && former !== undefined) {
      this.#replace(hello, former);
      // Whoever comes next is admitted or not: the one that was replaced is nobody's session any more.
      table.sessions[index] = null;
      this.#deps.witnesses.left(hello.nodeId);
    }
    if (this.#isConflict(hello.nodeId)) {
      const detail = `two live sessions claim to be ${hello.nodeId}, the last from ${session.remoteAddress}`;
      this.#deps.turns.post(index, hello.nodeId, { kind: "conflict", detail });
      session.goodbye("identity-refused", detail, undefined, durationMs(10_000));
      return;
    }
    this.#admit(session, hello, index, runner);
  }

  #admit(session: AgentSession, hello: AgentHello, index: number, runner: ShardRunner): void {
    const { table, turns, clock } = this.#deps;
    const state = table.state(index);
    const now: Instant = { listening: turns.now(), wall: clock.wallNow() };
    const { state: after } = turns.apply(
      index,
      state,
      {
        kind: "hello",
        facts: {
          hostname: hello.hostname,
          address: hello.address,
          labels: sameLabels(state.record.labels, hello.labels),
          networks: hello.networks,
          bootId: hello.bootId,
          hardwareId: hello.hardwareId,
          processId: hello.processId,
          incarnation: hello.incarnation,
          sessionEpoch: hello.sessionEpoch,
          lastTransition: hello.lastTransition,
          agentVersion: hello.agentVersion,
          heartbeatIntervalMs: hello.heartbeatInterval,
          inventoryJson:
            hello.inventoryJson === state.record.inventoryJson ? "" : hello.inventoryJson,
        },
      },
      now,
    );
    session.node = index;
    table.sessions[index] = session;
    table.sequence[index] = 0;
    table.lastHeardAt[index] = now.listening;
    this.connections += 1;
    this.#deps.witnesses.joined(index, session, hello);
    runner.mirrorDirty = true;
    session.welcome({
      incarnation: after.record.incarnation,
      sessionEpoch: after.record.sessionEpoch as SessionEpoch,
      heartbeatInterval: this.#deps.heartbeatInterval,
      acknowledgedTransition: after.record.acknowledgedTransition,
      nodeId: hello.nodeId,
    });
  }

  #replace(hello: AgentHello, former: AgentSession): void {
    former.node = -1;
    this.connections -= 1;
    former.goodbye("replaced", "a newer session of this node was opened");
    const now = this.#deps.clock.now();
    const recent = (this.#replacements.get(hello.nodeId) ?? []).filter(
      (at) => now - at < REPLACEMENT_WINDOW_MS,
    );
    this.#replacements.set(hello.nodeId, [...recent, now]);
    if (this.#replacements.size > 1_000) this.#forgetOldReplacements(now);
  }

  #forgetOldReplacements(now: number): void {
    for (const [node, times] of this.#replacements) {
      if (times.every((at) => now - at >= REPLACEMENT_WINDOW_MS)) this.#replacements.delete(node);
    }
  }

  #isConflict(node: NodeId): boolean {
    const recent = this.#replacements.get(node);
    if (recent === undefined) return false;
    const now = this.#deps.clock.now();
    const count = recent.filter((at) => now - at < REPLACEMENT_WINDOW_MS).length;
    if (count === REPLACEMENTS_MAX) {
      this.#deps.logger.error("two live sessions claim to be the same node; neither is believed", {
        node,
      });
    }
    return count >= REPLACEMENTS_MAX;
  }

  onHeartbeat(
    session: AgentSession,
    sequence: number,
    _flags: number,
    _lastTransition: number,
    ownLagMs: number,
  ): void {
    const index = session.node;
    if (index < 0) return;
    const { table, turns } = this.#deps;
    this.heartbeats += 1;
    if (sequence <= (table.sequence[index] ?? 0)) {
      // A repeat or a replay is no sign of life.
      this.repeatedFrames += 1;
      return;
    }
    table.sequence[index] = sequence;
    table.ownLagMs[index] = ownLagMs;
    const at = turns.now();
    const gap = at - (table.lastHeardAt[index] ?? at);
    table.lastHeardAt[index] = at;
    const isLate = this.#lateness.isLate(at, gap, this.#deps.heartbeatInterval, ownLagMs);
    if (table.quiet[index] === 1 && !isLate) return;
    const state = table.states[index];
    if (state === null || state === undefined) return;
    turns.post(index, state.record.id, { kind: "heard", at, ownLagMs });
    if (isLate) turns.post(index, state.record.id, { kind: "late" });
  }

  onConditions(session: AgentSession, conditions: readonly AgentCondition[]): void {
    const state = this.#stateOf(session);
    if (state === null) return;
    const wall = this.#deps.clock.wallNow();
    this.#deps.turns.post(session.node, state.record.id, {
      kind: "conditions",
      conditions: conditions.map((one) => reported(one, wall, durationMs(0))),
    });
  }

  onEvent(
    session: AgentSession,
    transition: number,
    condition: AgentCondition,
    age: DurationMs,
  ): void {
    const state = this.#stateOf(session);
    if (state === null) return;
    this.#deps.table.lastHeardAt[session.node] = this.#deps.turns.now();
    this.#deps.turns.post(session.node, state.record.id, {
      kind: "event",
      transition,
      condition: reported(condition, this.#deps.clock.wallNow(), age),
    });
  }

  onWitnessReport(session: AgentSession, report: WitnessReport): void {
    if (session.node >= 0) this.#deps.witnesses.report(session, report);
  }

  onGoodbye(session: AgentSession, reason: string, message: string): void {
    const state = this.#stateOf(session);
    if (state === null) return;
    this.#deps.turns.post(session.node, state.record.id, {
      kind: "goodbye",
      reason,
      message,
      heardAt: this.#deps.turns.now(),
    });
  }

  onClosed(session: AgentSession, cause: CloseCause): void {
    const index = session.node;
    const state = this.#stateOf(session);
    session.node = -1;
    if (state === null) return;
    this.connections -= 1;
    this.#deps.witnesses.left(state.record.id);
    this.#deps.table.sessions[index] = null;
    this.#deps.turns.post(index, state.record.id, {
      kind: "closed",
      cause,
      heardAt: listeningMs(this.#deps.table.lastHeardAt[index] ?? 0),
    });
  }

  #stateOf(session: AgentSession): NodeState | null {
    return session.node < 0 ? null : (this.#deps.table.states[session.node] ?? null);
  }
}

function reported(condition: AgentCondition, wall: UnixMs, age: DurationMs): ReportedCondition {
  return {
    monitor: condition.monitor,
    subject: condition.subject,
    status: condition.status,
    failureClass: condition.failureClass,
    reason: condition.reason,
    message: condition.message,
    since: unixMs(wall - Math.max(condition.sinceAge, age)),
    transition: condition.transition,
    attributes: condition.attributes,
  };
}

/** Keeps the former object when nothing changed, so that an equal hello is no durable change. */
function sameLabels(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
