import { assert } from "./assert.ts";

/**
 * First in, first out, at most `capacity` entries. A push to a full queue is refused or makes the
 * oldest entry go, as stated by `overflow`; both are counted in `dropped`.
 */
export class BoundedQueue<T> {
  readonly #capacity: number;
  readonly #overflow: "drop-oldest" | "refuse-newest";
  #entries: T[] = [];
  #dropped = 0;

  constructor(capacity: number, overflow: "drop-oldest" | "refuse-newest") {
    assert(Number.isInteger(capacity) && capacity > 0, "queue capacity must be a positive integer");
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Entries lost since the queue was made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False when the entry was refused. */
  push(entry: T): boolean {
    if (this.#entries.length >= this.#capacity) {
      this.#dropped += 1;
      if (this.#overflow === "refuse-newest") return false;
      this.#entries.shift();
    }
    this.#entries.push(entry);
    return true;
  }

  /** Takes at most `max` of the oldest entries. */
  drain(max: number): readonly T[] {
    if (max >= this.#entries.length) {
      const all = this.#entries;
      this.#entries = [];
      return all;
    }
    return this.#entries.splice(0, max);
  }

  peekAll(): readonly T[] {
    return this.#entries;
  }
}
