/**
 * Asks the store for the one permit to commit, and gives it back.
 *
 * Guarantee: one question at a time; what the store says is a new event of the node, which is judged
 * again with it. The permit is given back when the commit is durable, when the incident ended, or
 * when nothing came of it. In a fleet too small for percentages it is kept until the host is proven
 * off: one unproven commit at a time.
 * Failure cases: a reply that is lost is asked for again, which is granted again; a process that dies
 * with the permit leaves it to the shard's next owner, which uses or frees it.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import { PERCENT_FROM_NODES } from "../core/guard.ts";
import { type IncidentRecord, isOpen } from "../core/incident.ts";
import { HOST_GRADE_MIN } from "../core/incident-request.ts";
import type { NodeEvent, NodeState } from "../core/node-state.ts";
import type { FleetStore, PermitOutcome } from "../ports/fleet-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** Whoever does not fit asks again in the next turn. */
const WAITING_MAX = 1_000;
/** After a refusal nobody asks for so long. */
const REFUSED_FOR = durationMs(500);
/** A permit that led to nothing is given back. */
const UNUSED_MAX = durationMs(2_000);

type PermitEvent = Extract<NodeEvent, { kind: "permit" }>;

export interface PermitDeskDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fleet: Pick<FleetStore, "takePermit" | "freePermit">;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly rate: { readonly max: number; readonly within: DurationMs };
  /** What is seen of the node now, for the event. */
  readonly sightOf: (
    index: number,
    state: NodeState,
  ) => Pick<PermitEvent, "lastHeardAt" | "own" | "guard">;
  readonly post: (index: number, node: NodeId, event: PermitEvent) => boolean;
  /** Nodes that all owners count together. */
  readonly fleetNodes: () => number;
}

export class PermitDesk {
  readonly #deps: PermitDeskDeps;
  readonly #waiting = new Map<IncidentId, NodeId>();
  #held: {
    readonly incident: IncidentId;
    readonly node: NodeId;
    readonly since: MonotonicMs;
  } | null = null;
  #toFree: IncidentId | null = null;
  #isBusy = false;
  #quietUntil = 0;

  constructor(deps: PermitDeskDeps) {
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  ask(node: NodeId, incident: IncidentId): void {
    if (this.#waiting.size < WAITING_MAX) this.#waiting.set(incident, node);
  }

  /** Called every turn, while the store answers. */
  turn(): void {
    if (this.#isBusy) return;
    this.#dropUnused();
    if (this.#toFree !== null) {
      this.#start(this.#free(this.#toFree));
      return;
    }
    if (this.#deps.clock.now() < this.#quietUntil) {
      this.#waiting.clear();
      return;
    }
    const next = this.#waiting.entries().next().value;
    this.#waiting.clear();
    if (next === undefined) return;
    const [incident, node] = next;
    if (this.#held === null || this.#held.incident === incident) {
      this.#start(this.#take(incident, node));
      return;
    }
    this.#quietUntil = this.#deps.clock.now() + REFUSED_FOR;
    this.#answer(incident, node, "refused", heldBy(this.#held.incident));
  }

  /** What became durable: a commit needs its permit no longer, nor does what ended. */
  onPersisted(incidents: readonly IncidentRecord[]): void {
    const mine = incidents.find((one) => one.id === this.#held?.incident);
    if (mine !== undefined && mine.phase !== "declared" && !this.#keeps(mine)) this.#giveBack();
  }

  #keeps({ phase, grade }: IncidentRecord): boolean {
    const isSmall = this.#deps.fleetNodes() < PERCENT_FROM_NODES;
    return phase === "committed" && grade < HOST_GRADE_MIN && isSmall;
  }

  #giveBack(): void {
    this.#toFree = this.#held?.incident ?? null;
    this.#held = null;
  }

  #dropUnused(): void {
    if (this.#held === null) return;
    const { incident, node, since } = this.#held;
    const found = this.#incident(node, incident);
    // With its shard it went to another owner, who asks for it again or frees it.
    if (this.#deps.table.indexOf(node) === undefined) this.#held = null;
    else if (found === null || !isOpen(found.phase)) this.#giveBack();
    else if (found.phase === "declared" && elapsed(since, this.#deps.clock.now()) > UNUSED_MAX)
      this.#giveBack();
  }

  #start(work: Promise<void>): void {
    this.#isBusy = true;
    work
      .catch((error: unknown) => {
        // Asked again, or given back again, at the next turn: both are safe to repeat.
        if (error instanceof StoreUnavailableError) return;
        this.#deps.logger.error("the permit to commit could not be dealt with", {
          error: renderErrorChain(error),
        });
      })
      .finally(() => {
        this.#isBusy = false;
      });
  }

  async #free(incident: IncidentId): Promise<void> {
    await this.#deps.fleet.freePermit(incident);
    if (this.#toFree === incident) this.#toFree = null;
  }

  async #take(incident: IncidentId, node: NodeId): Promise<void> {
    const { table, runners, fleet, rate, clock } = this.#deps;
    const index = table.indexOf(node);
    const shard = index === undefined ? undefined : table.shards[index];
    const runner = shard === undefined ? undefined : runners.get(shard);
    if (index === undefined || shard === undefined || runner === undefined || runner.held) return;
    const { token } = runner.ownership;
    const outcome = await fleet.takePermit({ incident, shard, token, rate });
    if (outcome.kind === "granted") this.#held = { incident, node, since: clock.now() };
    else this.#quietUntil = clock.now() + REFUSED_FOR;
    if (outcome.kind === "taken") this.#dropLeftBehind(outcome.by);
    const isGranted = outcome.kind === "granted";
    this.#answer(incident, node, isGranted ? "granted" : "refused", releasedBy(outcome));
  }

  #answer(incident: IncidentId, node: NodeId, outcome: PermitEvent["outcome"], text: string): void {
    const { table, sightOf, post } = this.#deps;
    const index = table.indexOf(node);
    if (index === undefined) return;
    const sight = sightOf(index, table.state(index));
    post(index, node, { kind: "permit", incident, outcome, releasedBy: text, ...sight });
  }

  /** An earlier owner of a shard of ours left it: nobody else will give it back. */
  #dropLeftBehind({ incident, shard }: Extract<PermitOutcome, { kind: "taken" }>["by"]): void {
    const runner = this.#deps.runners.get(shard);
    if (runner === undefined || runner.held || this.#held?.incident === incident) return;
    for (const index of runner.indexes) {
      const found = this.#deps.table.state(index).incidents.find((one) => one.id === incident);
      if (found !== undefined && this.#keeps(found)) return;
    }
    this.#toFree = incident;
  }

  #incident(node: NodeId, incident: IncidentId): IncidentRecord | null {
    const index = this.#deps.table.indexOf(node);
    if (index === undefined) return null;
    return this.#deps.table.state(index).incidents.find((one) => one.id === incident) ?? null;
  }
}

function heldBy(incident: IncidentId): string {
  return `the permit to commit, which incident ${incident} has: one unproven commit at a time`;
}

function releasedBy(outcome: PermitOutcome): string {
  switch (outcome.kind) {
    case "granted":
      return "";
    case "taken":
      return heldBy(outcome.by.incident);
    case "too-many":
      return "the next batch: guard.commits were committed within guard.commitsWithin";
    case "disarmed":
      return "herdctl disarm off";
  }
}
