/** Cuts one guest's bytes into lines under bounds; no IO. */

export interface ReadBudget {
  /** Lines passed on between two calls of `startWindow`. */
  readonly lines: number;
  /** Bytes looked at between two calls of `startWindow`. */
  readonly bytes: number;
}

export interface ReadResult {
  readonly lines: readonly string[];
  /** The budget is used up: do not read on before the next window. */
  readonly isOverRate: boolean;
}

export const LINE_BYTES_MAX = 512;
const NEWLINE = 0x0a;
const PRINTABLE = /^[\x20-\x7e]+$/;

export class GuestLineReader {
  readonly #budget: ReadBudget;
  /** Only ever holds the beginning of one line. */
  readonly #partial = Buffer.alloc(LINE_BYTES_MAX);
  #partialBytes = 0;
  /** The line that is being received is longer than allowed. */
  #isSkipping = false;
  /** After a (re)connect the first bytes may be the end of a line that began before. */
  #isFirst = true;
  #dropped = 0;
  #linesUsed = 0;
  #bytesUsed = 0;

  constructor(budget: ReadBudget) {
    this.#budget = budget;
  }

  get dropped(): number {
    return this.#dropped;
  }

  startWindow(): void {
    this.#linesUsed = 0;
    this.#bytesUsed = 0;
  }

  restart(): void {
    this.#partialBytes = 0;
    this.#isSkipping = false;
    this.#isFirst = true;
  }

  push(chunk: Buffer): ReadResult {
    const lines: string[] = [];
    const end = Math.min(chunk.length, Math.max(0, this.#budget.bytes - this.#bytesUsed));
    this.#bytesUsed += chunk.length;
    let from = 0;
    while (from < end) {
      const newline = chunk.indexOf(NEWLINE, from);
      const to = newline < 0 || newline >= end ? end : newline;
      this.#append(chunk, from, to);
      if (to === end) break;
      this.#finishLine(lines);
      from = to + 1;
    }
    if (end < chunk.length) this.#skipRest();
    const isOverRate =
      this.#linesUsed >= this.#budget.lines || this.#bytesUsed >= this.#budget.bytes;
    return { lines, isOverRate };
  }

  #append(chunk: Buffer, from: number, to: number): void {
    if (this.#isSkipping) return;
    if (this.#partialBytes + to - from > LINE_BYTES_MAX) {
      this.#skipRest();
      return;
    }
    this.#partialBytes += chunk.copy(this.#partial, this.#partialBytes, from, to);
  }

  /** The line that is under way is lost, and counted at once in case it never ends. */
  #skipRest(): void {
    if (!this.#isSkipping) this.#dropped += 1;
    this.#isSkipping = true;
    this.#partialBytes = 0;
  }

  #finishLine(lines: string[]): void {
    const wasSkipping = this.#isSkipping;
    const isFirst = this.#isFirst;
    const text = this.#partial.toString("latin1", 0, this.#partialBytes).replace(/\r$/, "");
    this.#partialBytes = 0;
    this.#isSkipping = false;
    this.#isFirst = false;
    if (wasSkipping || text === "") return;
    if (!PRINTABLE.test(text) || this.#linesUsed >= this.#budget.lines) {
      // Half a line after a reconnect is nobody's fault.
      if (!isFirst || PRINTABLE.test(text)) this.#dropped += 1;
      return;
    }
    this.#linesUsed += 1;
    lines.push(text);
  }
}
