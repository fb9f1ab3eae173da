/**
 * Numbers for changes, never used twice by one node, across restarts and kills.
 *
 * Mechanism: the state file holds a ceiling that no used number exceeds. Numbers are reserved in
 * blocks, and the next block is asked for when half of one is used, so that no change waits for the
 * disk. Failure case: when the disk does not take the new ceiling and the block runs out, numbers go
 * on beyond it (a change is worth more than its number); should the process then be killed, the
 * aggregator sees lower numbers than it knows and reports lost state.
 */
const BLOCK = 256;

export class TransitionNumbers {
  #last: number;
  #ceiling: number;
  #wanted: number;

  /** `lastPersisted` is the stored ceiling; 0 when there is none. */
  constructor(lastPersisted: number) {
    this.#last = lastPersisted;
    this.#ceiling = lastPersisted;
    this.#wanted = lastPersisted + BLOCK;
  }

  /** Highest number used so far, or the stored ceiling right after a start. */
  get last(): number {
    return this.#last;
  }

  /** What must be persisted now; the caller saves it and calls `persisted`. */
  get wantedCeiling(): number {
    return this.#wanted;
  }

  /** True while the stored ceiling is not the wanted one. */
  get needsSave(): boolean {
    return this.#ceiling < this.#wanted;
  }

  next(): number {
    this.#last += 1;
    if (this.#last > this.#wanted - BLOCK / 2) this.#wanted = this.#last + BLOCK;
    return this.#last;
  }

  /** Somebody knows numbers up to `number` as used: later ones must be higher. */
  raiseTo(number: number): void {
    this.#last = Math.max(this.#last, number);
    this.#wanted = Math.max(this.#wanted, this.#last + BLOCK);
  }

  persisted(ceiling: number): void {
    this.#ceiling = Math.max(this.#ceiling, ceiling);
  }
}
