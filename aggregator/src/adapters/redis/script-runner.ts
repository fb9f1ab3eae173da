/**
 * Runs scripts by their hash, and by their text when the server does not know them yet (after its
 * restart, or on a replica that was promoted). A script that was not known was not run, so sending
 * it again is safe.
 */
import { StoreReplyError, StoreUnavailableError } from "@herdbeat/shared/errors";
import { ErrorReply } from "redis";
import type { RedisLink } from "./redis-link.ts";
import { readScriptTexts, type ScriptName, type ScriptText } from "./script-texts.ts";

/** A script's reply: strings and lists of them; numbers are never replied. */
export type Reply = string | readonly Reply[] | null;

/** They write nothing, so their success does not show that the store takes writes. */
const READS: ReadonlySet<ScriptName> = new Set(["load-shard"]);

export class ScriptRunner {
  readonly #link: RedisLink;
  readonly #texts: ReadonlyMap<ScriptName, ScriptText>;

  constructor(link: RedisLink, texts: ReadonlyMap<ScriptName, ScriptText> = readScriptTexts()) {
    this.#link = link;
    this.#texts = texts;
  }

  /** Rejects with StoreUnavailableError whenever there is no reply of the script itself. */
  async run(
    name: ScriptName,
    keys: readonly string[],
    values: readonly string[],
  ): Promise<readonly Reply[]> {
    const script = this.#texts.get(name);
    if (script === undefined) throw new StoreReplyError(name, "no such script");
    const operands = [keys.length.toString(), ...keys, ...values];
    const options = { key: keys[0] ?? "", clearsRefusal: !READS.has(name) };
    let reply: unknown;
    try {
      reply = await this.#link.send(name, ["EVALSHA", script.sha1, ...operands], options);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      reply = await this.#link.send(name, ["EVAL", script.text, ...operands], options);
    }
    return refuseForeign(name, listReply(name, reply));
  }
}

function isUnknownScript(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError &&
    error.cause instanceof ErrorReply &&
    error.cause.message.startsWith("NOSCRIPT")
  );
}

/** A key that is not ours where ours should be: the store is of no use until a person has looked. */
function refuseForeign(name: ScriptName, reply: readonly Reply[]): readonly Reply[] {
  const [status, key, found] = reply;
  if (status !== "WRONG_TYPE" && status !== "DAMAGED") return reply;
  const what = status === "WRONG_TYPE" ? `is a ${String(found)}` : "has a value that is not ours";
  throw new StoreUnavailableError(name, new StoreReplyError(name, `${String(key)} ${what}`));
}

/** The reply as a list of strings, or StoreReplyError: mismatched versions. */
export function listReply(operation: string, reply: unknown): readonly Reply[] {
  if (!isReply(reply) || !Array.isArray(reply)) {
    throw new StoreReplyError(operation, "the reply is not a list of strings");
  }
  return reply as readonly Reply[];
}

function isReply(value: unknown): value is Reply {
  if (typeof value === "string" || value === null) return true;
  return Array.isArray(value) && value.every(isReply);
}

/** Element `index` as text. */
export function textAt(operation: string, reply: readonly Reply[], index: number): string {
  const value = reply[index];
  if (typeof value === "string") return value;
  throw new StoreReplyError(operation, `element ${index} is not a string`);
}

export function unknownStatus(operation: string, reply: readonly Reply[]): never {
  throw new StoreReplyError(operation, `unknown status ${String(reply[0])}`);
}
