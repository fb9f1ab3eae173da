/** Limits of what one finding may carry; the wire states the same ones. */
import type { Finding } from "./condition.ts";

const SUBJECT_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 64;
const MESSAGE_LENGTH_MAX = 1_000;
const ATTRIBUTES_MAX = 16;
const ATTRIBUTE_KEY_LENGTH_MAX = 64;
const ATTRIBUTE_VALUE_LENGTH_MAX = 250;

/** The finding within its limits; texts that come from guests or other programs may be anything. */
export function boundFinding(finding: Finding): Finding {
  const bounded = {
    subject: text(finding.subject, SUBJECT_LENGTH_MAX),
    status: finding.status,
    failureClass: finding.failureClass,
    reason: text(finding.reason, REASON_LENGTH_MAX),
    message: text(finding.message, MESSAGE_LENGTH_MAX),
  };
  if (finding.attributes === undefined) return bounded;
  const attributes: Record<string, string> = {};
  for (const [key, value] of Object.entries(finding.attributes).slice(0, ATTRIBUTES_MAX)) {
    attributes[text(key, ATTRIBUTE_KEY_LENGTH_MAX)] = text(value, ATTRIBUTE_VALUE_LENGTH_MAX);
  }
  return { ...bounded, attributes };
}

/** Cut to `lengthMax` UTF-8 bytes without halving a character; control characters become spaces. */
function text(value: string, lengthMax: number): string {
  if (value.length * 3 <= lengthMax && !hasControl(value)) return value;
  let bytes = 0;
  let result = "";
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > lengthMax) break;
    const isLoneSurrogate = code >= 0xd800 && code <= 0xdfff;
    result += code < 0x20 || code === 0x7f ? " " : isLoneSurrogate ? "\ufffd" : character;
  }
  return result;
}

function hasControl(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code === 0x7f || (code >= 0xd800 && code <= 0xdfff)) return true;
  }
  return false;
}
