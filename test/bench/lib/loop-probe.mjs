// Preloaded into a measured process: on SIGUSR2 it starts to watch its event loop's delay, on the
// next SIGUSR2 it writes what it saw to the file named by HERDBEAT_LOOP_PROBE.
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** The timer's own period is part of what it measures. */
const RESOLUTION_MS = 5;
const file = process.env["HERDBEAT_LOOP_PROBE"];

if (file !== undefined && isMainThread) {
  /** @type {import("node:perf_hooks").IntervalHistogram | null} */
  let histogram = null;
  process.on("SIGUSR2", () => {
    if (histogram === null) {
      histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      histogram.enable();
      return;
    }
    histogram.disable();
    /** @param {number} nanoseconds */
    const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const { max, mean, count } = histogram;
    const seen = { p50Ms: ms(histogram.percentile(50)), p99Ms: ms(histogram.percentile(99)) };
    writeFileSync(file, JSON.stringify({ ...seen, maxMs: ms(max), meanMs: ms(mean), count }));
    histogram = null;
  });
}
