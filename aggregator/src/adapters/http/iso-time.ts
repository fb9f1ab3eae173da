import type { UnixMs } from "@herdbeat/shared/time";

const EPOCH = "1970-01-01T00:00:00.000Z";
/** The largest instant that the language can write. */
const INSTANT_MAX = 8.64e15;

/** RFC 3339 UTC. A damaged record gives the epoch: it must not make a whole list fail. */
export function isoTime(at: UnixMs): string {
  return Math.abs(at) <= INSTANT_MAX ? new Date(at).toISOString() : EPOCH;
}
