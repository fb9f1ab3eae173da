/**
 * A monitor whose code is loaded when it first has something to watch. Most hosts have no bond, no
 * multipath and no sensors, and what is not loaded costs no memory.
 */
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";

const NOTHING: readonly Finding[] = [];

export interface LazyMonitor
  extends Pick<Monitor, "name" | "interval" | "timeout" | "hysteresis" | "failureClass"> {
  /** Whether there is anything to watch. Asked before every probe until it is true; microseconds. */
  readonly applies: () => boolean;
  /** Must make a monitor without `start` and `poll`: it begins in the middle of a probe. */
  readonly load: () => Promise<Pick<Monitor, "probe" | "stop">>;
}

export function lazyMonitor(spec: LazyMonitor): Monitor {
  const { applies, load, ...known } = spec;
  let loaded: Pick<Monitor, "probe" | "stop"> | null = null;
  return {
    ...known,
    async probe(signal) {
      if (loaded === null && !applies()) return NOTHING;
      loaded ??= await load();
      return loaded.probe(signal);
    },
    async stop() {
      await loaded?.stop?.();
    },
  };
}
