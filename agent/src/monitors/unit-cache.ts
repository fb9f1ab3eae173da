/** What systemd said of units, and when to ask again. */

import type { Clock } from "@herdbeat/shared/time";
import { type DurationMs, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import { parseUnitStates, type UnitState } from "../core/unit-state.ts";
import type { ServiceManager } from "../ports/services.ts";

const UNITS_REFRESH: DurationMs = durationMs(60_000);
/** While a unit is not running, or the kernel and systemd disagree. */
const UNITS_REFRESH_SICK: DurationMs = durationMs(5_000);
const SHOW_TIMEOUT = durationMs(5_000);

export interface UnitCacheDeps {
  readonly manager: ServiceManager;
  readonly clock: Clock;
}

/** What systemd said last, and whether it is time to ask again. */
export class UnitCache {
  readonly #names: readonly string[];
  readonly #deps: UnitCacheDeps;
  #states: ReadonlyMap<string, UnitState> = new Map();
  #askedAt: MonotonicMs | null = null;
  #asking: Promise<void> | null = null;
  #failure: string | null = null;

  constructor(names: readonly string[], deps: UnitCacheDeps) {
    this.#names = names;
    this.#deps = deps;
  }

  /** Why systemd gave no answer last time. */
  get failure(): string | null {
    return this.#failure;
  }

  get(name: string): UnitState | null {
    return this.#states.get(name) ?? null;
  }

  isPopulated(state: UnitState): boolean | null {
    return state.controlGroup === "" ? null : this.#deps.manager.isPopulated(state.controlGroup);
  }

  /** Waits only for the very first answer; later ones arrive beside the probes and wake them. */
  async refresh(wake: () => void): Promise<void> {
    if (this.#names.length === 0 || !this.#deps.manager.isPresent()) return;
    const { clock } = this.#deps;
    const age = this.#askedAt === null ? null : elapsed(this.#askedAt, clock.now());
    if (age !== null && age < (this.#isSick() ? UNITS_REFRESH_SICK : UNITS_REFRESH)) return;
    if (this.#asking !== null) return;
    const isFirst = age === null;
    this.#askedAt = clock.now();
    this.#asking = this.#ask().then(() => {
      this.#asking = null;
      if (!isFirst) wake();
    });
    if (isFirst) await this.#asking;
  }

  #isSick(): boolean {
    return this.#names.some((name) => {
      const state = this.#states.get(name);
      if (state === undefined || state.activeState !== "active") return true;
      return state.subState === "running" && this.isPopulated(state) === false;
    });
  }

  async #ask(): Promise<void> {
    try {
      const text = await this.#deps.manager.show(this.#names, SHOW_TIMEOUT);
      this.#states = parseUnitStates(text);
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}
