/** Gauges of the fleet, counted only when somebody collects them. */

import { isOpen } from "../../core/incident.ts";
import type { FleetView } from "../../ports/fleet-view.ts";
import type { FleetCache } from "./fleet-cache.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { STREAM_STATES } from "./stream-dto.ts";

export function installFleetMetrics(
  metrics: MetricsRegistry,
  view: FleetView,
  cache: FleetCache,
): void {
  /** Label sets that were set before; they fall back to 0 instead of keeping their last value. */
  const nodeSeries = new Set<string>();
  const incidentSeries = new Set<string>();
  metrics.onCollect(async () => {
    collectSelf(metrics, view);
    if (view.store().state === "down") return;
    await collectNodes(metrics, cache, nodeSeries);
    await collectIncidents(metrics, cache, incidentSeries);
  });
}

function collectSelf(metrics: MetricsRegistry, view: FleetView): void {
  const self = view.selfStatus();
  const set = (name: string, help: string, value: number): void =>
    metrics.gauge(`herdbeat_${name}`, help).set(value);
  set("ready", "1 when this aggregator is ready to judge.", self.ready ? 1 : 0);
  set("store_up", "1 when the store answers.", view.store().state === "up" ? 1 : 0);
  set("agent_connections", "Agents connected to this aggregator.", self.connections);
  set("owned_shards", "Shards that this aggregator owns.", self.ownedShards);
  set("notices", "Standing notices.", view.notices().length);
  const lag = "Longest delay of the event loop lately.";
  set("loop_lag_max_seconds", lag, self.loopLagMsMax / 1_000);
  const stall = "Time in which this process did not listen, discounted from every silence.";
  set("stall_discounted_seconds", stall, self.stallDiscountedMs / 1_000);
}

async function collectNodes(
  metrics: MetricsRegistry,
  cache: FleetCache,
  known: Set<string>,
): Promise<void> {
  const counts = new Map<string, number>([...known].map((key) => [key, 0]));
  for (const state of STREAM_STATES) counts.set(`${state}\n`, 0);
  for (const { record } of await cache.nodes()) {
    const key = `${record.state}\n${record.labels["az"] ?? ""}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    known.add(key);
    const [state = "", az = ""] = key.split("\n");
    metrics
      .gauge("herdbeat_nodes", "Nodes by state and availability zone.", { state, az })
      .set(count);
  }
}

async function collectIncidents(
  metrics: MetricsRegistry,
  cache: FleetCache,
  known: Set<string>,
): Promise<void> {
  const counts = new Map<string, number>([...known].map((key) => [key, 0]));
  for (const incident of await cache.incidents()) {
    if (!isOpen(incident.phase)) continue;
    const held = incident.hold === null ? "no" : "yes";
    const key = `${incident.failureClass}\n${incident.phase}\n${held}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    known.add(key);
    const [failureClass = "", phase = "", held = ""] = key.split("\n");
    const labels = { class: failureClass, phase, held };
    metrics.gauge("herdbeat_open_incidents", "Open incidents.", labels).set(count);
  }
}
