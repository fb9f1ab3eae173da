/**
 * One run: rounds of a safety phase, in which faults of a plan happen and nothing forbidden may, a
 * liveness phase, in which all is healed and what is true must be found out and told, and a calm
 * phase, in which nothing may be found.
 */
import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import { seededRandom } from "@herdbeat/shared/random";
import { Checkers, type Violation } from "./checkers.ts";
import { converge } from "./convergence.ts";
import { FaultInjector } from "./fault-injector.ts";
import { drawFaults, type PlannedFault } from "./fault-plan.ts";
import { SimWorld } from "./world.ts";

export interface SimOptions {
  readonly seed: number;
  /** Simulated time; the round in which it is over is finished. */
  readonly hours: number;
  readonly nodes: number;
  readonly aggregators: number;
  /** After each round, so long nothing is wrong and nothing may be said to be. */
  readonly calmHours?: number;
  /** In faulted time, besides what is drawn for the fleet, each node has so many faults of its own. */
  readonly faultsPerNodeHour?: number;
}

export interface SimFigures {
  readonly nodeHours: number;
  /** Agent seconds: in each, an agent that runs sends a heartbeat, or tries to be heard again. */
  readonly framesStepped: number;
  readonly faults: number;
  /** Simulated hours in which at least one fault was under way. */
  readonly faultedHours: number;
  readonly violations: number;
}

export interface SimOutcome {
  readonly options: SimOptions;
  readonly figures: SimFigures;
  readonly violations: readonly Violation[];
  readonly faults: readonly PlannedFault[];
  readonly effects: number;
  readonly repeats: number;
  readonly lines: readonly string[];
  readonly statePairs: readonly string[];
}

const HOUR_MS = 3_600_000;
const SETTLE_MS = 2_000;
/** Nodes are registered and each kernel has been asked once. */
const PEACE_MS = 80_000;
const SAFETY_MS = 900_000;
/** Faults begin at most this late, so that most of them end by themselves. */
const QUIET_END_MS = 60_000;
const FAULT_EVERY_MS = 12_000;
/** Every tenth seed lets stalls and broken paths meet on purpose. */
const STORMY_EVERY = 10;
const RETURN_MS = 120_000;
const CALM_LOOK_MS = 60_000;
const QUEUE_LOOK_MS = 10_000;
/** Recovery is asked for what an agent reports, so that commits happen too. */
const POLICY: Policy = { "guest-crashed": { action: "recover", minGrade: 0 } };

export async function simulate(options: SimOptions): Promise<SimOutcome> {
  const world = new SimWorld(options.seed);
  world.receiverDelayMs = 20;
  const injector = new FaultInjector(world, POLICY);
  const checkers = new Checkers(world);
  injector.onStoreLoss = () => checkers.storeLost();
  try {
    await populate(world, options);
    for (let round = 0; world.time.now < options.hours * HOUR_MS; round++) {
      const stormy = options.seed % STORMY_EVERY === 0;
      const seed = roundSeed(options.seed, round);
      await safety(world, injector, checkers, { ...options, seed, stormy });
      if (checkers.violations.length > 0) break;
      const healedAt = injector.healAll();
      await converge(world, checkers, injector.operator, healedAt);
      if (checkers.violations.length > 0) break;
      for (const agent of world.agents.values()) agent.boot();
      await calm(world, checkers, options.calmHours ?? 0);
      if (checkers.violations.length > 0) break;
    }
  } catch (error) {
    checkers.fail("no-defect", error instanceof Error ? (error.stack ?? "") : String(error));
  }
  return outcomeOf(options, world, injector, checkers);
}

async function populate(world: SimWorld, options: SimOptions): Promise<void> {
  for (let i = 1; i <= options.aggregators; i++) world.startAggregator(`agg-${i}`, POLICY);
  await world.run(SETTLE_MS);
  world.addAgents(options.nodes);
  await world.run(PEACE_MS);
}

async function safety(
  world: SimWorld,
  injector: FaultInjector,
  checkers: Checkers,
  { seed, stormy, faultsPerNodeHour = 0 }: SimOptions & { readonly stormy: boolean },
): Promise<void> {
  const end = world.time.now + SAFETY_MS;
  const planned = drawFaults({
    random: seededRandom(seed),
    nodes: [...world.agents.keys()],
    aggregators: [...new Set(world.aggregators.map(({ id }) => id))],
    from: world.time.now + SETTLE_MS * 3,
    until: end - QUIET_END_MS,
    everyMs: FAULT_EVERY_MS,
    nodeEveryMs: faultsPerNodeHour > 0 ? HOUR_MS / faultsPerNodeHour : null,
    stormy,
  });
  injector.schedule(planned);
  while (world.time.now < end && checkers.violations.length === 0) {
    await world.run(QUEUE_LOOK_MS);
    checkers.lookAtQueues();
  }
}

async function calm(world: SimWorld, checkers: Checkers, hours: number): Promise<void> {
  if (hours === 0) return;
  // Who was off comes back first, and what that changes is told.
  await world.run(RETURN_MS);
  checkers.calm = true;
  const end = world.time.now + hours * HOUR_MS;
  while (world.time.now < end && checkers.violations.length === 0) {
    await world.run(Math.min(CALM_LOOK_MS, end - world.time.now));
    checkers.lookAtQueues();
  }
  checkers.calm = false;
}

/** The same rounds whatever the number of hours: a shorter run is the beginning of a longer one. */
function roundSeed(seed: number, round: number): number {
  return (Math.imul(seed, 1_000_003) + Math.imul(round + 1, 7_919)) >>> 0;
}

function outcomeOf(
  options: SimOptions,
  world: SimWorld,
  injector: FaultInjector,
  checkers: Checkers,
): SimOutcome {
  const { violations } = checkers;
  return {
    options,
    figures: {
      nodeHours: (options.nodes * world.time.now) / HOUR_MS,
      framesStepped: world.framesStepped,
      faults: injector.resolved.filter(({ fault }) => fault.kind !== "condition").length,
      faultedHours: injector.faultedMs / HOUR_MS,
      violations: violations.length,
    },
    violations,
    faults: injector.resolved,
    effects: world.effects.length,
    repeats: world.repeats,
    lines: world.lines,
    statePairs: [...world.statePairs],
  };
}

export function commandOf(options: SimOptions): string {
  const { seed, hours, nodes, aggregators, calmHours = 0, faultsPerNodeHour = 0 } = options;
  return [
    `npm run sim -- --seed ${seed} --hours ${hours} --nodes ${nodes} --aggregators ${aggregators}`,
    ...(calmHours > 0 ? [`--calm ${calmHours}`] : []),
    ...(faultsPerNodeHour > 0 ? [`--faults-per-node-hour ${faultsPerNodeHour}`] : []),
  ].join(" ");
}

/** Everything that is needed to understand a failed run and to have it again. */
export function describeFailure({ options, violations, faults }: SimOutcome): string {
  return [
    ...violations.map(({ checker, at, what }) => `VIOLATION ${checker} at ${at} ms: ${what}`),
    `seed ${options.seed}; faults until then:`,
    ...faults.map(({ at, fault }) => `  ${at} ${JSON.stringify(fault)}`),
    `again: ${commandOf(options)}`,
  ].join("\n");
}
