/**
 * What must always hold, watched from outside: the checkers compare what the engine decides, writes
 * and sends with what the world knows to be true. Each has a name; the first violation ends a run.
 */
import type { IncidentPhase, IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { ShardChange } from "../support/memory-database.ts";
import { LIMITS } from "../support/node-driver.ts";
import type { SimAgent } from "./agents.ts";
import type { SimAggregator } from "./aggregator.ts";
import { DeliveryChecker } from "./delivery-checker.ts";
import type { Decision, SimWorld } from "./world.ts";

export const CHECKERS = [
  "no-false-host-down",
  "agent-trouble-is-not-host-trouble",
  "no-verdict-without-a-store",
  "the-cut-off-judge-nobody",
  "stale-owner-cannot-write",
  "acknowledged-is-durable",
  "same-failure-same-id",
  "retract-or-commit",
  "order-within-an-incident",
  "a-repeat-says-the-same",
  "declared-is-told",
  "queues-are-bounded",
  "streams-speak-the-protocol",
  "calm-declares-nobody",
  "the-dead-are-declared",
  "the-living-are-alive",
  "every-shard-has-one-owner",
  "no-defect",
] as const;

export type CheckerName = (typeof CHECKERS)[number];

export interface Violation {
  readonly checker: CheckerName;
  readonly at: number;
  readonly what: string;
}

/** A frame that was heard so recently cannot be part of a silence; less a turn and its jitter. */
const HEARD_RECENTLY_MS = LIMITS.declareAfter - 300;
/** A kernel that could answer for so long was asked in this time: one interval, one timeout, turns. */
const ANSWERABLE_MS = LIMITS.probeInterval + LIMITS.probeTimeout + 500;
/** In doubt the gateway is asked twice a second. */
const CUT_OFF_MS = 2_000;
/** Whoever was cut off has heard nobody; each agent beats once a second, each kernel needs one question. */
const SEES_AGAIN_MS = 1_500;
const DELIVERIES_UNDER_WAY_MAX = 16;
const ENDED_KEPT_MAX = 200;

type Doubt = { readonly checker: CheckerName; readonly what: string } | null;

export class Checkers {
  readonly violations: Violation[] = [];
  /** Nothing is wrong now and nothing was of late. */
  calm = false;
  readonly delivery: DeliveryChecker;
  readonly #world: SimWorld;
  /** Why each decision was wrong when it was made; counts only if it is of the kind that is judged. */
  readonly #decisions = new Map<string, Doubt>();
  readonly #tokens = new Map<number, string>();
  readonly #phases = new Map<string, IncidentPhase>();
  readonly #openDown = new Map<string, string>();
  readonly #durable = new Map<string, number>();

  constructor(world: SimWorld) {
    this.#world = world;
    this.delivery = new DeliveryChecker((checker, what) => this.fail(checker, what));
    world.onDecision = (decision) => this.#decided(decision);
    world.onArrival = (arrival) => this.delivery.arrived(arrival);
    world.onAcknowledged = (agent, transition) => this.#acknowledged(agent, transition);
    world.database.onChange = (change) => this.#changed(change);
  }

  fail(checker: CheckerName, what: string): void {
    this.violations.push({ checker, at: this.#world.time.now, what });
  }

  /** The store lost what it had acknowledged: what was written before it proves nothing now. */
  storeLost(): void {
    this.#phases.clear();
    this.#openDown.clear();
    this.#tokens.clear();
    this.delivery.storeLost();
  }

  #decided({ aggregator, incident, key }: Decision): void {
    const [, node, bootId] = JSON.parse(key) as [string, string, string];
    const agent = this.#world.agents.get(node);
    const doubt =
      agent === undefined || !agent.powered || agent.bootId !== bootId
        ? null
        : this.#doubt(agent, aggregator);
    this.#decisions.set(`${aggregator.id} ${incident}`, doubt);
  }

  /** Why nobody may say now that this host is down: it is powered, under the boot that is judged. */
  #doubt(agent: SimAgent, aggregator: SimAggregator): Doubt {
    const { process } = aggregator;
    if (agent.heardBy === aggregator && process.ranSince(agent.heardAt) < HEARD_RECENTLY_MS) {
      const what = `${agent.id} was heard ${this.#world.time.now - agent.heardAt} ms before by ${aggregator.id}`;
      return { checker: "no-false-host-down", what };
    }
    if (aggregator.fleet.storeHealth.state === "down") {
      const what = `${aggregator.id} judged ${agent.id} without a store`;
      return { checker: "no-verdict-without-a-store", what };
    }
    const silentFor = this.#world.gatewaySilentFor(aggregator.id);
    if (silentFor !== null && process.ranSince(this.#world.time.now - silentFor) > CUT_OFF_MS) {
      const what = `the gateway of ${aggregator.id} is silent for ${silentFor} ms, it judged ${agent.id}`;
      return { checker: "the-cut-off-judge-nobody", what };
    }
    const seesFor = process.ranSince(this.#world.gatewayBackAt(aggregator.id));
    if (silentFor === null && seesFor < SEES_AGAIN_MS && !agent.isCutFrom(aggregator.id)) {
      const what = `${aggregator.id} sees again for ${seesFor} ms, it judged ${agent.id}`;
      return { checker: "the-cut-off-judge-nobody", what };
    }
    const harmless = agent.paths.harmlessSince(aggregator.id);
    if (harmless === null) return null;
    const answerable = process.ranSince(
      Math.max(harmless, agent.poweredSince, aggregator.startedAt),
    );
    if (answerable < ANSWERABLE_MS) return null;
    const what = `the kernel of ${agent.id} could answer ${aggregator.id} for ${answerable} ms`;
    const agentIll = !agent.process.runs;
    return {
      checker: agentIll ? "agent-trouble-is-not-host-trouble" : "no-false-host-down",
      what,
    };
  }

  #acknowledged(agent: SimAgent, transition: number): void {
    const durable = this.#durable.get(agent.id) ?? 0;
    if (transition > durable)
      this.fail(
        "acknowledged-is-durable",
        `${agent.id} was told that ${transition} is safe, ${durable} is`,
      );
  }

  #changed(change: ShardChange): void {
    switch (change.kind) {
      case "claimed":
        this.#tokens.set(change.shard, `${change.owner.aggregator}:${change.owner.token}`);
        return;
      case "released":
        this.#tokens.delete(change.ownership.shard);
        return;
      case "written": {
        const { ownership, writes, operation } = change;
        const writer = `${ownership.aggregator}:${ownership.token}`;
        const owner = this.#tokens.get(ownership.shard);
        if (owner !== undefined && owner !== writer)
          this.fail(
            "stale-owner-cannot-write",
            `${operation} of ${writer} in shard ${ownership.shard}, owned by ${owner}`,
          );
        for (const write of writes) {
          if (write.kind === "put-incident") this.#stored(ownership.aggregator, write.record);
          if (write.kind === "put-outbox") this.delivery.owed(write.row);
          if (write.kind === "put-node") {
            const { id, acknowledgedTransition } = write.record;
            this.#durable.set(id, Math.max(acknowledgedTransition, this.#durable.get(id) ?? 0));
          }
        }
      }
    }
  }

  #stored(aggregator: string, incident: IncidentRecord): void {
    const { id, phase, failureClass, node, bootId } = incident;
    const before = this.#phases.get(id);
    if (before !== undefined && !isLegal(before, phase))
      this.fail("retract-or-commit", `${id} was ${before} and became ${phase}`);
    const isNew = before === undefined;
    // What is only ended now was declared before.
    if (this.calm && isNew && phase === "declared")
      this.fail("calm-declares-nobody", `${id} of ${node}: ${failureClass}`);
    this.#phases.set(id, phase);
    if (failureClass !== "host-down" || incident.origin !== "silence") return;
    this.delivery.mustTell(incident);
    const failure = `${node} ${bootId}`;
    const open = this.#openDown.get(failure);
    if (phase !== "declared" && phase !== "committed") {
      if (open === id) this.#openDown.delete(failure);
      return;
    }
    if (open !== undefined && open !== id)
      this.fail("same-failure-same-id", `${id} was declared while ${open} is open`);
    this.#openDown.set(failure, id);
    if (!isNew) return;
    const doubt = this.#decisions.get(`${aggregator} ${id}`);
    if (doubt !== undefined && doubt !== null) this.fail(doubt.checker, doubt.what);
  }

  /** Looked at now and then: nothing may grow without a bound. */
  lookAtQueues(): void {
    for (const { id, engine, streams } of this.#world.living) {
      const { violations, floods, refusedHellos, slowReaders } = streams.counters;
      if (violations + floods + refusedHellos + slowReaders > 0)
        this.fail("streams-speak-the-protocol", `${id} counts ${JSON.stringify(streams.counters)}`);
      const { underWay } = engine.delivery;
      if (underWay > DELIVERIES_UNDER_WAY_MAX)
        this.fail("queues-are-bounded", `${id} has ${underWay} deliveries under way`);
      if (engine.turns.inboxRefused > 0)
        this.fail("queues-are-bounded", `${id} refused events: its inbox was full`);
      for (const { shard, ended } of engine.runners.values())
        if (ended.size > ENDED_KEPT_MAX)
          this.fail("queues-are-bounded", `${id} keeps ${ended.size} ended ones of ${shard}`);
    }
  }
}

function isLegal(before: IncidentPhase, after: IncidentPhase): boolean {
  if (before === after || before === "declared") return true;
  return before === "committed" && after === "closed";
}
