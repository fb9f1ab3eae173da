/**
 * What this controller has accepted, on disk.
 *
 * Guarantee: `accept` resolves only when the id is on disk, so a message that was answered 2xx is
 * known after any crash; each id is accepted once, also when its repeat arrives at the same moment.
 * Mechanism: one JSON line per event, appended and synced in groups; the file is read at the start
 * and cut behind its last whole line, which is all that a crash can leave half-written.
 */
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Effect {
  readonly id: string;
  readonly incident: string;
  readonly class: string;
  readonly kind: "fact" | "request";
  readonly transition: string;
  readonly action: string;
  readonly node: string;
  readonly acceptedAt: string;
  /** Its work has been reported as finished. */
  done: boolean;
  /** How often the same id came again. */
  repeats: number;
}

type Line =
  | ({ readonly event: "accepted" } & Omit<Effect, "done" | "repeats">)
  | { readonly event: "done"; readonly id: string };

/** What is on disk is not known any more: end, and read it again at the next start. */
export class JournalError extends Error {}

export class Journal {
  readonly effects = new Map<string, Effect>();
  readonly #file: FileHandle;
  readonly #writing = new Map<string, Promise<void>>();
  #group: { readonly lines: string[]; readonly written: Promise<void> } | null = null;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(directory: string): Promise<Journal> {
    await mkdir(directory, { recursive: true });
    const path = join(directory, "effects.jsonl");
    const text = await readFile(path, "utf8").catch(() => "");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const file = await open(path, "a");
    await file.truncate(Buffer.byteLength(whole));
    await file.sync();
    const journal = new Journal(file);
    for (const line of whole.split("\n"))
      if (line !== "") journal.#replay(JSON.parse(line) as Line);
    return journal;
  }

  /** True: accepted now. False: this id was accepted before. Both are on disk. */
  async accept(effect: Omit<Effect, "done" | "repeats">): Promise<boolean> {
    const known = this.effects.get(effect.id);
    if (known !== undefined) {
      known.repeats += 1;
      await this.#writing.get(effect.id);
      return false;
    }
    this.effects.set(effect.id, { ...effect, done: false, repeats: 0 });
    const written = this.#append({ event: "accepted", ...effect });
    this.#writing.set(effect.id, written);
    try {
      await written;
    } finally {
      this.#writing.delete(effect.id);
    }
    return true;
  }

  async finish(id: string): Promise<void> {
    const effect = this.effects.get(id);
    if (effect === undefined || effect.done) return;
    effect.done = true;
    await this.#append({ event: "done", id });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  /** Lines that come while the disk is busy share the next sync. */
  #append(line: Line): Promise<void> {
    if (this.#group === null) {
      const lines: string[] = [];
      const written = this.#last.then(async () => {
        this.#group = null;
        try {
          await this.#file.write(lines.join(""));
          await this.#file.datasync();
        } catch (error) {
          throw new JournalError("the journal was not written", { cause: error });
        }
      });
      this.#group = { lines, written };
      this.#last = written;
    }
    this.#group.lines.push(`${JSON.stringify(line)}\n`);
    return this.#group.written;
  }

  #replay(line: Line): void {
    if (line.event === "accepted") {
      const { event: _event, ...effect } = line;
      this.effects.set(effect.id, { ...effect, done: false, repeats: 0 });
      return;
    }
    const effect = this.effects.get(line.id);
    if (effect !== undefined) effect.done = true;
  }
}
