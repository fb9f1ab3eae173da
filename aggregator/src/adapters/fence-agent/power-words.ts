/**
 * What an agent's end means. Pure.
 *
 * The interface of fence agents says: `status` exits with 0 for on and 2 for off. But 2 is also what
 * an interpreter or a shell exits with when it cannot even start the agent, so an exit is only
 * believed together with the agent's words, and words only together with the exit.
 */
import {
  FENCE_DETAIL_CHARS_MAX,
  type PowerOrder,
  type PowerReading,
} from "../../ports/fence-device.ts";
import type { AgentResult } from "./agent-process.ts";

/** In what fence agents print when their device did not answer them. */
const NOT_REACHED =
  /timed? ?out|timeout|unreachable|no route|connection (?:lost|refused|reset)|unable to connect|could not connect/i;

export function readingOf(result: AgentResult, program: string): PowerReading {
  if (result.kind !== "exited") return notExited(result, program);
  const { code, stdout, isCut } = result;
  const says = isCut ? "nothing clear" : powerWord(stdout);
  if (code === 2 && says === "off") return { kind: "off" };
  if (code === 0 && says === "on") return { kind: "on" };
  if (code === 0 || code === 2) {
    return { kind: "unknown", detail: plain(`exit ${code}, but it says ${says}: ${stdout}`) };
  }
  return failed(result);
}

export function orderOf(result: AgentResult, program: string): PowerOrder {
  if (result.kind !== "exited") return notExited(result, program);
  return result.code === 0 ? { kind: "done" } : failed(result);
}

type Failure = { readonly kind: "unreachable" | "error"; readonly detail: string };

function notExited(
  result: Exclude<AgentResult, { readonly kind: "exited" }>,
  program: string,
): Failure {
  switch (result.kind) {
    case "timed-out":
      return {
        kind: "unreachable",
        detail: plain(`no end within its deadline, killed: ${lastLine(result.stderr)}`),
      };
    case "killed":
      return { kind: "error", detail: plain(`${program} was killed by ${result.signal}`) };
    case "not-started":
      return { kind: "error", detail: plain(`${program} could not be started: ${result.detail}`) };
  }
}

function failed(result: Extract<AgentResult, { readonly kind: "exited" }>): Failure {
  const said = lastLine(result.stderr) || lastLine(result.stdout);
  const detail = plain(`exit ${result.code}: ${said}`);
  return { kind: NOT_REACHED.test(said) ? "unreachable" : "error", detail };
}

/** What its words say of the power, when they say one thing only. */
function powerWord(stdout: string): "on" | "off" | "nothing clear" {
  const words = new Set(
    stdout
      .toLowerCase()
      .split("\n")
      .flatMap((line) => /^\s*(?:status|power)?\s*[:=]?\s*(on|off)\s*$/.exec(line)?.[1] ?? []),
  );
  if (words.size !== 1) return "nothing clear";
  return words.has("off") ? "off" : "on";
}

/** Agents print a line of time and level before the one that matters, and empty ones after it. */
function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}

/** Foreign words reach logs and terminals: one line, no control characters, bounded. */
export function plain(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
      .trim()
      .slice(0, FENCE_DETAIL_CHARS_MAX)
  );
}
