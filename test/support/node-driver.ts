/** Drives the pure core with one node on simulated time: what happened, in order, as plain lines. */
import type { DetectionConfig, Policy } from "@herdbeat/aggregator/core/detection-config";
import { CLEAR_GUARD, type GuardSight } from "@herdbeat/aggregator/core/guard";
import type {
  Effect,
  NodeEvent,
  NodeState,
  OwnSight,
  WitnessObservation,
} from "@herdbeat/aggregator/core/node-state";
import { step } from "@herdbeat/aggregator/core/step";
import { newNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import type {
  AggregatorId,
  BootId,
  Incarnation,
  IncidentId,
  NodeId,
  SessionEpoch,
} from "@herdbeat/shared/ids";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import { assertEffectsReplay, assertRefusalReplays, readableIncidentId } from "./replay-check.ts";

export const LIMITS: DetectionConfig["limits"] = {
  suspectAfter: durationMs(1_500),
  declareWithWitnesses: durationMs(2_000),
  declareAfter: durationMs(3_000),
  probeTimeout: durationMs(400),
  probeInterval: durationMs(500),
  provenWithin: durationMs(600_000),
  reconnectBound: durationMs(30_000),
  awaitedProbeDelay: durationMs(500),
  agentPageAfter: durationMs(30_000),
  orderlyRebootWindow: durationMs(600_000),
  commitWithWitnesses: durationMs(5_000),
  commitWithOneWitness: durationMs(10_000),
};

export function testConfig(policy: Policy = {}): DetectionConfig {
  return {
    clusterId: "test",
    aggregator: "agg-1" as AggregatorId,
    limits: LIMITS,
    policy,
    shadow: false,
    incidentIdOf: readableIncidentId,
  };
}

export const CLEAR_SIGHT: OwnSight = { gateway: "answers", othersTotal: 5, othersHeard: 5 };
const WALL_START = 1_800_000_000_000;

/** How the node's kernel answers probes; `cannot-ask` is trouble on our own side, `stalls` no word of it. */
export type Kernel = "answers" | "silent" | "cannot-ask" | "stalls";

/** How a witness answers: `stalls` sends no report at all. */
export type Sees = Kernel | "answers-itself";

export interface DrivenWitness {
  readonly id: string;
  readonly domain: string;
  sees: Sees;
  /** Over which networks it is asked; empty text = that of the stream. */
  readonly networks?: readonly string[];
}

const SEEN: { readonly [S in Exclude<Sees, "stalls">]: WitnessObservation["outcome"] } = {
  answers: "answered",
  "answers-itself": "answered",
  silent: "no-answer",
  "cannot-ask": "cannot-ask",
};

export class NodeDriver {
  state: NodeState;
  at = 0;
  kernel: Kernel = "answers";
  own: OwnSight = CLEAR_SIGHT;
  guard: GuardSight = CLEAR_GUARD;
  /** What the store says to who wants to commit; null: it does not answer. */
  permit: "granted" | "refused" | null = "granted";
  /** What held the incident, each time when it changed: `<ms> <reason>`. */
  readonly holds: string[] = [];
  transition = 0;
  readonly witnesses: DrivenWitness[] = [];
  /** How often the witnesses were asked. */
  rounds = 0;
  /** Every change of health, and every other thing that happened: `<ms> <what>`. */
  readonly lines: string[] = [];
  /** Every change of the state that people see. */
  readonly shown: string[] = [];
  readonly config: DetectionConfig;
  onTransition: ((effect: Extract<Effect, { kind: "transition" }>) => void) | null = null;
  #reports: { readonly due: number; readonly event: NodeEvent }[] = [];
  #isRunning = false;

  constructor(policy: Policy = {}) {
    this.config = testConfig(policy);
    this.state = newNodeState("node-1" as NodeId, listeningMs(0), unixMs(WALL_START), false);
  }

  hello(change: { bootId?: string; processId?: string; lastTransition?: number } = {}): void {
    this.send({
      kind: "hello",
      facts: {
        hostname: "host-1",
        address: "127.0.0.1",
        labels: {},
        networks: [],
        bootId: (change.bootId ?? "boot-1") as BootId,
        hardwareId: "hardware-1",
        processId: change.processId ?? "process-1",
        incarnation: this.state.record.incarnation as Incarnation,
        sessionEpoch: this.state.record.sessionEpoch as SessionEpoch,
        lastTransition: change.lastTransition ?? this.transition,
        agentVersion: "0.1.0",
        heartbeatIntervalMs: 1_000,
        inventoryJson: "",
      },
    });
  }

  heartbeat(): void {
    this.send({ kind: "heard", at: listeningMs(this.at) });
  }

  close(cause: "peer-closed" | "network-error" | "local"): void {
    this.send({ kind: "closed", cause, heardAt: this.state.lastHeardAt });
  }

  report(
    status: "ok" | "problem" | "unknown",
    failureClass: string,
    subject = "",
    reason = "Test",
  ): void {
    this.transition += 1;
    this.send({
      kind: "event",
      transition: this.transition,
      condition: {
        monitor: "test",
        subject,
        status,
        failureClass,
        reason,
        message: `${failureClass} ${status}`,
        since: unixMs(WALL_START + this.at),
        transition: this.transition,
        attributes: {},
      },
    });
  }

  /** Lets time pass in turns of 100 ms; with `beating`, a heartbeat arrives every second. */
  run(duration: number, beating = false): void {
    const end = this.at + duration;
    this.#isRunning = true;
    while (this.at < end) {
      this.at += 100;
      this.#deliver();
      if (beating && this.at % 1_000 === 0) this.heartbeat();
      this.send({
        kind: "tick",
        lastHeardAt: this.state.lastHeardAt,
        own: this.own,
        guard: this.guard,
      });
    }
    this.#isRunning = false;
  }

  /** All witnesses are asked; whoever sees nothing says so at its deadline. */
  askWitnesses(): void {
    this.rounds += 1;
    const askedAt = listeningMs(this.at);
    for (const { id, domain, sees, networks = [""] } of this.witnesses) {
      if (sees === "stalls") continue;
      const event: NodeEvent = {
        kind: "witnessed",
        witness: id as NodeId,
        domain,
        askedAt,
        observations: networks.map((network) => ({
          kind: "tcp-rst",
          network,
          outcome: SEEN[sees],
          authenticated: sees === "answers-itself",
        })),
      };
      this.#reports.push({ due: this.at + (sees === "silent" ? 400 : 0), event });
    }
    if (!this.#isRunning) this.#deliver();
  }

  #deliver(): void {
    for (const { event } of this.#reports.filter(({ due }) => due <= this.at)) this.send(event);
    this.#reports = this.#reports.filter(({ due }) => due > this.at);
  }

  send(event: NodeEvent): void {
    const result = step(
      this.state,
      event,
      { listening: listeningMs(this.at), wall: unixMs(WALL_START + this.at) },
      this.config,
    );
    assertEffectsReplay(result.effects, this.config.incidentIdOf);
    if (result.state.record.refusal !== this.state.record.refusal) {
      assertRefusalReplays(result.state.record, this.config.incidentIdOf);
    }
    const { state: from } = this.state.health;
    const { state: to } = result.state.health;
    this.state = result.state;
    if (from !== to) this.lines.push(`${this.at} ${from} -> ${to}`);
    for (const effect of result.effects) {
      if (effect.kind === "state") this.shown.push(`${this.at} ${effect.from} -> ${effect.to}`);
      if (effect.kind === "acknowledge") this.lines.push(`${this.at} ack ${effect.transition}`);
      if (effect.kind === "transition") {
        const { transition, deliver } = effect;
        this.onTransition?.(effect);
        this.lines.push(
          `${this.at} ${transition.failureClass} ${transition.kind}${deliver ? "" : " (quiet)"}`,
        );
      }
      if (effect.kind === "hold")
        this.holds.push(`${this.at} ${effect.incident.hold?.reason ?? "nothing"}`);
      if (effect.kind === "ask-permit" && this.permit !== null) this.answerPermit(effect.incident);
      if (effect.kind === "probe") this.#probe();
      if (effect.kind === "ask-witnesses") this.askWitnesses();
    }
  }

  answerPermit(incident: IncidentId): void {
    this.send({
      kind: "permit",
      incident,
      outcome: this.permit ?? "refused",
      releasedBy: "the permit to commit",
      lastHeardAt: this.state.lastHeardAt,
      own: this.own,
      guard: this.guard,
    });
  }

  /** An answer comes at once, its absence is known after the probe's deadline. */
  #probe(): void {
    const askedAt = listeningMs(this.at);
    if (this.kernel === "stalls") return;
    if (this.kernel === "silent") {
      this.#answerLater(askedAt);
      return;
    }
    this.send({
      kind: "probed",
      askedAt,
      outcome: this.kernel === "answers" ? "answered" : "cannot-ask",
      detail: this.kernel,
    });
  }

  #answerLater(askedAt: ReturnType<typeof listeningMs>): void {
    // Known at the deadline; the driver's turns are coarser than the difference matters.
    this.send({ kind: "probed", askedAt, outcome: "no-answer", detail: "no answer within 400 ms" });
  }
}

/** A node that has been alive for two seconds with a kernel that answered. */
export function aliveNode(policy: Policy = {}): NodeDriver {
  const driver = new NodeDriver(policy);
  driver.hello();
  driver.run(2_000, true);
  driver.lines.length = 0;
  return driver;
}

/** The same, with witnesses in as many racks, which all reached it once. */
export function witnessedNode(count: number, policy: Policy = {}): NodeDriver {
  const driver = aliveNode(policy);
  for (let i = 1; i <= count; i++)
    driver.witnesses.push({ id: `witness-${i}`, domain: `rack:${i}`, sees: "answers" });
  driver.askWitnesses();
  for (const one of driver.witnesses) one.sees = "silent";
  driver.rounds = 0;
  driver.kernel = "silent";
  return driver;
}
