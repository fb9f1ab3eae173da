/** Makes planned faults happen in a world, writes each down, and heals what is left of them. */

import type { Policy } from "@herdbeat/aggregator/core/detection-config";
import { assertNever } from "@herdbeat/shared/assert";
import type { Fault, PlannedFault } from "./fault-plan.ts";
import type { PathFault } from "./network.ts";
import { SimOperator } from "./operator.ts";
import { SimStoreFaults } from "./store-faults.ts";
import type { SimWorld } from "./world.ts";

export class FaultInjector {
  readonly store: SimStoreFaults;
  readonly operator: SimOperator;
  /** Every fault that was begun, with its parameters: enough to see what happened. */
  readonly resolved: PlannedFault[] = [];
  /** Time with at least one fault under way. */
  faultedMs = 0;
  /** The last instant at which the store lost something that it had acknowledged. */
  onStoreLoss: () => void = () => {};
  readonly #world: SimWorld;
  readonly #policy: Policy;
  /** What ends each fault that is under way. */
  readonly #underWay = new Set<() => void>();
  #faultedSince: number | null = null;
  #subjects = 0;

  constructor(world: SimWorld, policy: Policy) {
    this.#world = world;
    this.#policy = policy;
    this.store = new SimStoreFaults(world);
    this.operator = new SimOperator(world);
  }

  schedule(planned: readonly PlannedFault[]): void {
    const { time } = this.#world;
    for (const { at, fault } of planned) {
      time.at(at, null, () => this.begin(fault));
      // The replica that will be promoted stops following a little earlier.
      if (fault.kind === "store-rollback") time.at(at - fault.lagMs, null, () => this.store.mark());
    }
  }

  begin(fault: Fault): void {
    this.resolved.push({ at: this.#world.time.now, fault });
    this.#world.time.touch();
    this.#apply(fault);
  }

  /** Ends everything but what was meant to last; when the last stopped process goes on. */
  healAll(): number {
    for (const end of [...this.#underWay]) end();
    this.store.healAll();
    this.#world.receiver = "accepts";
    this.#world.answersLost = 0;
    const processes = [...this.#world.agents.values(), ...this.#world.living].map(
      ({ process }) => process.pausedUntil,
    );
    return Math.max(this.#world.time.now, ...processes);
  }

  #lasting(ms: number, begin: () => void, end: () => void): void {
    begin();
    this.#faultedSince ??= this.#world.time.now;
    const over = (): void => {
      if (!this.#underWay.delete(over)) return;
      end();
      if (this.#underWay.size > 0 || this.#faultedSince === null) return;
      this.faultedMs += this.#world.time.now - this.#faultedSince;
      this.#faultedSince = null;
    };
    this.#underWay.add(over);
    this.#world.time.at(this.#world.time.now + ms, null, () => {
      this.#world.time.touch();
      over();
    });
  }

  #apply(fault: Fault): void {
    switch (fault.kind) {
      case "pause-aggregator":
      case "crash-aggregator":
      case "step-wall":
      case "drift-wall":
      case "isolate-aggregator":
        this.#onAggregator(fault);
        return;
      case "pause-agent":
      case "crash-agent":
      case "power-loss":
      case "half-open":
      case "condition":
        this.#onNode(fault);
        return;
      case "paths":
        this.#paths(fault.nodes, fault.path, fault.ms);
        return;
      case "mesh-paths":
      case "mesh-half-open":
      case "mesh-reset":
        this.#onMesh(fault);
        return;
      case "store-slow":
      case "store-away":
      case "store-replies-lost":
      case "store-wipe":
      case "store-rollback":
        this.#onStore(fault);
        return;
      case "receiver-away":
        this.#lasting(
          fault.ms,
          () => {
            this.#world.receiver = "away";
          },
          () => {
            this.#world.receiver = "accepts";
          },
        );
        return;
      case "receiver-answers-lost":
        this.#lasting(
          fault.ms,
          () => {
            this.#world.answersLost = fault.share;
          },
          () => {
            this.#world.answersLost = 0;
          },
        );
        return;
      default:
        assertNever(fault, "fault");
    }
  }

  #onAggregator(
    fault: Extract<
      Fault,
      { readonly aggregator: string; readonly kind: `${string}-aggregator` | `${string}-wall` }
    >,
  ): void {
    const { aggregator: id } = fault;
    const one = this.#world.running(id);
    if (one === null) return;
    switch (fault.kind) {
      case "pause-aggregator":
        this.#lasting(
          fault.ms,
          () => one.process.pause(fault.ms),
          () => {},
        );
        return;
      case "crash-aggregator":
        this.#lasting(
          fault.ms,
          () => one.kill(),
          () => this.#restart(id),
        );
        return;
      case "step-wall":
        one.process.wallOffset += fault.by;
        return;
      case "drift-wall":
        this.#lasting(
          fault.ms,
          () => one.process.drift(fault.rate),
          () => one.process.drift(0),
        );
        return;
      case "isolate-aggregator": {
        const nodes = [...this.#world.agents.keys()];
        const path = { aggregator: id, direction: "both", blocked: true, ...NO_HARM } as const;
        this.#paths(nodes, path, fault.ms);
        this.#lasting(
          fault.ms,
          () => this.#world.gatewayOf(id, "silent"),
          () => this.#world.gatewayOf(id, "answers"),
        );
      }
    }
  }

  #restart(id: string): void {
    if (this.#world.running(id) !== null) return;
    const next = this.#world.startAggregator(id, this.#policy);
    if (this.store.isAway(id)) next.storeState("down");
  }

  #onNode(fault: Extract<Fault, { readonly node: string }>): void {
    const agent = this.#world.agent(fault.node);
    switch (fault.kind) {
      case "pause-agent":
        this.#lasting(
          fault.ms,
          () => agent.process.pause(fault.ms),
          () => {},
        );
        return;
      case "crash-agent":
        if (!agent.process.crashed)
          this.#lasting(
            fault.ms,
            () => agent.kill(),
            () => agent.restart(),
          );
        return;
      case "power-loss":
        if (!agent.powered) return;
        if (fault.ms === null) agent.die();
        else
          this.#lasting(
            fault.ms,
            () => agent.die(),
            () => agent.boot(),
          );
        return;
      case "half-open":
        if (agent.session !== null) agent.session.halfOpen = true;
        return;
      case "condition":
        this.#condition(fault.node, fault.ms);
    }
  }

  #condition(node: string, ms: number): void {
    const agent = this.#world.agent(node);
    if (!agent.process.runs) return;
    this.#subjects += 1;
    const subject = `guest-${this.#subjects}`;
    const { bootId } = agent;
    agent.report("problem", "guest-crashed", subject);
    this.#world.time.at(this.#world.time.now + ms, null, () => {
      if (agent.bootId === bootId && agent.process.runs)
        agent.report("ok", "guest-crashed", subject);
    });
  }

  #paths(nodes: readonly string[], path: PathFault, ms: number): void {
    const { agents, time } = this.#world;
    const own = { ...path };
    this.#lasting(
      ms,
      () => {
        for (const node of nodes) agents.get(node)?.paths.add(own);
      },
      () => {
        for (const node of nodes) agents.get(node)?.paths.remove(own, time.now);
      },
    );
  }

  #onMesh(fault: Extract<Fault, { readonly kind: `mesh-${string}` }>): void {
    const { fabric } = this.#world;
    switch (fault.kind) {
      case "mesh-paths": {
        const own = { ...fault.path };
        this.#lasting(
          fault.ms,
          () => fabric.add(own),
          () => fabric.remove(own),
        );
        return;
      }
      case "mesh-half-open":
        fabric.halfOpen(...fault.between);
        return;
      case "mesh-reset":
        fabric.reset(...fault.between);
    }
  }

  #onStore(fault: Extract<Fault, { readonly kind: `store-${string}` }>): void {
    const { store } = this;
    switch (fault.kind) {
      case "store-slow":
        this.#lasting(
          fault.ms,
          () => store.slow(fault.upToMs),
          () => store.slow(null),
        );
        return;
      case "store-away":
        this.#lasting(
          fault.ms,
          () => store.away(fault.aggregator),
          () => store.back(fault.aggregator),
        );
        return;
      case "store-replies-lost":
        this.#lasting(
          fault.ms,
          () => store.loseReplies(fault.share),
          () => store.loseReplies(0),
        );
        return;
      case "store-wipe":
        store.wipe();
        this.#storeLost(fault.adoptAfterMs);
        return;
      case "store-rollback":
        if (store.rollBack()) this.#storeLost(fault.adoptAfterMs);
    }
  }

  #storeLost(adoptAfterMs: number): void {
    this.onStoreLoss();
    this.operator.adoptAt(this.#world.time.now + adoptAfterMs);
  }
}

const NO_HARM = { loss: 0, delayMs: 0, duplicates: 0 } as const;
