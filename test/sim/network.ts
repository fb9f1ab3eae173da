/** What stands between a node and an aggregator, in each direction by itself. */
import type { Random } from "@herdbeat/shared/random";

export type Direction = "to-aggregator" | "to-node";

/** Something that is wrong with the paths of the nodes that it was given to. */
export interface PathFault {
  /** Null: the paths to every aggregator. */
  readonly aggregator: string | null;
  readonly direction: Direction | "both";
  readonly blocked: boolean;
  /** Share of frames and packets that do not arrive at first. */
  readonly loss: number;
  readonly delayMs: number;
  /** Share of frames that arrive twice. */
  readonly duplicates: number;
  /** Lost heartbeats are repeated in order, as TCP does; without it they are lost for good. */
  readonly repeats?: boolean;
}

export interface Passage {
  readonly blocked: boolean;
  readonly loss: number;
  readonly delayMs: number;
  readonly duplicates: number;
  readonly repeats: boolean;
}

const CLEAR: Passage = { blocked: false, loss: 0, delayMs: 0, duplicates: 0, repeats: false };
/** Up to here nearly every probe of a doubt of three seconds is answered in time. */
const HARMLESS_LOSS = 0.02;
const HARMLESS_DELAY_MS = 50;

/** All paths of one node. */
export class NodePaths {
  readonly #faults = new Set<PathFault>();
  /** When the paths to an aggregator were last other than harmless; `*` stands for all of them. */
  readonly #harmedUntil = new Map<string, number>();

  /** Nothing is wrong with any path: the common case, asked for every frame. */
  clear = true;

  add(fault: PathFault): void {
    this.#faults.add(fault);
    this.clear = false;
  }

  remove(fault: PathFault, now: number): void {
    if (!this.#faults.delete(fault)) return;
    this.clear = this.#faults.size === 0;
    if (!isHarmless(fault)) this.#harmedUntil.set(fault.aggregator ?? "*", now);
  }

  towards(aggregator: string, direction: Direction): Passage {
    if (this.clear) return CLEAR;
    let passage = CLEAR;
    for (const fault of this.#faults) {
      if (!applies(fault, aggregator, direction)) continue;
      passage = {
        blocked: passage.blocked || fault.blocked,
        loss: 1 - (1 - passage.loss) * (1 - fault.loss),
        delayMs: passage.delayMs + fault.delayMs,
        duplicates: Math.max(passage.duplicates, fault.duplicates),
        repeats: passage.repeats || fault.repeats === true,
      };
    }
    return passage;
  }

  /** Since when a packet gets there and back in time; null: not now. */
  harmlessSince(aggregator: string): number | null {
    for (const fault of this.#faults) {
      const concerns = fault.aggregator === null || fault.aggregator === aggregator;
      if (concerns && !isHarmless(fault)) return null;
    }
    return Math.max(this.#harmedUntil.get("*") ?? 0, this.#harmedUntil.get(aggregator) ?? 0);
  }

  /** Whether a packet that needs no connection gets there and back, and how long that takes. */
  roundTrip(aggregator: string, random: Random, hopMs: number): number | null {
    const there = this.towards(aggregator, "to-node");
    const back = this.towards(aggregator, "to-aggregator");
    if (there.blocked || back.blocked) return null;
    const loss = 1 - (1 - there.loss) * (1 - back.loss);
    if (loss > 0 && random.next() < loss) return null;
    return hopMs * 2 + there.delayMs + back.delayMs;
  }
}

function applies(fault: PathFault, aggregator: string, direction: Direction): boolean {
  if (fault.aggregator !== null && fault.aggregator !== aggregator) return false;
  return fault.direction === "both" || fault.direction === direction;
}

function isHarmless(fault: PathFault): boolean {
  return !fault.blocked && fault.loss <= HARMLESS_LOSS && fault.delayMs <= HARMLESS_DELAY_MS;
}
