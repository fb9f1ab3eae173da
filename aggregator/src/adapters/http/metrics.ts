/**
 * The `Metrics` interface on prom-client, and the text of `/metrics`.
 *
 * No series per node, ever: ten thousand series block the process for tens of milliseconds each time
 * they are rendered. What a label may hold is bounded per metric.
 */
import type { Counter, Gauge, Histogram, Metrics } from "@herdbeat/shared/metrics";
import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";

/** Of label combinations per metric; those beyond share one series whose labels are all `other`. */
const SERIES_MAX = 256;

type Labels = Readonly<Record<string, string>>;

export interface MetricsRegistry extends Metrics {
  /** Runs before each rendering and sets the gauges that are only worth knowing then. */
  onCollect(collect: () => Promise<void> | void): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function createMetricsRegistry(): MetricsRegistry {
  return new PrometheusMetrics();
}

class PrometheusMetrics implements MetricsRegistry {
  readonly #registry: Registry = new Registry();
  readonly #counters: Map<string, PromCounter> = new Map();
  readonly #gauges: Map<string, PromGauge> = new Map();
  readonly #histograms: Map<string, PromHistogram> = new Map();
  readonly #series: Map<string, Set<string>> = new Map();
  readonly #collectors: (() => Promise<void> | void)[] = [];

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const known = this.#counters.get(name);
    const metric = known ?? new PromCounter({ name, help, ...this.#common(labels) });
    this.#counters.set(name, metric);
    const child = metric.labels(this.#bounded(name, labels));
    return { add: (amount = 1) => child.inc(amount) };
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    const known = this.#gauges.get(name);
    const metric = known ?? new PromGauge({ name, help, ...this.#common(labels) });
    this.#gauges.set(name, metric);
    const child = metric.labels(this.#bounded(name, labels));
    return { set: (value) => child.set(value) };
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    const known = this.#histograms.get(name);
    const metric =
      known ??
      new PromHistogram({ name, help, buckets: [...buckets], registers: [this.#registry] });
    this.#histograms.set(name, metric);
    return { observe: (value) => metric.observe(value) };
  }

  onCollect(collect: () => Promise<void> | void): void {
    this.#collectors.push(collect);
  }

  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    for (const collect of this.#collectors) await collect();
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #common(labels: Labels): { labelNames: string[]; registers: Registry[] } {
    return { labelNames: Object.keys(labels), registers: [this.#registry] };
  }

  #bounded(name: string, labels: Labels): Record<string, string> {
    const seen = this.#series.get(name) ?? new Set<string>();
    this.#series.set(name, seen);
    const key = JSON.stringify(labels);
    if (seen.has(key) || seen.size < SERIES_MAX) {
      seen.add(key);
      return { ...labels };
    }
    return Object.fromEntries(Object.keys(labels).map((label) => [label, "other"]));
  }
}
