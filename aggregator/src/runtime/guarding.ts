/** The disruption guard of one process: its census, what it says of each node, and the permit. */
import type { ShardId } from "@herdbeat/shared/ids";
import type { DetectionConfig } from "../core/detection-config.ts";
import { CensusDesk } from "./census-desk.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { GuardDesk } from "./guard-desk.ts";
import type { NodeTable } from "./node-table.ts";
import { PermitDesk } from "./permit-desk.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";
import type { TurnLoop } from "./turn-loop.ts";

export interface Guarding {
  readonly census: CensusDesk;
  readonly guard: GuardDesk;
  readonly permits: PermitDesk;
}

/** Read when they are needed: some are made later than the guard. */
export interface GuardedParts {
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly turns: TurnLoop;
  readonly manager: ShardManager;
}

export function guarding(
  deps: EngineDeps,
  config: DetectionConfig,
  parts: GuardedParts,
  disarmedBecause: () => string | null,
): Guarding {
  const { table, runners } = parts;
  const census = new CensusDesk({
    self: config.aggregator,
    clock: deps.clock,
    table,
    runners,
    limits: config.limits,
    mesh: deps.mesh,
    manager: () => parts.manager,
    now: () => parts.turns.now(),
  });
  const guard = new GuardDesk({
    clock: deps.clock,
    census,
    config,
    limits: deps.guard,
    interval: deps.heartbeatInterval,
    disarmedBecause,
    canFence: deps.canFence ?? (() => "none"),
  });
  const permits = new PermitDesk({
    ...deps,
    table,
    runners,
    rate: deps.guard.rate,
    discounted: () => parts.turns.discounted,
    fleetNodes: () => census.fleetNodes,
  });
  return { census, guard, permits };
}
