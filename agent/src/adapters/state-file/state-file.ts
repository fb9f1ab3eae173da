/**
 * The agent's memory across restarts: one small JSON file, replaced atomically.
 *
 * A save writes a new file, syncs it, renames it over the old one and syncs the folder, all in
 * libuv's thread pool. A file that cannot be understood is kept beside as `.damaged`.
 */
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "@herdbeat/shared/errors";
import type { BootId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import type { AgentState, StateStore } from "../../ports/state-store.ts";

const FILE_NAME = "agent-state.json";
const FORMAT = 1;

export class StateFile implements StateStore {
  readonly #folder: string;
  readonly #path: string;
  #waiting: { readonly state: AgentState; readonly done: Promise<void> } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, FILE_NAME);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  load(): { readonly state: AgentState | null; readonly damaged: string | null } {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: null, damaged: null };
      throw new OperatingError("HB_CONFIG_INVALID", `${this.#path} cannot be read`, {
        cause: error,
      });
    }
    const state = parseState(text);
    if (state !== null) return { state, damaged: null };
    renameSync(this.#path, `${this.#path}.damaged`);
    return { state: null, damaged: `${this.#path}.damaged` };
  }

  save(state: AgentState): Promise<void> {
    // One save waits at most; a newer state takes its place and everybody waits for that one.
    if (this.#waiting !== null) {
      this.#waiting = { state, done: this.#waiting.done };
      return this.#waiting.done;
    }
    const done = this.#last.then(async () => {
      const newest = this.#waiting?.state ?? state;
      this.#waiting = null;
      await this.#write(newest);
    });
    this.#waiting = { state, done };
    this.#last = done.catch(() => {
      // Whoever called `save` hears of it; the next save must run all the same.
    });
    return done;
  }

  async #write(state: AgentState): Promise<void> {
    const temporary = `${this.#path}.new`;
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ format: FORMAT, ...state })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      const folder = await open(this.#folder, "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      throw new OperatingError("HB_INTERNAL", `${this.#path} cannot be written`, { cause: error });
    }
  }
}

function parseState(text: string): AgentState | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object" || value["format"] !== FORMAT) return null;
  const { incarnation, sessionEpoch, lastTransition, bootId } = value;
  const numbers = [incarnation, sessionEpoch, lastTransition];
  if (!numbers.every((number) => Number.isSafeInteger(number) && (number as number) >= 0))
    return null;
  if (typeof bootId !== "string") return null;
  return {
    incarnation: incarnation as Incarnation,
    sessionEpoch: sessionEpoch as SessionEpoch,
    lastTransition: lastTransition as number,
    bootId: bootId as BootId,
  };
}
