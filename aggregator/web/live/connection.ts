/**
 * How fresh what is shown is.
 *
 *   connecting ──first event──► live ──no event for STALE_MS──► stale ──LOST_MS──► lost
 *                                ▲──────────────any event──────────┴────────────────┘
 *
 * The aggregator sends a time event every 5 s, so a longer silence is a fault on the way, whatever
 * the connection itself claims. Lost data is shown as unknown: it may all have changed.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { now, serverNow } from "../state/clock.ts";

/** One time event may be late by half its interval before anybody is told. */
const STALE_MS = 7_500;
/** Three time events missed: nothing on the page is worth more than a memory. */
const LOST_MS = 15_000;
/** A connection that reports an error is believed sooner; a reconnect takes 1-3 s. */
const LOST_AFTER_ERROR_MS = 4_000;

/** On the page's estimate of the server's clock; null before the first event. */
const lastEventAt: Signal<number | null> = signal(null);
const hasError: Signal<boolean> = signal(false);

export type Freshness =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "stale"; readonly ageMs: number; readonly heardAt: number }
  | { readonly kind: "lost"; readonly ageMs: number; readonly heardAt: number };

export function noteEvent(): void {
  lastEventAt.value = serverNow();
  hasError.value = false;
}

export function noteError(): void {
  hasError.value = true;
}

export const freshness: ReadonlySignal<Freshness> = computed(() => {
  const heardAt = lastEventAt.value;
  if (heardAt === null) return { kind: "connecting" };
  const ageMs = Math.max(0, now.value - heardAt);
  if (ageMs > (hasError.value ? LOST_AFTER_ERROR_MS : LOST_MS))
    return { kind: "lost", ageMs, heardAt };
  if (ageMs > STALE_MS || hasError.value) return { kind: "stale", ageMs, heardAt };
  return { kind: "live" };
});

/** False when what is shown may no longer be true; everything is then drawn as unknown. */
export const isTrusted: ReadonlySignal<boolean> = computed(
  () => freshness.value.kind === "live" || freshness.value.kind === "stale",
);
