import { assert } from "@herdbeat/shared/assert";
import type { ConditionChange } from "./condition-table.ts";

/**
 * Events that the aggregator has not acknowledged yet, oldest first.
 *
 * Overflow: when it is full, all of it is given up at once and the whole list of conditions is sent
 * instead, which says the same about the present. What is lost is the history in between; counted.
 */
export class EventSpool {
  readonly #capacity: number;
  #events: ConditionChange[] = [];
  #overflows = 0;

  constructor(capacity: number) {
    assert(capacity > 0, "the spool needs room for one event");
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#events.length;
  }

  /** How often everything was given up. */
  get overflows(): number {
    return this.#overflows;
  }

  /** False when the spool was full: it is empty now and the whole list must be sent. */
  push(event: ConditionChange): boolean {
    if (this.#events.length >= this.#capacity) {
      this.clear();
      this.#overflows += 1;
      return false;
    }
    this.#events.push(event);
    return true;
  }

  /** Forgets everything up to and including `transition`. */
  acknowledge(transition: number): void {
    const first = this.#events.findIndex((event) => event.transition > transition);
    this.#events = first === -1 ? [] : this.#events.slice(first);
  }

  clear(): void {
    this.#events = [];
  }

  /** The oldest event after `transition`, or undefined. */
  after(transition: number): ConditionChange | undefined {
    return this.#events.find((event) => event.transition > transition);
  }
}
