/** What a look at one node's health comes to, before it becomes state, incidents and effects. */
import type { IncidentId } from "@herdbeat/shared/ids";
import type { NodeHealth, Verdict } from "./node-state.ts";

/** Whom to ask about the node: nobody, its kernel ourselves, its witnesses, or all of them. */
export type Ask = "nobody" | "kernel" | "witnesses" | "everybody";

export interface HealthStep {
  readonly health: NodeHealth;
  /** Why the state is what it is, one sentence; null keeps the former one. */
  readonly because: string | null;
  readonly verdicts: readonly Verdict[];
  readonly ask: Ask;
  /** Incident that may be committed as far as the core can see: the store is asked for the permit. */
  readonly askPermit?: IncidentId;
}

const SAME = new WeakMap<NodeHealth, HealthStep>();

/** Nothing changed. Cached per health object: ticks of unchanged nodes allocate nothing. */
export function same(health: NodeHealth): HealthStep {
  let step = SAME.get(health);
  if (step === undefined) {
    step = { health, because: null, verdicts: [], ask: "nobody" };
    SAME.set(health, step);
  }
  return step;
}
