// Waiting for a state of the outside world: level-triggered, bounded.
import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  /** How long to wait in all, in milliseconds. */
  readonly withinMs?: number;
  /** Pause between two looks, in milliseconds. */
  readonly everyMs?: number;
  /** What is waited for; part of the message when it does not come. */
  readonly what?: string;
}

/**
 * Looks until `probe` returns something other than `undefined`, `null` or `false`, and returns that.
 * It looks at what is, never at what has happened, so nothing can be missed between two looks. A
 * probe that throws is asked again; its last error becomes the cause when the time is over.
 */
export async function eventually<T>(
  probe: () => Promise<T> | T,
  { withinMs = 5_000, everyMs = 20, what = "the expected state" }: EventuallyOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await probe();
      if (seen !== undefined && seen !== null && seen !== false)
        return seen as Exclude<T, undefined | null | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end)
      throw new Error(`${what} did not come in ${withinMs} ms`, { cause });
    await delay(everyMs);
  }
}
