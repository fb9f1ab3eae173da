/** What concerns fencing, between the engine and its devices. */
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import { needsFencing } from "../core/detection-config.ts";
import type { NodeState } from "../core/node-state.ts";
import type { DeviceTestView } from "../ports/fleet-view.ts";
import { DeviceTests, targetOf } from "./device-tests.ts";
import type { EngineDeps } from "./engine-deps.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";

export interface FencingParts {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly onChange: (node: NodeId) => void;
}

export class Fencing {
  readonly #tests: DeviceTests;
  readonly #isWanted: boolean;

  constructor(deps: EngineDeps, parts: FencingParts) {
    this.#isWanted = needsFencing(deps.detection.policy);
    this.#tests = new DeviceTests({
      ...deps,
      ...parts,
      devices: deps.fenceDevices,
      settings: deps.deviceTests,
    });
  }

  start(): void {
    this.#tests.start();
  }

  stop(): void {
    this.#tests.stop();
  }

  viewOf(state: NodeState): readonly DeviceTestView[] {
    return this.#tests.viewOf(targetOf(state));
  }

  /** Nodes that policy wants recovered and that no device is known to reach. */
  impossibleFor(): readonly NodeId[] {
    return this.#isWanted ? this.#tests.unfenceable() : [];
  }
}
