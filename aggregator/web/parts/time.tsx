/** Instants and ages. They tick with the page's clock and re-render nothing but their own text. */
import type { JSX } from "preact";
import { now } from "../state/clock.ts";
import { zone } from "../state/preferences.ts";
import { formatCoarse } from "../words/duration.ts";
import { formatDateTime, formatInstant, zoneName } from "../words/instant.ts";

export type InstantLike = number | string;

export const toUnixMs = (instant: InstantLike): number =>
  typeof instant === "number" ? instant : Date.parse(instant);

/** `03:12:44`, with the date when it was not today; the full text in the title. */
export function Instant({ at }: { readonly at: InstantLike }): JSX.Element {
  const unixMs = toUnixMs(at);
  const full = `${formatDateTime(unixMs, zone.value)} ${zoneName(zone.value)}`;
  return (
    <time dateTime={new Date(unixMs).toISOString()} title={full} class="num">
      {formatInstant(unixMs, zone.value, now.value)}
    </time>
  );
}

/** `4 min 12 s`: how long ago that was. */
export function Since({ at }: { readonly at: InstantLike }): JSX.Element {
  const unixMs = toUnixMs(at);
  const full = `since ${formatDateTime(unixMs, zone.value)} ${zoneName(zone.value)}`;
  return (
    <time dateTime={new Date(unixMs).toISOString()} title={full} class="num">
      {formatCoarse(now.value - unixMs)}
    </time>
  );
}
