import type { Counter, Gauge, Histogram, Metrics } from "@herdbeat/shared/metrics";

/**
 * Counters in memory. The agent serves no HTTP, so they are written to the log on demand and at the
 * end. Histograms keep count and sum only.
 */
export class CountedMetrics implements Metrics {
  readonly #values = new Map<string, number>();

  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#values);
  }

  counter(name: string, _help: string, labels?: Readonly<Record<string, string>>): Counter {
    const key = keyOf(name, labels);
    return { add: (amount = 1) => this.#values.set(key, (this.#values.get(key) ?? 0) + amount) };
  }

  gauge(name: string, _help: string, labels?: Readonly<Record<string, string>>): Gauge {
    const key = keyOf(name, labels);
    return { set: (value) => this.#values.set(key, value) };
  }

  histogram(name: string): Histogram {
    const count = this.counter(`${name}_count`, "");
    const sum = this.counter(`${name}_sum`, "");
    return {
      observe: (value) => {
        count.add();
        sum.add(value);
      },
    };
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>> | undefined): string {
  if (labels === undefined) return name;
  const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${inside.join(",")}}`;
}
