/**
 * Has the power cut of every host whose incident was committed without proof that it is off, and
 * tells the core what came of it. Level-triggered: what is committed and waits is worked on, whoever
 * committed it and however often this process or its owner changed.
 *
 * Guarantees:
 * - An order follows a write under the shard's token, made after the device was asked and not longer
 *   ago than INTENT_VALID: an owner that was paused writes first, and the store refuses it.
 * - A new owner gives no order before the longest call of its predecessor is over.
 * - Off is what a device says twice after the order, never the order's own end; and never of a node
 *   that goes on to be heard.
 * - Nothing is ever powered on, and nothing is taken back.
 * Failure case: no device confirms it: the incident is held as `fencing-unanswered`, told, and tried
 * again at a pace that falls to once a minute, until a device or an operator confirms it.
 */
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { FencingToken, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import {
  after,
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type ListeningMs,
  listeningMs,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import { awaitsFencing, HEARD_LATELY } from "../core/fencing.ts";
import type { IncidentAction, IncidentRecord } from "../core/incident.ts";
import type { NodeEvent, NodeState } from "../core/node-state.ts";
import type { FenceDevice } from "../ports/fence-device.ts";
import type { FleetCommands } from "../ports/fleet-view.ts";
import type { NodeTable } from "./node-table.ts";
import { cutPower } from "./power-cut.ts";
import type { ShardRunner } from "./shard-runner.ts";

export interface FencingReconcilerDeps {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, Pick<ShardRunner, "held" | "ownership" | "indexes">>;
  /** Why this host may not be cut now, by the rules of today; null: it may. */
  readonly forbiddenBecause: (node: NodeState, incident: IncidentRecord) => string | null;
  /** Without those that are known to be somebody else's. */
  readonly devicesOf: (node: NodeState) => readonly FenceDevice[];
  /** Whether the device said on of this node while it was heard. */
  readonly isProven: (node: NodeId, device: string) => boolean;
  readonly commands: Pick<FleetCommands, "addAction" | "updateAction">;
  readonly self: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Why nothing irreversible may be done now; null: it may. */
  readonly waitsBecause: () => string | null;
  readonly listeningNow: () => ListeningMs;
  readonly post: (index: number, node: NodeId, event: NodeEvent) => boolean;
  /** Longest call of a device. */
  readonly callMax: DurationMs;
}

const LOOK_EVERY: DurationMs = durationMs(250);
/** From the beginning of the write to the order; a pause beyond it means writing again. */
const INTENT_VALID: DurationMs = durationMs(5_000);
const RETRY: BackoffConfig = {
  initial: durationMs(2_000),
  factor: 2,
  max: durationMs(60_000),
};
/** The intent of an order, as a later owner finds it: this device said on before. */
export const orderedWhileOn = (device: string): string => `${device} says on, and cuts its power`;

/** Of agents, each a process: a rack that is fenced in one go takes turns. */
const CUTS_MAX = 4;

interface Work {
  /** Devices that said on of this node before they were told to cut it. */
  readonly saidOn: Set<string>;
  isUnderWay: boolean;
  attempts: number;
  notBefore: MonotonicMs;
}

export class FencingReconciler {
  readonly #deps: FencingReconcilerDeps;
  readonly #work = new Map<IncidentId, Work>();
  /** When this process first saw the shard under the token that it has now. */
  readonly #ownedSince = new Map<
    ShardId,
    { readonly token: FencingToken; readonly at: MonotonicMs }
  >();
  #underWay = 0;
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(deps: FencingReconcilerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = this.#deps.timers.after(LOOK_EVERY, () => {
      this.#look();
      if (!this.#stopped) this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #look(): void {
    const { runners, table, clock, waitsBecause } = this.#deps;
    const now = clock.now();
    const wanted = new Set<IncidentId>();
    for (const [shard, runner] of runners) {
      if (this.#ownedSince.get(shard)?.token !== runner.ownership.token)
        this.#ownedSince.set(shard, { token: runner.ownership.token, at: now });
      for (const index of runner.indexes) {
        const incident = table.state(index).incidents.find(awaitsFencing);
        if (incident === undefined) continue;
        wanted.add(incident.id);
        const work = this.#workOf(incident.id, now);
        if (work.isUnderWay || now < work.notBefore || this.#underWay >= CUTS_MAX) continue;
        if (runner.held || waitsBecause() !== null) continue;
        if (this.#deps.forbiddenBecause(table.state(index), incident) !== null) continue;
        this.#begin(index, incident, runner.ownership.token, work);
      }
    }
    for (const [id, { isUnderWay }] of this.#work) {
      if (!wanted.has(id) && !isUnderWay) this.#work.delete(id);
    }
  }

  #begin(index: number, incident: IncidentRecord, token: FencingToken, work: Work): void {
    work.isUnderWay = true;
    this.#underWay += 1;
    void this.#fence(index, incident, token, work)
      .catch((error: unknown) => {
        this.#deps.logger.error("fencing failed in an unexpected way", {
          incident: incident.id,
          error: String(error),
        });
        this.#later(work);
      })
      .finally(() => {
        work.isUnderWay = false;
        this.#underWay -= 1;
      });
  }

  async #fence(
    index: number,
    incident: IncidentRecord,
    token: FencingToken,
    work: Work,
  ): Promise<void> {
    const { clock, logger, timers } = this.#deps;
    const { node, shard } = incident;
    const rest = this.#predecessorsRest(incident, token);
    if (rest > 0) {
      work.notBefore = after(clock.now(), rest);
      return;
    }
    const actionId = `fence-${token}`;
    const began = await this.#deps.commands.addAction(incident.id, {
      id: actionId,
      kind: "fence",
      state: "running",
      progress: null,
      message: "its devices are asked",
      by: this.#deps.self,
      isOwn: true,
    });
    if (began.kind !== "done") return this.#later(work);
    const note = (patch: Partial<Pick<IncidentAction, "state" | "message">>) =>
      this.#deps.commands.updateAction(incident.id, actionId, patch);
    const state = this.#deps.table.states[index];
    if (state?.record.id !== node) return;
    logger.warn("a host is fenced", { node, incident: incident.id });
    const cut = await cutPower(node, this.#deps.devicesOf(state), {
      timers,
      onProgress: (device, what) => logger.info("fencing", { node, device, what }),
      saidOn: (device) =>
        work.saidOn.has(device) ||
        this.#deps.isProven(node, device) ||
        incident.actions.some(
          ({ id, message }) => id.startsWith("fence-") && message === orderedWhileOn(device),
        ),
      mayOrder: async (device, before) => {
        if (!this.#mayFence(index, incident, token)) return false;
        const from = clock.now();
        const isOn = before === "on";
        const message = isOn ? orderedWhileOn(device) : `${device} cuts its power`;
        const written = await note({ state: "running", message });
        if (isOn) work.saidOn.add(device);
        // What was paused here may have been taken over, and done, by another owner.
        const isFresh = elapsed(from, clock.now()) <= INTENT_VALID;
        return written.kind === "done" && isFresh && this.#mayFence(index, incident, token);
      },
    });
    if (cut.kind === "not-ours" || !this.#isOurs(shard, token)) return this.#later(work);
    const isLying = cut.kind === "off" && (await this.#isHeardAgain(index));
    if (!this.#isOurs(shard, token)) return this.#later(work);
    const outcome = cut.kind === "off" && !isLying ? "off" : "unanswered";
    const detail = isLying ? `${cut.device} says off, and the node is still heard` : cut.detail;
    const isOff = outcome === "off";
    await note({ state: isOff ? "succeeded" : "failed", message: detail });
    if (!this.#isOurs(shard, token)) return this.#later(work);
    logger.warn(isOff ? "a host is confirmed off" : "no device confirms that a host is off", {
      node,
      incident: incident.id,
      detail,
    });
    const by = { kind: "device", name: cut.kind === "off" ? cut.device : "" } as const;
    const lastHeardAt = listeningMs(this.#deps.table.lastHeardAt[index] ?? 0);
    const what = { incident: incident.id, outcome, by, detail, lastHeardAt } as const;
    this.#deps.post(index, node, { kind: "fenced", ...what });
    this.#later(work);
  }

  /** A node that spoke until just now and speaks on was not cut, whatever the device says. */
  async #isHeardAgain(index: number): Promise<boolean> {
    const { table, listeningNow, timers } = this.#deps;
    const heardAt = (): number => table.lastHeardAt[index] ?? 0;
    const offAt = listeningNow();
    if (heardAt() < offAt - HEARD_LATELY) return false;
    await new Promise<void>((done) => {
      timers.after(HEARD_LATELY, done);
    });
    return heardAt() > offAt;
  }

  /** How long a former owner's order could still be under way; counted from our own claim. */
  #predecessorsRest(incident: IncidentRecord, token: FencingToken): DurationMs {
    const others = incident.actions.some(
      (one) =>
        one.id.startsWith("fence-") && one.state === "running" && one.id !== `fence-${token}`,
    );
    const since = this.#ownedSince.get(incident.shard);
    if (!others || since === undefined) return durationMs(0);
    const bound = this.#deps.callMax + INTENT_VALID;
    return durationMs(Math.max(0, bound - elapsed(since.at, this.#deps.clock.now())));
  }

  #mayFence(index: number, { id, shard }: IncidentRecord, token: FencingToken): boolean {
    const state = this.#deps.table.states[index];
    return (
      this.#isOurs(shard, token) &&
      this.#deps.waitsBecause() === null &&
      state?.incidents.some(
        (one) =>
          one.id === id && awaitsFencing(one) && this.#deps.forbiddenBecause(state, one) === null,
      ) === true
    );
  }

  #isOurs(shard: ShardId, token: FencingToken): boolean {
    const runner = this.#deps.runners.get(shard);
    return !this.#stopped && runner?.ownership.token === token && !runner.held;
  }

  #workOf(id: IncidentId, now: MonotonicMs): Work {
    let work = this.#work.get(id);
    if (work === undefined) {
      work = { saidOn: new Set(), isUnderWay: false, attempts: 0, notBefore: now };
      this.#work.set(id, work);
    }
    return work;
  }

  #later(work: Work): void {
    const { clock, random } = this.#deps;
    work.attempts += 1;
    work.notBefore = after(clock.now(), backoffDelay(work.attempts, RETRY, random));
  }
}
