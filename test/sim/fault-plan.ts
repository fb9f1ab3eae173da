/** What goes wrong in one phase of a run: drawn from a seed, complete before it begins. */
import type { Random } from "@herdbeat/shared/random";
import type { MeshFault } from "./mesh-fabric.ts";
import type { PathFault } from "./network.ts";

/** All lengths in milliseconds of simulated time. */
export type Fault =
  | { readonly kind: "pause-aggregator"; readonly aggregator: string; readonly ms: number }
  | { readonly kind: "crash-aggregator"; readonly aggregator: string; readonly ms: number }
  | { readonly kind: "step-wall"; readonly aggregator: string; readonly by: number }
  | {
      readonly kind: "drift-wall";
      readonly aggregator: string;
      readonly rate: number;
      readonly ms: number;
    }
  /** Cut off from every node and from its gateway, not from the store. */
  | { readonly kind: "isolate-aggregator"; readonly aggregator: string; readonly ms: number }
  | { readonly kind: "pause-agent"; readonly node: string; readonly ms: number }
  | { readonly kind: "crash-agent"; readonly node: string; readonly ms: number }
  /** Null: it stays off until the phase after the next. */
  | { readonly kind: "power-loss"; readonly node: string; readonly ms: number | null }
  | {
      readonly kind: "paths";
      readonly nodes: readonly string[];
      readonly path: PathFault;
      readonly ms: number;
    }
  | { readonly kind: "half-open"; readonly node: string }
  | { readonly kind: "mesh-paths"; readonly path: MeshFault; readonly ms: number }
  | { readonly kind: "mesh-half-open"; readonly between: readonly [string, string] }
  | { readonly kind: "mesh-reset"; readonly between: readonly [string, string] }
  | { readonly kind: "store-slow"; readonly upToMs: number; readonly ms: number }
  /** Null: for all aggregators. */
  | { readonly kind: "store-away"; readonly aggregator: string | null; readonly ms: number }
  | { readonly kind: "store-replies-lost"; readonly share: number; readonly ms: number }
  | { readonly kind: "store-wipe"; readonly adoptAfterMs: number }
  /** The last writes are lost: a replica that was so far behind is promoted. */
  | { readonly kind: "store-rollback"; readonly lagMs: number; readonly adoptAfterMs: number }
  | { readonly kind: "receiver-away"; readonly ms: number }
  | { readonly kind: "receiver-answers-lost"; readonly share: number; readonly ms: number }
  /** Not a fault of ours: something that an agent reports, over after `ms`. */
  | { readonly kind: "condition"; readonly node: string; readonly ms: number };

export interface PlannedFault {
  readonly at: number;
  readonly fault: Fault;
}

export interface PlanOptions {
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly aggregators: readonly string[];
  readonly from: number;
  readonly until: number;
  /** Mean time between two faults. */
  readonly everyMs: number;
  /** Mean time between two faults of one node alone, besides those; null: none. */
  readonly nodeEveryMs: number | null;
  /** Whenever an aggregator stalls, some paths are cut too: what it missed then is not repeated. */
  readonly stormy: boolean;
}

type Draw = (draw: Dice, options: PlanOptions) => Fault;

type Kinds = readonly (readonly [number, Draw])[];

/** What happens to one node alone; how often each kind is drawn, against the others. */
const NODE_KINDS: Kinds = [
  [5, (d, o) => ({ kind: "pause-agent", node: d.one(o.nodes), ms: d.length(500, 120_000) })],
  [5, (d, o) => ({ kind: "crash-agent", node: d.one(o.nodes), ms: d.length(500, 180_000) })],
  [
    6,
    (d, o) => ({
      kind: "power-loss",
      node: d.one(o.nodes),
      ms: d.next() < 0.4 ? null : d.length(1_000, 180_000),
    }),
  ],
  [2, (d, o) => ({ kind: "half-open", node: d.one(o.nodes) })],
  [4, drawNodePath],
  [8, (d, o) => ({ kind: "condition", node: d.one(o.nodes), ms: d.length(200, 60_000) })],
];

/** What happens to aggregators, the store, the receiver or many nodes. */
const FLEET_KINDS: Kinds = [
  [
    4,
    (d, o) => ({
      kind: "pause-aggregator",
      aggregator: d.one(o.aggregators),
      ms: d.length(50, 45_000),
    }),
  ],
  [
    3,
    (d, o) => ({
      kind: "crash-aggregator",
      aggregator: d.one(o.aggregators),
      ms: d.length(500, 40_000),
    }),
  ],
  [
    2,
    (d, o) => ({
      kind: "step-wall",
      aggregator: d.one(o.aggregators),
      by: d.sign() * d.length(1_000, 7_200_000),
    }),
  ],
  [
    1,
    (d, o) => ({
      kind: "drift-wall",
      aggregator: d.one(o.aggregators),
      rate: d.sign() * d.next() * 0.2,
      ms: d.length(10_000, 120_000),
    }),
  ],
  [
    2,
    (d, o) => ({
      kind: "isolate-aggregator",
      aggregator: d.one(o.aggregators),
      ms: d.length(2_000, 40_000),
    }),
  ],
  [8, drawPaths],
  [3, (d, o) => ({ kind: "mesh-paths", path: drawMeshPath(d, o), ms: d.length(100, 40_000) })],
  [1, (d, o) => ({ kind: "mesh-half-open", between: d.two(o.aggregators) })],
  [1, (d, o) => ({ kind: "mesh-reset", between: d.two(o.aggregators) })],
  [2, (d) => ({ kind: "store-slow", upToMs: d.length(20, 2_000), ms: d.length(2_000, 30_000) })],
  [
    3,
    (d, o) => ({
      kind: "store-away",
      aggregator: d.next() < 0.5 ? null : d.one(o.aggregators),
      ms: d.length(500, 40_000),
    }),
  ],
  [
    2,
    (d) => ({
      kind: "store-replies-lost",
      share: 0.05 + d.next() * 0.5,
      ms: d.length(1_000, 20_000),
    }),
  ],
  [0.6, (d) => ({ kind: "store-wipe", adoptAfterMs: d.length(5_000, 60_000) })],
  [
    0.8,
    (d) => ({
      kind: "store-rollback",
      lagMs: d.length(50, 4_000),
      adoptAfterMs: d.length(5_000, 60_000),
    }),
  ],
  [2, (d) => ({ kind: "receiver-away", ms: d.length(500, 90_000) })],
  [
    2,
    (d) => ({
      kind: "receiver-answers-lost",
      share: 0.1 + d.next() * 0.6,
      ms: d.length(2_000, 60_000),
    }),
  ],
];

const KINDS: Kinds = [...NODE_KINDS, ...FLEET_KINDS];

export function drawFaults(options: PlanOptions): readonly PlannedFault[] {
  const dice = diceOf(options.random);
  const planned = drawOf(KINDS, options.everyMs, dice, options);
  const { nodeEveryMs, nodes } = options;
  if (nodeEveryMs === null) return planned;
  const single = drawOf(NODE_KINDS, nodeEveryMs / nodes.length, dice, options);
  return [...planned, ...single].sort((one, other) => one.at - other.at);
}

function drawOf(
  kinds: Kinds,
  everyMs: number,
  dice: Dice,
  options: PlanOptions,
): readonly PlannedFault[] {
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  const planned: PlannedFault[] = [];
  let exact = options.from;
  for (;;) {
    // Exponential gaps: bursts happen, so faults meet.
    exact -= Math.log(1 - dice.next()) * everyMs;
    const at = Math.ceil(exact);
    if (at >= options.until) return planned;
    const fault = pick(kinds, dice.next() * total)(dice, options);
    planned.push({ at, fault });
    if (options.stormy && fault.kind === "pause-aggregator")
      planned.push({ at: at + dice.length(1, 2_000), fault: cutDuring(fault.ms, dice, options) });
  }
}

function pick(kinds: Kinds, point: number): Draw {
  let left = point;
  for (const [weight, draw] of kinds) {
    left -= weight;
    if (left < 0) return draw;
  }
  return drawPaths;
}

function cutDuring(ms: number, dice: Dice, options: PlanOptions): Fault {
  const nodes = options.nodes.filter(() => dice.next() < 0.5);
  const harm = { blocked: true, loss: 0, delayMs: 0, duplicates: 0 };
  const path: PathFault = { aggregator: null, direction: "both", ...harm };
  return { kind: "paths", nodes, path, ms: ms + dice.length(500, 2_000) };
}

function drawPaths(dice: Dice, options: PlanOptions): Fault {
  const share = dice.next() < 0.6 ? 0 : dice.next();
  const some = options.nodes.filter(() => dice.next() < share);
  const nodes = some.length === 0 ? [dice.one(options.nodes)] : some;
  return { kind: "paths", nodes, path: drawPath(dice, options), ms: dice.length(100, 60_000) };
}

function drawNodePath(dice: Dice, options: PlanOptions): Fault {
  const nodes = [dice.one(options.nodes)];
  return { kind: "paths", nodes, path: drawPath(dice, options), ms: dice.length(100, 60_000) };
}

function drawPath(dice: Dice, options: PlanOptions): PathFault {
  const aggregator = dice.next() < 0.5 ? null : dice.one(options.aggregators);
  const direction = dice.one(["to-aggregator", "to-node", "both"] as const);
  const clean = { blocked: false, loss: 0, delayMs: 0, duplicates: 0 };
  const harm = dice.one([
    { ...clean, blocked: true },
    { ...clean, blocked: true },
    { ...clean, loss: dice.next() * 0.9 },
    { ...clean, delayMs: dice.length(5, 3_000) },
    { ...clean, duplicates: dice.next() },
  ]);
  return { aggregator, direction, ...harm };
}

/** Between one aggregator and some others, one way or both. */
function drawMeshPath(dice: Dice, { aggregators }: PlanOptions): MeshFault {
  const one = [dice.one(aggregators)];
  const others = aggregators.filter((id) => id !== one[0] && dice.next() < 0.7);
  const [from, to] = dice.one([
    [one, others],
    [others, one],
    [aggregators, aggregators],
  ] as const);
  const isCut = dice.next() < 0.7;
  return { from, to, blocked: isCut, delayMs: isCut ? 0 : dice.length(5, 3_000) };
}

interface Dice {
  next(): number;
  sign(): 1 | -1;
  one<T>(list: readonly T[]): T;
  /** Two that differ, if there are two. */
  two<T>(list: readonly T[]): readonly [T, T];
  /** Between the two, short ones as often as long ones. */
  length(least: number, most: number): number;
}

function diceOf(random: Random): Dice {
  const one = <T>(list: readonly T[]): T => {
    const found = list[Math.floor(random.next() * list.length)];
    if (found === undefined) throw new Error("nothing to choose from");
    return found;
  };
  return {
    next: () => random.next(),
    sign: () => (random.next() < 0.5 ? 1 : -1),
    one,
    two: (list) => {
      const first = one(list);
      const others = list.filter((other) => other !== first);
      return [first, others.length === 0 ? first : one(others)];
    },
    length: (least, most) => Math.round(least * (most / least) ** random.next()),
  };
}
