import type { ConfigPath, ConfigReport, ScalarType } from "./config-table.ts";
import { parseDuration } from "./duration-text.ts";
import { nearestWord } from "./nearest-word.ts";

/** The value in its final form (durations in ms), or undefined after a report. */
export function checkScalar(
  type: ScalarType,
  value: unknown,
  path: ConfigPath,
  report: ConfigReport,
): unknown {
  const refuse = (wanted: string): undefined => {
    report(path, `${keyText(path)} must be ${wanted}, not ${shown(value)}`);
    return undefined;
  };
  switch (type.kind) {
    case "boolean":
      return typeof value === "boolean" ? value : refuse("true or false");
    case "text":
      if (typeof value !== "string") return refuse(type.expects ?? "text (put it in quotes)");
      if (type.pattern !== undefined && !type.pattern.test(value)) {
        return refuse(type.expects ?? `text that matches ${type.pattern.source}`);
      }
      return value;
    case "choice": {
      if (typeof value === "string" && type.values.includes(value)) return value;
      const near = typeof value === "string" ? nearestWord(value, type.values) : undefined;
      return refuse(
        `one of ${type.values.join(", ")}${near === undefined ? "" : ` (did you mean ${near}?)`}`,
      );
    }
    case "integer":
    case "number": {
      const whole = type.kind === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
      const inside = whole && (value as number) >= type.min && (value as number) <= type.max;
      return inside
        ? value
        : refuse(
            `${type.kind === "integer" ? "a whole number" : "a number"} from ${type.min} to ${type.max}`,
          );
    }
    case "duration": {
      const duration = typeof value === "string" ? parseDuration(value) : undefined;
      const min = parseDuration(type.min) ?? 0;
      const max = parseDuration(type.max) ?? Number.POSITIVE_INFINITY;
      if (duration === undefined || duration < min || duration > max) {
        return refuse(`a duration from ${type.min} to ${type.max} (like 1500ms, 30s, 5m)`);
      }
      return duration;
    }
  }
}

/** `services[2].unit` for people. */
export function keyText(path: ConfigPath): string {
  if (path.length === 0) return "the document";
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`,
    )
    .join("");
}

const SHOWN_LENGTH_MAX = 60;

/** A refused value, short enough for a message. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a section";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}
