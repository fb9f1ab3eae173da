/**
 * Plays drills with nodes that this aggregator looks after, and measures them.
 *
 *   begin in the store ─► playing ─► declared ─► durable: over for the node ─► delivered ─► recorded
 *                            └── anything real, our own stall, the store away, its bound ─► recorded
 *
 * Guarantee: one at a time in the cluster, and a pause after each; nothing is asked for (`drill.ts`).
 * Mechanism: beginning sets a key of the store that expires after DRILL_PAUSE. That bounds how often
 * people are told; nothing that must be right rests on it. Failure cases: this process ends: the
 * next owner withdraws what was played, and the record stays `running`, which is shown as lost.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import {
  type AggregatorId,
  type IncidentId,
  type NodeId,
  type ShardId,
  shardOf,
} from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  listeningMs,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { DetectionLimits } from "../core/detection-config.ts";
import { drillRefusal } from "../core/drill.ts";
import type { DrillRecord } from "../core/drill-record.ts";
import type { Instant } from "../core/node-state.ts";
import type { OutboxRow } from "../core/outbox.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import type { CommandOutcome } from "../ports/fleet-view.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { TurnLoop } from "./turn-loop.ts";

/** From the beginning of one to the next; longer than any lasts. */
export const DRILL_PAUSE: DurationMs = durationMs(60_000);
/** Beyond the time in which the limits declare: for turns and a delivery to a slow receiver. */
const SPARE_MS = 10_000;
const RECORD_AGAIN_TURNS = 10;

export interface DrillKeeperDeps {
  readonly self: AggregatorId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly limits: DetectionLimits;
  readonly fleet: Pick<FleetStore, "beginDrill" | "putDrill" | "appendAudit" | "health">;
  readonly turns: () => Pick<TurnLoop, "apply" | "now">;
  /** Where the shard's owner takes commands; null: nobody owns it. */
  readonly elsewhere: (shard: ShardId) => string | null;
}

interface Playing {
  record: DrillRecord;
  readonly index: number;
  /** On the listening clock. */
  readonly began: number;
  readonly beganAt: MonotonicMs;
  /** The node is itself again. */
  isOver: boolean;
}

export class DrillKeeper {
  readonly #deps: DrillKeeperDeps;
  #playing: Playing | null = null;
  #isBeginning = false;
  /** Records that the store does not have yet; one each of the last drills. */
  readonly #unwritten = new Map<string, DrillRecord>();
  #isWriting = false;
  #turns = 0;

  constructor(deps: DrillKeeperDeps) {
    this.#deps = deps;
  }

  /** Rejects with StoreUnavailableError when it could not be made known that one begins. */
  async start(node: NodeId, by: string): Promise<CommandOutcome<DrillRecord>> {
    const shard = shardOf(node);
    if (!this.#deps.runners.has(shard)) {
      const httpEndpoint = this.#deps.elsewhere(shard);
      return httpEndpoint === null
        ? { kind: "refused", why: `shard ${shard} has no owner at the moment` }
        : { kind: "elsewhere", httpEndpoint };
    }
    if (this.#deps.table.indexOf(node) === undefined) return { kind: "not-found" };
    const refusal = this.#refusal(node);
    if (refusal !== null) return { kind: "refused", why: refusal };
    this.#isBeginning = true;
    try {
      return await this.#begin(node, by);
    } finally {
      this.#isBeginning = false;
    }
  }

  /** Why no drill may begin with this node now, or null. */
  #refusal(node: NodeId): string | null {
    const { table, runners, fleet } = this.#deps;
    if (this.#playing !== null || this.#isBeginning) return "another drill is under way";
    if (fleet.health().state !== "up") return "the store does not answer";
    const index = table.indexOf(node);
    if (index === undefined) return "the node is not looked after here";
    const held = runners.get(shardOf(node))?.heldBecause ?? "";
    if (held !== "") return `its shard is on hold: ${held}`;
    const refusal = drillRefusal(table.state(index));
    if (refusal !== null) return refusal;
    const silent = this.#silentNodes();
    return silent === 0 ? null : `${silent} other nodes are suspect or declared down`;
  }

  /** While something real goes on nobody should have to tell it from a drill. */
  #silentNodes(): number {
    let silent = 0;
    for (const state of this.#deps.table.states) {
      if (state === null) continue;
      const { health } = state;
      if (health.state === "declared" || health.state === "committed") silent += 1;
      else if (health.state === "suspect") silent += 1;
    }
    return silent;
  }

  async #begin(node: NodeId, by: string): Promise<CommandOutcome<DrillRecord>> {
    const { clock, random, fleet, self, table } = this.#deps;
    const hostname = table.state(table.indexOf(node) ?? -1).record.hostname;
    const record: DrillRecord = {
      id: random.hex(8),
      node,
      hostname,
      by,
      aggregator: self,
      startedAt: clock.wallNow(),
      outcome: "running",
      because: "the node plays dead",
      incident: null,
      declaredMs: null,
      durableMs: null,
      deliveredMs: null,
      endedAt: null,
    };
    if (!(await fleet.beginDrill(record, DRILL_PAUSE)))
      return { kind: "refused", why: "another drill began less than a minute ago" };
    await fleet.appendAudit({
      at: record.startedAt,
      who: by,
      what: "drill",
      json: JSON.stringify({ drill: record.id, node }),
    });
    // Things can have changed meanwhile; what is checked here is what begins.
    this.#isBeginning = false;
    const refusal = this.#refusal(node);
    if (refusal === null && this.#mute(record)) return { kind: "done", value: record };
    const why = refusal ?? "the node is not as it was";
    this.#record({ ...record, outcome: "ended", because: why, endedAt: clock.wallNow() });
    return { kind: "refused", why };
  }

  #mute(record: DrillRecord): boolean {
    const { table, clock, limits, turns } = this.#deps;
    const index = table.indexOf(record.node);
    if (index === undefined) return false;
    const now: Instant = { listening: turns().now(), wall: clock.wallNow() };
    const bound = durationMs(Math.max(limits.declareAfter, limits.declareWithWitnesses) + SPARE_MS);
    const { state } = turns().apply(
      index,
      table.state(index),
      {
        kind: "drill-begin",
        id: record.id,
        until: after(now.listening, bound),
        heardAt: listeningMs(table.lastHeardAt[index] ?? now.listening),
      },
      now,
    );
    if (state.drill?.id !== record.id) return false;
    const began = now.listening;
    this.#playing = { record, index, began, beganAt: clock.now(), isOver: false };
    this.#deps.logger.warn("a drill began: the node plays dead, nothing is done to it", {
      drill: record.id,
      node: record.node,
      by: record.by,
    });
    return true;
  }

  /** Called every turn. */
  turn(storeUp: boolean): void {
    this.#turns += 1;
    if (this.#unwritten.size > 0 && storeUp && this.#turns % RECORD_AGAIN_TURNS === 0)
      void this.#write();
    const playing = this.#playing;
    if (playing === null) return;
    const state = this.#deps.table.states[playing.index];
    const isMuted = state?.drill?.id === playing.record.id;
    if (isMuted && !storeUp) {
      this.end("the store does not answer");
      return;
    }
    if (isMuted && state !== undefined && state !== null) {
      this.#noteDeclared(
        playing,
        state.health.state === "declared",
        state.incidents.find((one) => one.drill !== undefined)?.id ?? null,
      );
      return;
    }
    const reason = state?.record.id === playing.record.node ? state.record.stateReason : "";
    playing.isOver = true;
    if (playing.record.durableMs === null)
      this.#finish(
        "ended",
        reason.includes("drill is over") ? reason : "the node has another owner",
      );
    else if (this.#deps.turns().now() - playing.began > SPARE_MS)
      this.#finish("measured", "declared; no receiver has accepted it yet");
  }

  #noteDeclared(playing: Playing, isDeclared: boolean, incident: IncidentId | null): void {
    if (!isDeclared || playing.record.declaredMs !== null) return;
    const declaredMs = Math.round(this.#deps.turns().now() - playing.began);
    playing.record = { ...playing.record, declaredMs, incident };
  }

  /** Incidents became durable. */
  persisted(incidents: readonly { readonly id: IncidentId; readonly drill?: string }[]): void {
    const playing = this.#playing;
    if (playing === null || playing.record.durableMs !== null) return;
    const found = incidents.find((one) => one.drill === playing.record.id);
    if (found === undefined) return;
    const state = this.#deps.table.states[playing.index];
    if (state?.drill?.id === playing.record.id) this.#noteDeclared(playing, true, found.id);
    playing.record = { ...playing.record, incident: found.id, durableMs: this.#elapsed(playing) };
    this.end("it was measured");
  }

  /** A receiver accepted a row, or it was dropped. */
  rowGone(row: Pick<OutboxRow, "incident" | "transition">): void {
    const playing = this.#playing;
    if (playing === null || row.incident !== playing.record.incident || row.transition !== 1)
      return;
    playing.record = { ...playing.record, deliveredMs: this.#elapsed(playing) };
    this.#finish("measured", "declared and accepted by a receiver");
  }

  /** The node is itself again, at once. */
  end(why: string): void {
    const playing = this.#playing;
    if (playing === null || playing.isOver) return;
    const { table, clock, turns } = this.#deps;
    const state = table.states[playing.index];
    if (state?.drill?.id !== playing.record.id) return;
    const now: Instant = { listening: turns().now(), wall: clock.wallNow() };
    turns().apply(playing.index, state, { kind: "drill-end", why }, now);
    playing.isOver = true;
    if (playing.record.durableMs === null) this.#finish("ended", why);
  }

  #elapsed(playing: Playing): number {
    return Math.round(this.#deps.clock.now() - playing.beganAt);
  }

  #finish(outcome: "measured" | "ended", because: string): void {
    const playing = this.#playing;
    if (playing === null) return;
    this.#playing = null;
    const record = { ...playing.record, outcome, because, endedAt: this.#deps.clock.wallNow() };
    this.#deps.logger.warn("the drill is over", { ...record });
    this.#record(record);
  }

  #record(record: DrillRecord): void {
    this.#unwritten.set(record.id, record);
    void this.#write();
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      for (const [id, record] of this.#unwritten) {
        await this.#deps.fleet.putDrill(record);
        this.#unwritten.delete(id);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailableError))
        this.#deps.logger.error("could not record a drill", { error: renderErrorChain(error) });
    } finally {
      this.#isWriting = false;
    }
  }
}
