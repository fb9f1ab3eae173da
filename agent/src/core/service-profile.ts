/** A profile: how to tell that one well-known service works. Data; ours and those of the operator. */

/** What an answer means; the first rule whose pattern is found in it decides. */
export interface AnswerRule {
  /** A regular expression over the answer, its bytes as latin1. */
  readonly match: string;
  readonly state: "ok" | "down" | "hung" | "unknown";
  /** Stable word for conditions. */
  readonly reason?: string;
}

export type ProfileCheck =
  | {
      readonly kind: "exchange";
      readonly over: "tcp" | "udp" | "unix";
      readonly target: string;
      readonly send: string;
      readonly rules: readonly AnswerRule[];
    }
  | { readonly kind: "connected"; readonly ports: readonly number[] }
  | { readonly kind: "fresh-file"; readonly path: string; readonly maxAgeSeconds: number };

export interface ServiceProfile {
  readonly id: string;
  /** For people, one line. */
  readonly about: string;
  /** Names differ between distributions: the first that the host has. */
  readonly units: readonly string[];
  /** Null: the unit's process is all that can be watched. */
  readonly check: ProfileCheck | null;
}

const UNIT = /^[A-Za-z0-9:_.@\\-]{1,255}\.(?:service|socket|target)$/;
const ID = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const TARGET = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5}$/;
const STATES = ["ok", "down", "hung", "unknown"];
const RULES_MAX = 16;
const TEXT_LENGTH_MAX = 1_024;

/** What is wrong with a profile of the operator, each with its key; empty when nothing is. */
export function profileProblems(value: unknown): readonly string[] {
  if (!isRecord(value)) return ["a profile is a section with id, about, units and check"];
  const problems: string[] = [];
  const extra = Object.keys(value).filter(
    (key) => !["id", "about", "units", "check"].includes(key),
  );
  for (const key of extra) problems.push(`${key}: unknown`);
  if (!isText(value["id"], ID)) problems.push("id: lower case letters, digits, dots and dashes");
  if (!isText(value["about"])) problems.push("about: one line of text");
  const units = value["units"];
  if (!Array.isArray(units) || units.length > RULES_MAX || !units.every((one) => isText(one, UNIT)))
    problems.push("units: a list of systemd units with their suffix");
  const { check } = value;
  if (check !== null && check !== undefined) problems.push(...checkProblems(check));
  else if (Array.isArray(units) && units.length === 0)
    problems.push("units or check: one is needed");
  return problems;
}

function checkProblems(check: unknown): readonly string[] {
  if (!isRecord(check)) return ["check: a section with kind"];
  switch (check["kind"]) {
    case "exchange":
      return exchangeProblems(check);
    case "connected": {
      const { ports } = check;
      const isGood = Array.isArray(ports) && ports.length > 0 && ports.every(isPort);
      return isGood ? [] : ["check.ports: a list of ports"];
    }
    case "fresh-file": {
      const isGood = isText(check["path"], /^\//) && Number(check["maxAgeSeconds"]) > 0;
      return isGood ? [] : ["check.path and check.maxAgeSeconds: a path, and seconds"];
    }
    default:
      return ["check.kind: exchange, connected or fresh-file"];
  }
}

function exchangeProblems(check: Readonly<Record<string, unknown>>): readonly string[] {
  const { over, target, send, rules } = check;
  const problems: string[] = [];
  if (over !== "tcp" && over !== "udp" && over !== "unix")
    problems.push("check.over: tcp, udp or unix");
  const pattern = over === "unix" ? /^\// : TARGET;
  if (!isText(target, pattern))
    problems.push("check.target: a literal address with port, or a path");
  if (typeof send !== "string" || send.length > TEXT_LENGTH_MAX)
    problems.push("check.send: text, at most 1,024 bytes; may be empty");
  if (!Array.isArray(rules) || rules.length === 0 || rules.length > RULES_MAX)
    return [...problems, "check.rules: one to 16 rules"];
  for (const [index, rule] of rules.entries()) {
    const isGood =
      isRecord(rule) && isPattern(rule["match"]) && STATES.includes(String(rule["state"]));
    if (!isGood) problems.push(`check.rules[${index}]: match (a regular expression) and state`);
  }
  return problems;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, pattern = /./): boolean {
  return typeof value === "string" && value.length <= TEXT_LENGTH_MAX && pattern.test(value);
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

function isPattern(value: unknown): boolean {
  if (typeof value !== "string" || value === "" || value.length > TEXT_LENGTH_MAX) return false;
  try {
    return new RegExp(value, "s") instanceof RegExp;
  } catch {
    // What is no expression is told by the caller.
    return false;
  }
}
