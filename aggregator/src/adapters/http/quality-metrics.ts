/** Gauges of the detector's quality, of the whole fleet, counted only when somebody collects them. */
import type { MistakeFigures } from "../../core/quality.ts";
import type { Estimate } from "../../core/statistics.ts";
import type { FleetCache } from "./fleet-cache.ts";
import type { MetricsRegistry } from "./metrics.ts";

export function installQualityMetrics(metrics: MetricsRegistry, cache: FleetCache): void {
  metrics.onCollect(async () => {
    const { fleet, prediction } = await cache.quality();
    const set = (name: string, help: string, value: number | null): void => {
      if (value !== null) metrics.gauge(`herdbeat_${name}`, help).set(value);
    };
    set(
      "quality_observed_node_hours",
      "Time that living nodes were under observation, over one to two weeks.",
      fleet.observedHours,
    );
    setMistakes(metrics, "suspected", fleet.suspicion);
    setMistakes(metrics, "declared", fleet.declaration);
    set("quality_deaths", "Proven deaths, over one to two weeks.", fleet.deaths.count);
    set(
      "quality_detection_median_seconds",
      "Median silence at the declaration of a proven death.",
      seconds(fleet.deaths.medianMs.value),
    );
    set(
      "quality_detection_max_seconds",
      "Longest silence at the declaration of a proven death, of the newest ones.",
      seconds(fleet.deaths.maxMs),
    );
    const bound =
      "Predicted longest time from a death to its declaration, by the limits and jitter.";
    for (const [how, { toMs }] of [
      ["yes", prediction.witnessed],
      ["no", prediction.alone],
    ] as const)
      metrics
        .gauge("herdbeat_quality_detection_bound_seconds", bound, { witnessed: how })
        .set(toMs / 1_000);
  });
}

function setMistakes(metrics: MetricsRegistry, output: string, figures: MistakeFigures): void {
  const bounded = (name: string, help: string, estimate: Estimate): void => {
    for (const bound of ["value", "low", "high"] as const) {
      const value = estimate[bound];
      if (value !== null)
        metrics.gauge(`herdbeat_quality_${name}`, help, { output, bound }).set(value);
    }
  };
  bounded("mistakes_per_node_hour", "Living nodes held to be dead.", figures.perNodeHour);
  bounded("accuracy_ratio", "Probability that a living node is held to live.", figures.accuracy);
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
