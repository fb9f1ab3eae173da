/** Instants for people, in UTC or in the browser's own zone; always with the zone named. */

export type ZoneChoice = "utc" | "local";

const WITH_DATE: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
};

const FORMATS: { readonly [Z in ZoneChoice]: Intl.DateTimeFormat } = {
  // Swedish writes dates as ISO 8601 does: 2026-11-20 03:12:44.
  utc: new Intl.DateTimeFormat("sv-SE", { ...WITH_DATE, timeZone: "UTC" }),
  local: new Intl.DateTimeFormat("sv-SE", WITH_DATE),
};

/** `2026-11-20 03:12:44`. */
export function formatDateTime(unixMs: number, zone: ZoneChoice): string {
  return FORMATS[zone].format(unixMs);
}

/** `03:12:44` on the day of `now`, else with the date. */
export function formatInstant(unixMs: number, zone: ZoneChoice, now: number): string {
  const text = formatDateTime(unixMs, zone);
  const today = formatDateTime(now, zone).slice(0, 10);
  return text.startsWith(today) ? text.slice(11) : text;
}

/** `UTC`, or what the browser calls its own zone (`GMT+1`, `CET`). */
export function zoneName(zone: ZoneChoice): string {
  if (zone === "utc") return "UTC";
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts();
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "local";
}
