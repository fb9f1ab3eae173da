/** The stream's first event: the whole picture, made in slices so that the loop is never held long. */
import type { Clock, Timers } from "@herdbeat/shared/time";
import { isOpen } from "../../core/incident.ts";
import type { FleetView } from "../../ports/fleet-view.ts";
import { toAggregator, toNotice, toShard } from "./map-cluster.ts";
import { toIncidentRow } from "./map-incident.ts";
import { toStreamNode } from "./map-node.ts";
import { STREAM_STATES } from "./stream-dto.ts";

/** About half a millisecond of work. */
const SLICE_ROWS = 500;
const INCIDENTS_MAX = 1_000;

/** The JSON of a StreamSnapshot. */
export async function buildSnapshot(deps: {
  readonly view: FleetView;
  readonly clock: Clock;
  readonly timers: Timers;
}): Promise<string> {
  const { view, clock, timers } = deps;
  // Nothing from the cache: the rows must be at least as new as the sequence that the snapshot is for.
  const nodes = await view.nodes();
  const asOf = clock.wallNow();
  const parts: string[] = [];
  for (let from = 0; from < nodes.length; from += SLICE_ROWS) {
    const rows = nodes.slice(from, from + SLICE_ROWS).map(toStreamNode);
    parts.push(JSON.stringify(rows).slice(1, -1));
    await new Promise<void>((resolve) => timers.afterDrain(resolve));
  }
  const incidents = [...(await view.incidents())]
    .sort((a, b) => Number(isOpen(b.phase)) - Number(isOpen(a.phase)) || b.openedAt - a.openedAt)
    .slice(0, INCIDENTS_MAX);
  const shards = await view.shards();
  const fields = [
    `"cluster":${JSON.stringify(view.clusterId)}`,
    `"self":${JSON.stringify(view.self)}`,
    `"asOf":${asOf}`,
    `"states":${JSON.stringify(STREAM_STATES)}`,
    `"nodes":[${parts.join(",")}]`,
    `"incidents":${JSON.stringify(incidents.map(toIncidentRow))}`,
    `"shards":${JSON.stringify(shards.map(toShard))}`,
    `"aggregators":${JSON.stringify(view.aggregators().map(toAggregator))}`,
    `"notices":${JSON.stringify(view.notices().map(toNotice))}`,
  ];
  return `{${fields.join(",")}}`;
}
