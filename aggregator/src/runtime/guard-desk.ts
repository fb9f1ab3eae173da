/**
 * What the disruption guard says of each node, once per turn and domain, and only of nodes whose
 * verdict can depend on it: a quiet node costs nothing.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import { domainOf } from "../core/census.ts";
import { type DetectionConfig, ruleFor } from "../core/detection-config.ts";
import { SILENCE } from "../core/failure-detector.ts";
import {
  type Brake,
  CLEAR_GUARD,
  type GuardLimits,
  type GuardSight,
  judgeGuard,
  levelOf,
} from "../core/guard.ts";
import type { NodeState } from "../core/node-state.ts";
import { carriesZone } from "../core/zone-outage.ts";
import type { CensusDesk } from "./census-desk.ts";

/** A commit that waits this long for an owner's counts is a person's business. */
const INCOMPLETE_PAGE_AFTER = durationMs(15_000);

export interface GuardDeskDeps {
  readonly clock: Clock;
  readonly census: Pick<CensusDesk, "beginTurn" | "endTurn" | "census" | "ask">;
  readonly config: DetectionConfig;
  readonly limits: GuardLimits;
  readonly interval: DurationMs;
  readonly disarmedBecause: () => string | null;
  readonly canFence: (node: NodeId) => GuardSight["fencing"];
}

export class GuardDesk {
  readonly #deps: GuardDeskDeps;
  readonly #sights = new Map<string, GuardSight>();
  /** Until when a disruption is not over for good, by domain. */
  readonly #coolUntil = new Map<string, MonotonicMs>();
  #wasAsked = false;
  #heldSince: MonotonicMs | null = null;
  #isHolding = false;

  constructor(deps: GuardDeskDeps) {
    this.#deps = deps;
  }

  beginTurn(): void {
    this.#sights.clear();
    this.#wasAsked = false;
    this.#isHolding = false;
    this.#deps.census.beginTurn();
  }

  endTurn(): void {
    const { clock, census } = this.#deps;
    if (this.#wasAsked) census.ask();
    census.endTurn();
    if (!this.#isHolding) this.#heldSince = null;
    else this.#heldSince ??= clock.now();
  }

  /** Why commits have waited for counts for too long; null: none has. */
  get incompleteBecause(): string | null {
    const { clock } = this.#deps;
    if (this.#heldSince === null || elapsed(this.#heldSince, clock.now()) < INCOMPLETE_PAGE_AFTER)
      return null;
    return "recovery waits: not every owner of every shard tells how many of its nodes are out";
  }

  sightOf(state: NodeState): GuardSight {
    if (!this.#matters(state)) return CLEAR_GUARD;
    const { canFence, config } = this.#deps;
    this.#noteDisruptions();
    const isPending = mayCommit(state, config);
    const fencing = isPending ? canFence(state.record.id) : "none";
    const domain = domainOf(state);
    const names = namesOf(state);
    const key = JSON.stringify([domain, names, fencing]);
    let sight = this.#sights.get(key);
    if (sight === undefined) {
      sight = this.#judge(domain, names, fencing);
      this.#sights.set(key, sight);
    }
    this.#isHolding ||= isPending && !sight.isCounted;
    return sight;
  }

  #judge(
    domain: string | null,
    names: readonly string[],
    fencing: GuardSight["fencing"],
  ): GuardSight {
    const { census, clock, limits, interval } = this.#deps;
    const now = clock.now();
    const sight = judgeGuard({
      domain,
      names,
      census: census.census(),
      limits,
      interval,
      isCooling: (name) => (this.#coolUntil.get(name) ?? 0) > now,
      disarmed: this.#disarmed(),
      fencing,
    });
    // An outage that nobody is told of explains nobody's silence: its nodes are told by themselves.
    const isTold = ruleFor(this.#deps.config.policy, "zone-outage").action !== "ignore";
    return isTold ? sight : { ...sight, zones: [] };
  }

  #disarmed(): Brake | null {
    const because = this.#deps.disarmedBecause();
    return because === null
      ? null
      : { reason: "disarmed", releasedBy: `herdctl disarm off (${because})` };
  }

  #noteDisruptions(): void {
    if (this.#wasAsked) return;
    this.#wasAsked = true;
    const { census, clock, limits } = this.#deps;
    const now = clock.now();
    const counted = census.census();
    if (!counted.isComplete) return;
    for (const [name, count] of counted.domains) {
      if (levelOf(count, limits) !== "normal")
        this.#coolUntil.set(name, (now + limits.stormCooldown) as MonotonicMs);
    }
    for (const [name, until] of this.#coolUntil) if (until <= now) this.#coolUntil.delete(name);
  }

  /** Whether anything of the node can depend on what others do. */
  #matters(state: NodeState): boolean {
    if (carriesZone(state)) return true;
    switch (state.health.state) {
      case "suspect":
      case "awaited":
        return true;
      case "agent-down":
      case "agent-stalled":
      case "left":
        return state.probe.failingSince !== null;
      case "declared":
        return (
          mayCommit(state, this.#deps.config) ||
          state.incidents.some((one) => one.origin === SILENCE && !one.announced)
        );
      case "alive":
      case "committed":
      case "unseen":
        return false;
    }
  }
}

/** Its incident may yet be committed, as far as policy goes. */
function mayCommit({ incidents }: NodeState, config: DetectionConfig): boolean {
  return incidents.some(
    ({ origin, phase, shadow, failureClass }) =>
      origin === SILENCE &&
      phase === "declared" &&
      !shadow &&
      ruleFor(config.policy, failureClass).action === "recover",
  );
}

function namesOf({ record }: NodeState): readonly string[] {
  const { rack, az } = record.labels;
  return [
    ...(rack === undefined || rack === "" ? [] : [`rack:${rack}`]),
    ...(az === undefined || az === "" ? [] : [`az:${az}`]),
  ];
}
