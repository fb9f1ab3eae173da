/**
 * Asks agents to look at other nodes: all witnesses of a node at once where the core wants it, and
 * otherwise each about once a minute, so that what they do not see can count later. Reports are
 * hostile input: whatever answers no open question of that very agent is counted and ignored.
 */

import { familyOf, isFailureClass } from "@herdbeat/shared/classes";
import { fnv1a32, type NodeId } from "@herdbeat/shared/ids";
import type { Counter, Metrics } from "@herdbeat/shared/metrics";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, type ListeningMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "../core/detection-config.ts";
import type { NodeEvent, NodeState } from "../core/node-state.ts";
import { chooseWitnesses, failureDomain } from "../core/witness-choice.ts";
import {
  type AgentHello,
  type AgentSession,
  CAPABILITY_WITNESS,
  type WitnessReport,
} from "../ports/agent-listener.ts";
import type { EchoVerifier, EchoWorth } from "../ports/echo-verifier.ts";
import type { NodeTable } from "./node-table.ts";
import { echoPortOf, observationsOf, probesFor, type WitnessQuestion } from "./witness-question.ts";
import { type RingMember, WitnessRing } from "./witness-ring.ts";

export interface WitnessDeskDeps {
  readonly table: NodeTable;
  readonly limits: DetectionLimits;
  /** Closed on every node; the same that we ask ourselves. */
  readonly port: number;
  readonly echoes: EchoVerifier;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly now: () => ListeningMs;
  /** All time discounted so far; a change during a question voids what was not seen. */
  readonly discounted: () => number;
  readonly post: (index: number, node: NodeId, event: NodeEvent) => void;
}

/** How long after its deadline a report is waited for. */
const GRACE = durationMs(600);
/** Peacetime questions at once; whose turn they miss is asked a minute later. */
const PEACETIME_OPEN_MAX = 256;
/** Bounds what a mass failure sends out at once. */
const ASKED_MAX = 4_096;
/** Nodes in doubt whose witnesses are chosen in one turn: when all fall silent we do not add to it. */
const URGENT_PER_TURN_MAX = 256;
/** Of one witness and second: its reports must stay well below the rate that its stream may have. */
const ASKED_PER_WITNESS_MAX = 10;
/** Nodes in doubt whose witnesses all have been asked enough; they come first when that has passed. */
const WAITING_MAX = 4_096;
/** A witness that is late itself sees deadlines pass. */
const WITNESS_LAG_MAX_MS = 200;
/** A stall of this length within a question's deadline may have swallowed the answer. */
const STALL_VOIDS_MS = 50;

export type Fate =
  | "asked"
  | "believed"
  | "late"
  | "unknown"
  | "wrong-node"
  | "malformed"
  | "forged-echo"
  | "not-asked";
const FATES: readonly Fate[] = [
  "asked",
  "believed",
  "late",
  "unknown",
  "wrong-node",
  "malformed",
  "forged-echo",
  "not-asked",
];

export class WitnessDesk {
  readonly counts: Map<Fate, number> = new Map();
  readonly #deps: WitnessDeskDeps;
  readonly #ring = new WitnessRing();
  /** In the order in which they were asked; kept for the whole of their time, reported or not. */
  readonly #asked = new Map<number, WitnessQuestion>();
  readonly #reported = new Set<number>();
  readonly #askedOf = new Map<NodeId, number>();
  readonly #waiting = new Map<NodeId, number>();
  readonly #metrics: ReadonlyMap<Fate, Counter>;
  #peacetimeOpen = 0;
  #urgentThisTurn = 0;
  #lastId = 0;

  constructor(deps: WitnessDeskDeps) {
    this.#deps = deps;
    this.#metrics = new Map(
      FATES.map((what) => [
        what,
        deps.metrics.counter(
          "herdbeat_witness_total",
          "Questions to witnesses and their reports.",
          {
            what,
          },
        ),
      ]),
    );
  }

  joined(index: number, session: AgentSession, hello: AgentHello): void {
    this.#deps.table.echoPort[index] = echoPortOf(hello.capabilities);
    this.#deps.table.echoKeys[index] = hello.publicKey;
    const id = hello.nodeId;
    if (!hello.capabilities.includes(CAPABILITY_WITNESS)) {
      this.#ring.remove(id);
      return;
    }
    const domain = failureDomain(id, hello.labels);
    this.#ring.put({ id, hash: fnv1a32(id), domain, index, session });
  }

  left(node: NodeId): void {
    this.#ring.remove(node);
  }

  /** The node is in doubt: everybody that may know is asked now. */
  urgent(index: number, state: NodeState, askedAt: ListeningMs): void {
    const node = state.record.id;
    // Who waits keeps its place: otherwise the same nodes would come first every time.
    if (this.#waiting.has(node) || this.#askAll(index, state, askedAt)) return;
    this.#count("not-asked");
    if (this.#waiting.size < WAITING_MAX) this.#waiting.set(node, index);
  }

  peacetime(index: number, state: NodeState, askedAt: ListeningMs): void {
    if (this.#ring.size === 0 || this.#peacetimeOpen >= PEACETIME_OPEN_MAX) return;
    for (const witness of this.#witnessesOf(state, askedAt))
      this.#ask(index, state, witness, askedAt, false);
  }

  /** Every turn, after all that has arrived was read. */
  expire(now: ListeningMs): void {
    this.#urgentThisTurn = 0;
    const patience = this.#deps.limits.probeTimeout + GRACE;
    for (const question of this.#asked.values()) {
      if (now - question.askedAt < patience) break;
      this.#forget(question);
    }
    for (const [node, index] of this.#waiting) {
      const state = this.#deps.table.states[index];
      const isInDoubt = state?.record.id === node && state.health.state !== "alive";
      if (!isInDoubt || this.#askAll(index, state, now)) this.#waiting.delete(node);
    }
  }

  /** False when none of its witnesses may be asked now. */
  #askAll(index: number, state: NodeState, askedAt: ListeningMs): boolean {
    if (this.#urgentThisTurn >= URGENT_PER_TURN_MAX) return false;
    this.#urgentThisTurn += 1;
    const witnesses = this.#witnessesOf(state, askedAt);
    const asked = witnesses.filter((one) => this.#ask(index, state, one, askedAt, true));
    return asked.length > 0 || witnesses.length === 0;
  }

  report(session: AgentSession, report: WitnessReport): void {
    const question = this.#asked.get(report.requestId);
    if (question === undefined || this.#reported.has(report.requestId)) {
      this.#count(report.requestId > this.#lastId ? "unknown" : "late");
      return;
    }
    if (question.session !== session) {
      this.#count("unknown");
      return;
    }
    this.#reported.add(question.id);
    if (!question.isUrgent) this.#peacetimeOpen -= 1;
    if (report.nodeId !== question.node) {
      this.#count("wrong-node");
      return;
    }
    const { now, discounted, limits, post } = this.#deps;
    const { index, node, witness, domain, askedAt } = question;
    const took = durationMs(now() - askedAt);
    const hasStalled = discounted() - question.discounted > STALL_VOIDS_MS;
    const observations = observationsOf(question, report, {
      took,
      timeout: limits.probeTimeout,
      hasStalled,
      worthOf: (reply, nonce) => this.#worthOf(question, reply, nonce),
    });
    if (observations === null) {
      this.#count("malformed");
      return;
    }
    this.#count("believed");
    post(index, node, { kind: "witnessed", witness, domain, askedAt, observations });
  }

  /** Who signed matters only in a doubt: in peacetime a check per echo would cost what heartbeats do. */
  #worthOf({ index, node }: WitnessQuestion, reply: Uint8Array, nonce: Uint8Array): EchoWorth {
    const { table, echoes } = this.#deps;
    const isOther = table.indexOf(node) !== index;
    const isInDoubt = !isOther && table.state(index).health.state !== "alive";
    const publicKey = isInDoubt ? (table.echoKeys[index] ?? null) : null;
    const worth = echoes.worthOf({ reply, nonce, nodeId: node, publicKey });
    if (worth === "forged") this.#count("forged-echo");
    return worth;
  }

  #witnessesOf(state: NodeState, now: ListeningMs): readonly RingMember[] {
    const { id, labels } = state.record;
    const near = this.#ring.near(fnv1a32(id), (member) => this.#stateOf(member, now));
    return chooseWitnesses({ id, domain: failureDomain(id, labels) }, near);
  }

  /** By its own account: who is in trouble itself sees others in trouble. */
  #stateOf({ index, id, session }: RingMember, now: ListeningMs): "healthy" | "sick" | "gone" {
    const { table, limits } = this.#deps;
    const state = table.states[index];
    if (state === null || state === undefined || state.record.id !== id) return "gone";
    if (table.sessions[index] !== session) return "gone";
    const isHeard = now - (table.lastHeardAt[index] ?? 0) < limits.suspectAfter;
    const isPrompt = (table.ownLagMs[index] ?? 0) <= WITNESS_LAG_MAX_MS;
    const isWell = state.health.state === "alive" && isHeard && isPrompt;
    return isWell && !hasNetworkTrouble(state) ? "healthy" : "sick";
  }

  #ask(
    index: number,
    subject: NodeState,
    witness: RingMember,
    askedAt: ListeningMs,
    isUrgent: boolean,
  ): boolean {
    const { table, limits, port, random, discounted } = this.#deps;
    const node = subject.record.id;
    const askedOfWitness = this.#askedOf.get(witness.id) ?? 0;
    if (this.#asked.size >= ASKED_MAX || askedOfWitness >= ASKED_PER_WITNESS_MAX) return false;
    const ports = { kernel: port, echo: table.echoPort[index] ?? 0 };
    const { record } = table.state(witness.index);
    const probes = probesFor(subject.record, record, ports, random);
    if (probes.length === 0) return true;
    this.#lastId += 1;
    const { id, domain, session } = witness;
    this.#asked.set(this.#lastId, {
      id: this.#lastId,
      index,
      node,
      witness: id,
      domain,
      session,
      askedAt,
      discounted: discounted(),
      probes,
      isUrgent,
    });
    this.#askedOf.set(id, askedOfWitness + 1);
    if (!isUrgent) this.#peacetimeOpen += 1;
    this.#count("asked");
    session.witness({
      requestId: this.#lastId,
      nodeId: node,
      probes,
      timeout: limits.probeTimeout,
    });
    return true;
  }

  #forget({ id, witness, isUrgent }: WitnessQuestion): void {
    this.#asked.delete(id);
    const hasReported = this.#reported.delete(id);
    if (!isUrgent && !hasReported) this.#peacetimeOpen -= 1;
    const left = (this.#askedOf.get(witness) ?? 1) - 1;
    if (left > 0) this.#askedOf.set(witness, left);
    else this.#askedOf.delete(witness);
  }

  #count(what: Fate): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    this.#metrics.get(what)?.add(1);
  }
}

function hasNetworkTrouble(state: NodeState): boolean {
  return state.record.conditions.some(
    ({ status, failureClass }) =>
      status === "problem" && isFailureClass(failureClass) && familyOf(failureClass) === "nic",
  );
}
