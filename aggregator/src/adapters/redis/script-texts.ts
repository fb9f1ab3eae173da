import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export type ScriptName =
  | "load-shard"
  | "claim-shard"
  | "release-shard"
  | "apply"
  | "claim-row"
  | "settle-row"
  | "put-proofs"
  | "pulse"
  | "create-meta"
  | "take-permit"
  | "free-permit";

export interface ScriptText {
  readonly text: string;
  /** What EVALSHA takes. */
  readonly sha1: string;
}

const NAMES: { readonly [N in ScriptName]: true } = {
  "load-shard": true,
  "claim-shard": true,
  "release-shard": true,
  apply: true,
  "claim-row": true,
  "settle-row": true,
  "put-proofs": true,
  pulse: true,
  "create-meta": true,
  "take-permit": true,
  "free-permit": true,
};

/** From the package's root, so that it is found from src and from dist alike. */
const FOLDER = new URL("../../../src/adapters/redis/scripts/", import.meta.url);
const INCLUDE = /^-- include (?<file>[a-z-]+\.lua)$/m;

/** Reads all scripts; called once at the start. */
export function readScriptTexts(): ReadonlyMap<ScriptName, ScriptText> {
  const read = (file: string): string => readFileSync(new URL(file, FOLDER), "utf8");
  const texts = new Map<ScriptName, ScriptText>();
  for (const name of Object.keys(NAMES) as ScriptName[]) {
    const text = read(`${name}.lua`).replace(INCLUDE, (_line, file: string) => read(file));
    texts.set(name, { text, sha1: createHash("sha1").update(text).digest("hex") });
  }
  return texts;
}
