import { performance } from "node:perf_hooks";
import {
  type Clock,
  type DurationMs,
  monotonicMs,
  type TimerHandle,
  type Timers,
  unixMs,
} from "./time.ts";

/** CLOCK_MONOTONIC since process start, and the wall clock. */
export const systemClock: Clock = {
  now: () => monotonicMs(performance.now()),
  wallNow: () => unixMs(Date.now()),
};

export const systemTimers: Timers = {
  after(delay: DurationMs, callback: () => void): TimerHandle {
    const timer = setTimeout(callback, delay);
    return { cancel: () => clearTimeout(timer) };
  },
  // The check phase comes after the poll phase: every socket that was readable has been read once.
  afterDrain(callback: () => void): TimerHandle {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate) };
  },
};
