/** What concerns fencing, between the engine and its devices. */
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import { needsFencing } from "../core/detection-config.ts";
import { awaitsFencing, HEARD_LATELY } from "../core/fencing.ts";
import type { GuardSight } from "../core/guard.ts";
import type { IncidentRecord } from "../core/incident.ts";
import type { NodeState } from "../core/node-state.ts";
import { orderForbidden, type RecoveryRules, recoveryForbidden } from "../core/recovery-rules.ts";
import type { DeviceTestView, FleetCommands } from "../ports/fleet-view.ts";
import { DeviceTests, targetOf } from "./device-tests.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { FencingReconciler } from "./fencing-reconciler.ts";
import type { NodeTable } from "./node-table.ts";
import { notOffBecause } from "./power-cut.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { Waiting } from "./standing-notices.ts";
import type { TurnLoop } from "./turn-loop.ts";

export interface FencingParts {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly onChange: (node: NodeId) => void;
  readonly turns: () => TurnLoop;
  readonly commands: () => FleetCommands;
  /** Why nothing irreversible may be done now; null: it may. */
  readonly waitsBecause: () => string | null;
}

export class Fencing {
  readonly #parts: FencingParts;
  readonly #tests: DeviceTests;
  readonly #reconciler: FencingReconciler;
  readonly #isWanted: boolean;
  readonly #config: RecoveryRules;

  constructor(deps: EngineDeps, parts: FencingParts) {
    this.#parts = parts;
    this.#config = deps.detection;
    this.#isWanted = needsFencing(deps.detection.policy);
    this.#tests = new DeviceTests({
      ...deps,
      ...parts,
      devices: deps.fenceDevices,
      settings: deps.deviceTests,
      listeningNow: () => parts.turns().now(),
    });
    this.#reconciler = new FencingReconciler({
      ...deps,
      ...parts,
      self: deps.detection.aggregator,
      forbiddenBecause: (state, incident) => this.#forbiddenBecause(state, incident),
      devicesOf: (state) => this.#tests.usableOf(targetOf(state)),
      isProven: (node, device) => this.#tests.isProven(node, device),
      commands: {
        addAction: (incident, action) => parts.commands().addAction(incident, action),
        updateAction: (incident, id, patch) => parts.commands().updateAction(incident, id, patch),
      },
      listeningNow: () => parts.turns().now(),
      post: (index, node, event) => parts.turns().post(index, node, event),
      callMax: durationMs(Math.max(0, ...deps.fenceDevices.map((one) => one.callMax))),
    });
  }

  start(): void {
    this.#tests.start();
    this.#reconciler.start();
  }

  stop(): void {
    this.#tests.stop();
    this.#reconciler.stop();
  }

  viewOf(state: NodeState): readonly DeviceTestView[] {
    return this.#tests.viewOf(targetOf(state));
  }

  /** Whether a tested device can cut the node's power: only then may a commit rest on silence. */
  readonly canFence = (node: NodeId): GuardSight["fencing"] => {
    const index = this.#parts.table.indexOf(node);
    const state = index === undefined ? null : this.#parts.table.state(index);
    return state !== null && this.#tests.canFence(targetOf(state)) ? "ready" : "none";
  };

  /** Nodes that policy wants recovered and that no device is known to reach. */
  impossibleFor(): readonly NodeId[] {
    return this.#isWanted ? this.#tests.unfenceable() : [];
  }

  /** Nodes that were committed and that no device confirms to be off. */
  unanswered(): readonly NodeId[] {
    return this.#parts.table.states.flatMap((state) =>
      state?.incidents.some(
        (one) => awaitsFencing(one) && one.hold?.reason === "fencing-unanswered",
      ) === true
        ? [state.record.id]
        : [],
    );
  }

  /** Committed nodes whose power is not cut, and why: for the rules of today, or their new boot. */
  forbidden(): readonly Waiting[] {
    return this.#parts.table.states.flatMap((state) => {
      if (state === null) return [];
      const incident = state.incidents.find(awaitsFencing);
      const because = incident === undefined ? null : this.#forbiddenBecause(state, incident);
      return because === null ? [] : [{ node: state.record.id, because }];
    });
  }

  #forbiddenBecause(state: NodeState, incident: IncidentRecord): string | null {
    return orderForbidden(state, incident, this.isHeard(state.record.id), this.#config);
  }

  requestForbidden(state: NodeState, incident: IncidentRecord): string | null {
    return recoveryForbidden(state, incident, this.#config);
  }

  isHeard(node: NodeId): boolean {
    const { table, turns } = this.#parts;
    return table.isHeardWithin(node, HEARD_LATELY, turns().now());
  }

  /** Reads the power of a fenced node again, of every device that can be believed. */
  notOffBecause(state: NodeState, needsOff: boolean): Promise<string | null> {
    return notOffBecause(state.record.id, this.#tests.usableOf(targetOf(state)), needsOff);
  }
}
