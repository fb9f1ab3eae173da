/**
 * Asks the store for the one permit to commit, and gives it back.
 *
 * Guarantee: one question at a time; what the store says is a new event of the node, which is judged
 * again with it, after everything that was received until then. An answer is void when this process
 * stalled since the question: what the node sent meanwhile may not have been read. The permit is given back when the commit is durable, when the incident ended, or
 * when nothing came of it. In a fleet too small for percentages it is kept until the host is proven
 * off: one unproven commit at a time.
 * Failure cases: a reply that is lost is asked for again, which is granted again; a process that dies
 * with the permit leaves it to the shard's next owner, which uses or frees it.
 */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { FencingToken, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
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
import type { NodeEvent } from "../core/node-state.ts";
import type { FleetStore, PermitHolder, PermitOutcome } from "../ports/fleet-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** Whoever does not fit asks again in the next turn. */
const WAITING_MAX = 1_000;
/** After a refusal nobody asks for so long. */
const REFUSED_FOR = durationMs(500);
/** A former owner that lived until our claim may have asked for one last permit until then. */
const LAST_TAKE_MAX = durationMs(10_000);
/** A permit that led to nothing is given back. */
const UNUSED_MAX = durationMs(2_000);

/** A stall of this length since the question may hide a heartbeat that has arrived. */
const STALL_VOIDS_MS = 50;

type Taken = Pick<PermitHolder, "incident" | "token">;

type PermitEvent = Extract<NodeEvent, { kind: "permit" }>;

/** What the store said; what is seen of the node belongs to the turn that applies it. */
export interface PermitAnswer {
  readonly node: NodeId;
  readonly event: Pick<PermitEvent, "kind" | "incident" | "outcome" | "releasedBy">;
}

export interface PermitDeskDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fleet: Pick<FleetStore, "takePermit" | "freePermit" | "permit">;
  readonly table: NodeTable;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly rate: { readonly max: number; readonly within: DurationMs };
  /** All time discounted so far; a change since the question voids its answer. */
  readonly discounted: () => number;
  /** Nodes that all owners count together. */
  readonly fleetNodes: () => number;
}

export class PermitDesk {
  readonly #deps: PermitDeskDeps;
  readonly #waiting = new Map<IncidentId, NodeId>();
  #held: {
    readonly incident: IncidentId;
    readonly node: NodeId;
    readonly token: FencingToken;
    readonly since: MonotonicMs;
    /** Its commit is durable and not proven: the heir of the shard keeps it. */
    readonly isKept: boolean;
  } | null = null;
  /** Of a shard of ours, taken under an earlier owner's token. */
  #inherited: PermitHolder | null = null;
  /** When the store is asked who has the permit. */
  #looks: MonotonicMs[] = [];
  readonly #looked = new WeakSet<ShardRunner>();
  #toFree: Taken | null = null;
  /** At most one of each question, and one refusal per REFUSED_FOR. */
  #answers: { readonly answer: PermitAnswer; readonly discountedBefore: number }[] = [];
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

  /**
   * What the store has said since the last turn. Void answers are left out: the node's next tick asks
   * again, and what was granted is granted again.
   */
  takeAnswers(): readonly PermitAnswer[] {
    const answers = this.#answers;
    if (answers.length === 0) return [];
    this.#answers = [];
    const discounted = this.#deps.discounted();
    return answers
      .filter(({ discountedBefore }) => discounted - discountedBefore <= STALL_VOIDS_MS)
      .map(({ answer }) => answer);
  }

  /** Of a shard that was claimed the last owner may have left the permit with an incident. */
  #noteClaims(): void {
    for (const runner of this.#deps.runners.values()) {
      if (this.#looked.has(runner)) continue;
      this.#looked.add(runner);
      const now = this.#deps.clock.now();
      this.#looks = [now, (now + LAST_TAKE_MAX) as MonotonicMs];
    }
  }

  /** Called every turn, while the store answers. */
  turn(): void {
    if (this.#isBusy) return;
    this.#noteClaims();
    this.#dropUnused();
    if (this.#inherited !== null) this.#dropLeftBehind(this.#inherited);
    if (this.#toFree !== null) {
      this.#start(this.#free(this.#toFree));
      return;
    }
    const [look] = this.#looks;
    if (look !== undefined && look <= this.#deps.clock.now()) {
      this.#start(this.#look());
      return;
    }
    if (this.#deps.clock.now() < this.#quietUntil) {
      this.#waiting.clear();
      return;
    }
    // Who asked while an earlier answer was under way may have got it: a second would be left over.
    const next = [...this.#waiting].find(
      ([incident, node]) => this.#incident(node, incident)?.phase === "declared",
    );
    this.#waiting.clear();
    if (next === undefined) return;
    const [incident, node] = next;
    if (this.#held === null || this.#held.incident === incident) {
      this.#start(this.#take(incident, node));
      return;
    }
    this.#quietUntil = this.#deps.clock.now() + REFUSED_FOR;
    const refusal = heldBy(this.#held.incident);
    this.#answer(incident, node, "refused", refusal, this.#deps.discounted());
  }

  /** What became durable: a commit needs its permit no longer, nor does what ended. */
  onPersisted(incidents: readonly IncidentRecord[]): void {
    const mine = incidents.find((one) => one.id === this.#held?.incident);
    if (mine === undefined || mine.phase === "declared" || this.#held === null) return;
    if (this.#keeps(mine)) this.#held = { ...this.#held, isKept: true };
    else this.#giveBack();
  }

  #keeps({ phase, grade }: IncidentRecord): boolean {
    const isSmall = this.#deps.fleetNodes() < PERCENT_FROM_NODES;
    return phase === "committed" && grade < HOST_GRADE_MIN && isSmall;
  }

  #giveBack(): void {
    this.#toFree = this.#held;
    this.#held = null;
  }

  #dropUnused(): void {
    if (this.#held === null) return;
    const { incident, node, since, isKept } = this.#held;
    const found = this.#incident(node, incident);
    // Its shard has another owner. Nothing began with it: nobody needs it under our token.
    if (this.#deps.table.indexOf(node) === undefined && !isKept) this.#giveBack();
    else if (this.#deps.table.indexOf(node) === undefined) this.#held = null;
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

  async #free(taken: Taken): Promise<void> {
    const { incident, token } = taken;
    await this.#deps.fleet.freePermit({ incident, token });
    if (this.#toFree === taken) this.#toFree = null;
  }

  async #take(incident: IncidentId, node: NodeId): Promise<void> {
    const { table, runners, fleet, rate, clock } = this.#deps;
    const index = table.indexOf(node);
    const shard = index === undefined ? undefined : table.shards[index];
    const runner = shard === undefined ? undefined : runners.get(shard);
    if (index === undefined || shard === undefined || runner === undefined || runner.held) return;
    const { token } = runner.ownership;
    const discountedBefore = this.#deps.discounted();
    const held = { incident, node, token, since: clock.now(), isKept: false };
    const outcome = await fleet
      .takePermit({ incident, shard, token, rate })
      .catch((error: unknown) => {
        // It may have been granted: asked for again, or given back like one that led to nothing.
        this.#held ??= held;
        throw error;
      });
    if (outcome.kind === "granted") this.#held = { ...held, since: clock.now() };
    else if (this.#held?.incident === incident) this.#held = null;
    else this.#quietUntil = clock.now() + REFUSED_FOR;
    if (outcome.kind === "taken") this.#dropLeftBehind(outcome.by);
    const said = outcome.kind === "granted" ? "granted" : "refused";
    this.#answer(incident, node, said, releasedBy(outcome), discountedBefore);
  }

  #answer(
    incident: IncidentId,
    node: NodeId,
    outcome: PermitEvent["outcome"],
    text: string,
    discountedBefore: number,
  ): void {
    const event = { kind: "permit", incident, outcome, releasedBy: text } as const;
    this.#answers.push({ answer: { node, event }, discountedBefore });
  }

  async #look(): Promise<void> {
    const holder = await this.#deps.fleet.permit();
    this.#looks.shift();
    this.#inherited = holder;
  }

  /**
   * An earlier owner of a shard of ours left it: nobody else will give it back. While its incident may
   * still be committed with it, or has been and is not proven, it stays.
   */
  #dropLeftBehind({ incident, shard, token }: PermitHolder): void {
    this.#inherited = null;
    const runner = this.#deps.runners.get(shard);
    if (runner === undefined || runner.held || this.#held?.incident === incident) return;
    // It is we who are the earlier owner then, and do not know it yet.
    if (token > runner.ownership.token) return;
    for (const index of runner.indexes) {
      const found = this.#deps.table.state(index).incidents.find((one) => one.id === incident);
      if (found === undefined) continue;
      if (found.phase !== "declared" && !this.#keeps(found)) continue;
      this.#inherited = { incident, shard, token };
      return;
    }
    this.#toFree = { incident, token };
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
