import { type DurationMs, durationMs } from "./time.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PATTERN = /^(?<amount>\d{1,12}(?:\.\d{1,3})?)(?<unit>ms|s|m|h|d)$/;

/** Reads `1500ms`, `30s`, `1.5m`, `2h`, `30d`; undefined when `text` is none of these. */
export function parseDuration(text: string): DurationMs | undefined {
  const groups = PATTERN.exec(text)?.groups;
  const amount = groups?.["amount"];
  const unit = UNITS[groups?.["unit"] ?? ""];
  if (amount === undefined || unit === undefined) return undefined;
  const value = Number(amount) * unit;
  return Number.isSafeInteger(Math.round(value)) ? durationMs(Math.round(value)) : undefined;
}

/** The shortest exact text for whole units, else one decimal: `850ms`, `3s`, `2.5s`, `4m`, `2h`. */
export function formatDuration(duration: DurationMs): string {
  if (duration < 0) return `-${formatDuration(durationMs(-duration))}`;
  if (duration < 1_000) return `${Math.round(duration)}ms`;
  if (duration < 120_000) return `${trimmed(duration / 1_000)}s`;
  if (duration < 7_200_000) return `${trimmed(duration / 60_000)}m`;
  if (duration < 172_800_000) return `${trimmed(duration / 3_600_000)}h`;
  return `${trimmed(duration / 86_400_000)}d`;
}

function trimmed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
