/** A simulated fleet for benches: what is declared of whom, against what is true. */
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import { SimStoreFaults } from "../../sim/store-faults.ts";
import { makeWitnesses } from "../../sim/witnesses.ts";
import { SimWorld } from "../../sim/world.ts";
import type { ShardChange } from "../../support/memory-database.ts";

const SETTLE_MS = 2_000;
/** Every kernel was asked once: its silence can count. */
const PROVEN_MS = 90_000;

export class SimFleet {
  readonly world: SimWorld;
  readonly falseDeclarations: string[] = [];
  /** When each node that is dead was declared down. */
  readonly declaredAt = new Map<string, number>();
  /** Changes of the state that people see, by node. */
  readonly stateChanges = new Map<string, number>();
  readonly degradedAt = new Map<string, number>();
  commits = 0;
  readonly #known = new Set<string>();
  readonly #states = new Map<string, string>();

  constructor(seed: number) {
    this.world = new SimWorld(seed);
    // A store that is as fast as a healthy one, and receivers that take a moment.
    new SimStoreFaults(this.world);
    this.world.receiverDelayMs = 20;
    this.world.database.onChange = (change) => this.#changed(change);
  }

  async start(nodes: number, aggregators: number): Promise<void> {
    for (let one = 1; one <= aggregators; one++) this.world.startAggregator(`agg-${one}`);
    await this.world.run(SETTLE_MS);
    this.world.addAgents(nodes);
    makeWitnesses(this.world);
    await this.world.run(PROVEN_MS);
  }

  /** A node that is on and in use. */
  someNode(): string {
    const living = [...this.world.agents.values()].filter(
      ({ powered, process }) => powered && process.runs,
    );
    const found = living[Math.floor(this.world.random.next() * living.length)];
    if (found === undefined) throw new Error("nobody lives");
    return found.id;
  }

  /** Between the two, short ones as often as long ones. */
  length(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.world.random.next());
  }

  #changed(change: ShardChange): void {
    if (change.kind !== "written") return;
    for (const write of change.writes) {
      if (write.kind === "put-incident") this.#incident(write.record);
      if (write.kind !== "put-node") continue;
      const { id, state } = write.record;
      const before = this.#states.get(id);
      this.#states.set(id, state);
      if (before !== undefined && before !== state)
        this.stateChanges.set(id, (this.stateChanges.get(id) ?? 0) + 1);
    }
  }

  #incident({ id, node, bootId, failureClass, origin, phase }: IncidentRecord): void {
    const agent = this.world.agents.get(node);
    const lives = agent?.powered === true && agent.bootId === bootId;
    if (failureClass === "host-degraded" && !this.degradedAt.has(node))
      this.degradedAt.set(node, this.world.time.now);
    if (failureClass !== "host-down" || origin !== "silence") return;
    if (phase === "committed" && lives) {
      this.commits += 1;
      this.falseDeclarations.push(`${id} of ${node} committed`);
    }
    if (phase !== "declared" || this.#known.has(id)) return;
    this.#known.add(id);
    if (lives) this.falseDeclarations.push(`${id} of ${node} at ${this.world.time.now}`);
    else if (!this.declaredAt.has(node)) this.declaredAt.set(node, this.world.time.now);
  }
}
