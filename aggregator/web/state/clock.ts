/**
 * The time that ages are counted with: the server's, as far as this page can know it.
 *
 * A browser's clock may be wrong by hours. Each answer says when it was true; the smallest of the
 * recent differences between that and the local clock is the offset (delays only ever make it
 * larger). Ages are then `serverNow - since`, and tick once a second without anything being fetched.
 */
import { type Signal, signal } from "@preact/signals";

const TICK_MS = 1_000;
/** About a minute of time events: a step of the local clock is forgotten after that. */
const DIFFERENCES_KEPT = 16;

const differences: number[] = [];
let offsetMs = 0;

/** Advances once a second while the page is visible. */
export const now: Signal<number> = signal(Date.now());

/** Notes that the server's clock read `asOf` when an answer was made that has just arrived. */
export function observeServerTime(asOf: number): void {
  differences.push(Date.now() - asOf);
  if (differences.length > DIFFERENCES_KEPT) differences.shift();
  offsetMs = Math.min(...differences);
}

export function serverNow(): number {
  return Date.now() - offsetMs;
}

export function startClock(): void {
  const tick = (): void => {
    now.value = serverNow();
  };
  setInterval(() => {
    if (!document.hidden) tick();
  }, TICK_MS);
  document.addEventListener("visibilitychange", tick);
}
