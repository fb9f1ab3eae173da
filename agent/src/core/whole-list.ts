import { elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { Condition } from "./condition.ts";
import type { WireCondition } from "./messages.ts";

/** Room for the envelope and the heartbeat's own fields. */
const FRAME_OVERHEAD_BYTES = 256;
/** Tags, lengths and numbers of one condition, and of one attribute. */
const CONDITION_OVERHEAD_BYTES = 48;
const ATTRIBUTE_OVERHEAD_BYTES = 6;

export interface WholeList {
  readonly conditions: readonly WireCondition[];
  /** False when not even every problem fits: then what is missing must not be read as cleared. */
  readonly isWhole: boolean;
  /** Conditions left out. */
  readonly left: number;
}

/**
 * The conditions of a whole list, within one frame. Problems and unknowns come first. A condition
 * that is ok and does not fit is left out: a receiver takes a missing one for not a problem.
 */
export function selectWholeList(
  conditions: readonly Condition[],
  frameBytesMax: number,
  now: MonotonicMs,
): WholeList {
  const budget = frameBytesMax - FRAME_OVERHEAD_BYTES;
  const notOk = conditions.filter((condition) => condition.status !== "ok");
  const ok = conditions.filter((condition) => condition.status === "ok");
  const selected: WireCondition[] = [];
  let used = 0;
  let left = 0;
  let isWhole = true;
  for (const condition of [...notOk, ...ok]) {
    const full = wireCondition(condition, now);
    const short: WireCondition = { ...withoutAttributes(full), message: "" };
    const chosen = [full, short].find((candidate) => used + sizeOf(candidate) <= budget);
    if (chosen === undefined) {
      left += 1;
      if (condition.status !== "ok") isWhole = false;
      continue;
    }
    used += sizeOf(chosen);
    selected.push(chosen);
  }
  return { conditions: selected, isWhole, left };
}

export function wireCondition(condition: Condition, now: MonotonicMs): WireCondition {
  const { since, ...rest } = condition;
  return { ...rest, sinceAge: elapsed(since, now) };
}

function withoutAttributes(condition: WireCondition): WireCondition {
  const { attributes: _gone, ...rest } = condition;
  return rest;
}

/** Not less than the encoded size. */
function sizeOf(condition: WireCondition): number {
  const { monitor, subject, failureClass, reason, message } = condition;
  let size = CONDITION_OVERHEAD_BYTES;
  for (const text of [monitor, subject, failureClass, reason, message]) size += utf8Length(text);
  for (const [key, value] of Object.entries(condition.attributes ?? {})) {
    size += ATTRIBUTE_OVERHEAD_BYTES + utf8Length(key) + utf8Length(value);
  }
  return size;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
  }
  return bytes;
}
