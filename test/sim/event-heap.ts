/** What is due next: a binary heap, ordered by time, then phase, then when it was due, then age. */
import type { SimProcess } from "./clock.ts";

export type Phase = "timers" | "input" | "drained";

const RANK = { timers: 0, input: 1, drained: 2 } as const;

export interface Scheduled {
  at: number;
  /** When it was due at first; differs from `at` when its process was stopped then. */
  readonly due: number;
  readonly rank: number;
  readonly sequence: number;
  readonly process: SimProcess | null;
  readonly run: () => void;
  cancelled: boolean;
}

export class EventHeap {
  readonly #entries: Scheduled[] = [];
  #sequence = 0;

  add(at: number, process: SimProcess | null, run: () => void, phase: Phase): Scheduled {
    this.#sequence += 1;
    const entry: Scheduled = {
      at,
      due: at,
      rank: RANK[phase],
      sequence: this.#sequence,
      process,
      run,
      cancelled: false,
    };
    this.#push(entry);
    return entry;
  }

  /** The same entry, later: whoever holds it can still cancel it. */
  postpone(entry: Scheduled, at: number): void {
    entry.at = at;
    this.#push(entry);
  }

  peek(): Scheduled | undefined {
    return this.#entries[0];
  }

  take(): Scheduled | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || last === first) return first;
    entries[0] = last;
    this.#sink();
    return first;
  }

  #push(entry: Scheduled): void {
    const entries = this.#entries;
    let index = entries.length;
    entries.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = entries[above];
      if (parent === undefined || isBefore(parent, entry)) break;
      entries[index] = parent;
      index = above;
    }
    entries[index] = entry;
  }

  #sink(): void {
    const entries = this.#entries;
    const entry = entries[0];
    if (entry === undefined) return;
    let index = 0;
    for (;;) {
      const left = entries[2 * index + 1];
      const right = entries[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(entry, child)) break;
      entries[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    entries[index] = entry;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (a.due !== b.due) return a.due < b.due;
  return a.sequence < b.sequence;
}
