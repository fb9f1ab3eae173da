import type { Counter, Metrics } from "@herdbeat/shared/metrics";

/** Plain numbers, because they are raised per frame; copied to the metrics once a second. */
export interface ListenerCounters {
  frames: number;
  heartbeats: number;
  /** Decoded by the full decoder because the short reader did not take them. */
  fullDecodes: number;
  /** A heartbeat whose sequence is not above the last one's: replayed or out of order. */
  staleHeartbeats: number;
  /** Heartbeats that never came, by the gaps in the sequence. */
  missedHeartbeats: number;
  events: number;
  /** What agents saw of other nodes, believed or not. */
  witnessReports: number;
  /** Bodies of a later version. */
  unknownFrames: number;
  /** Known bodies that nobody here acts on. */
  ignoredFrames: number;
  /** Streams ended because the peer broke the protocol. */
  violations: number;
  /** Streams ended because the peer sent more than its rate. */
  floods: number;
  /** Streams ended because the peer did not read. */
  slowReaders: number;
  /** Hellos without an acceptable identity or version. */
  refusedHellos: number;
}

export function zeroCounters(): ListenerCounters {
  return {
    frames: 0,
    heartbeats: 0,
    fullDecodes: 0,
    staleHeartbeats: 0,
    missedHeartbeats: 0,
    events: 0,
    witnessReports: 0,
    unknownFrames: 0,
    ignoredFrames: 0,
    violations: 0,
    floods: 0,
    slowReaders: 0,
    refusedHellos: 0,
  };
}

type Name = keyof ListenerCounters;

export class CounterExport {
  readonly #counters: ListenerCounters;
  readonly #exported: ListenerCounters = zeroCounters();
  readonly #metrics: readonly (readonly [Name, Counter])[];

  constructor(counters: ListenerCounters, metrics: Metrics) {
    this.#counters = counters;
    this.#metrics = (Object.keys(counters) as Name[]).map((name) => [
      name,
      metrics.counter("herdbeat_agent_stream_total", "What happened on agents' streams.", {
        what: name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      }),
    ]);
  }

  flush(): void {
    for (const [name, metric] of this.#metrics) {
      const now = this.#counters[name];
      if (now === this.#exported[name]) continue;
      metric.add(now - this.#exported[name]);
      this.#exported[name] = now;
    }
  }
}
