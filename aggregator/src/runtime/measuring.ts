/** What measures the detector: its live figures, and drills. */

import { DrillKeeper, type DrillKeeperDeps } from "./drill-keeper.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { QualityDesk } from "./quality-desk.ts";
import { QualityKeeper } from "./quality-keeper.ts";

export interface Measuring {
  readonly quality: QualityKeeper;
  readonly drills: DrillKeeper;
  readonly desk: QualityDesk;
}

export function measuring(
  deps: EngineDeps,
  parts: Pick<DrillKeeperDeps, "table" | "runners" | "turns" | "elsewhere">,
): Measuring {
  const { clock, fleet, heartbeatInterval } = deps;
  const self = deps.detection.aggregator;
  const { limits } = deps.detection;
  const quality = new QualityKeeper({
    ...deps,
    self,
    table: parts.table,
    now: () => parts.turns().now(),
  });
  const drills = new DrillKeeper({ ...deps, ...parts, self, limits });
  const desk = new QualityDesk({ self, clock, keeper: quality, fleet, limits, heartbeatInterval });
  return { quality, drills, desk };
}
