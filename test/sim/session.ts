/**
 * One agent's stream. In each direction frames arrive in order; what a lossy path loses is sent
 * again by the kernel, except heartbeats, which nobody repeats. Frames queue for a stopped
 * aggregator and are all delivered when it goes on, before it judges.
 */
import type {
  AgentCondition,
  AgentObserver,
  AgentSession,
  WitnessRequest,
} from "@herdbeat/aggregator/ports/agent-listener";
import type { BootId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type { SimAgent } from "./agents.ts";
import type { SimAggregator } from "./aggregator.ts";
import type { Direction } from "./network.ts";
import { look } from "./witnesses.ts";
import type { SimWorld } from "./world.ts";

export const NETWORK_DELAY = 1;
/** After so long the kernel sends again what was not acknowledged. */
const RETRANSMIT_MS = 300;

export class SimSession implements AgentSession {
  node = -1;
  readonly remoteAddress: string;
  readonly host: SimAggregator;
  /** Nothing passes any more and nobody is told: a state table in between was lost. */
  halfOpen = false;
  readonly #world: SimWorld;
  readonly #agent: SimAgent;
  #open = true;
  /** When the last frame on the way will arrive: no later one may overtake it. */
  #lastArrival = { "to-aggregator": 0, "to-node": 0 };

  constructor(world: SimWorld, agent: SimAgent, host: SimAggregator) {
    this.#world = world;
    this.#agent = agent;
    this.host = host;
    this.remoteAddress = agent.id;
    host.sessions.add(this);
  }

  hello(): void {
    const agent = this.#agent;
    const hello: Parameters<AgentObserver["onHello"]>[1] = {
      nodeId: agent.id,
      authenticated: true,
      publicKey: null,
      version: 1,
      hostname: agent.id,
      address: agent.id,
      bootId: agent.bootId as BootId,
      hardwareId: `hardware of ${agent.id}`,
      processId: agent.processId,
      incarnation: agent.incarnation as Incarnation,
      sessionEpoch: agent.epoch as SessionEpoch,
      lastTransition: agent.transition,
      agentVersion: "0",
      heartbeatInterval: durationMs(1_000),
      labels: agent.labels,
      networks: [],
      uptime: durationMs(0),
      capabilities: agent.capabilities,
      inventoryJson: "",
    };
    this.#toHost((observer) => observer.onHello(this, hello));
  }

  /** Hot path: on a clear path to a process that runs it arrives at once, as input. */
  heartbeat(sequence: number, transition: number): void {
    const { observer, process } = this.host;
    const clear = this.#agent.paths.clear && !this.halfOpen && this.#open;
    if (clear && process.runs && this.#lastArrival["to-aggregator"] <= this.#world.time.now) {
      if (observer !== null) this.#heard(observer, sequence, transition);
      return;
    }
    if (this.#isReset()) return;
    const passage = this.#agent.paths.towards(this.host.id, "to-aggregator");
    const { random } = this.#world;
    if (passage.blocked || (passage.loss > 0 && random.next() < passage.loss)) return;
    const deliver = (): void =>
      this.#toHost((current) => this.#heard(current, sequence, transition));
    deliver();
    if (passage.duplicates > 0 && random.next() < passage.duplicates) deliver();
  }

  #heard(observer: AgentObserver, sequence: number, transition: number): void {
    if (this.node >= 0) this.#agent.noteHeard(this.host);
    observer.onHeartbeat(this, sequence, 0, transition, 0);
  }

  conditions(all: readonly AgentCondition[]): void {
    this.#toHost((observer) => {
      if (this.node >= 0) observer.onConditions(this, all);
    });
  }

  event(transition: number, condition: AgentCondition): void {
    const deliver = (): void =>
      this.#toHost((observer) => {
        if (this.node >= 0) observer.onEvent(this, transition, condition, durationMs(0));
      });
    deliver();
    const { duplicates } = this.#agent.paths.towards(this.host.id, "to-aggregator");
    if (duplicates > 0 && this.#world.random.next() < duplicates) deliver();
  }

  /** The agent's process ended: its kernel says so, again and again until it gets through. */
  peerClosed(): void {
    if (this.halfOpen || !this.#open) return;
    if (this.#agent.paths.towards(this.host.id, "to-aggregator").blocked) {
      const { bootId } = this.#agent;
      this.#world.time.at(this.#world.time.now + 1_000, null, () => {
        if (this.#agent.powered && this.#agent.bootId === bootId) this.peerClosed();
      });
      return;
    }
    this.#toHost((observer) => this.#close(observer, "peer-closed"));
  }

  /** The agent gave the stream up and will open another one. */
  abandoned(): void {
    this.peerClosed();
  }

  #close(observer: AgentObserver, cause: "peer-closed" | "network-error"): void {
    this.#open = false;
    this.host.sessions.delete(this);
    observer.onClosed(this, cause);
  }

  /** The aggregator's process ended: its kernel tells the agent. */
  hostDied(): void {
    this.#open = false;
    this.#toAgent(() => this.#agent.dropped(this));
  }

  /** A frame into a stream that the other side has closed is answered by a reset. */
  #isReset(): boolean {
    if (this.#open || this.halfOpen) return false;
    const { paths } = this.#agent;
    const blocked =
      paths.towards(this.host.id, "to-aggregator").blocked ||
      paths.towards(this.host.id, "to-node").blocked;
    if (!blocked) this.#agent.dropped(this);
    return true;
  }

  #toHost(act: (observer: AgentObserver) => void): void {
    const at = this.#arrival("to-aggregator");
    if (at === null) return;
    this.#world.time.at(
      at,
      this.host.process,
      () => {
        const { observer } = this.host;
        if (observer !== null && this.#open) act(observer);
      },
      "input",
    );
  }

  #toAgent(act: () => void): void {
    const at = this.#arrival("to-node");
    if (at === null) return;
    const { bootId, processId } = this.#agent;
    this.#world.time.at(
      at,
      this.#agent.process,
      () => {
        if (this.#agent.bootId === bootId && this.#agent.processId === processId) act();
      },
      "input",
    );
  }

  #arrival(direction: Direction): number | null {
    if (this.halfOpen) return null;
    const passage = this.#agent.paths.towards(this.host.id, direction);
    if (passage.blocked) return null;
    let delay = NETWORK_DELAY + passage.delayMs;
    for (let lost = 0; passage.loss > 0 && lost < 6; lost++) {
      if (this.#world.random.next() >= passage.loss) break;
      delay += RETRANSMIT_MS * 2 ** lost;
    }
    const at = Math.max(this.#lastArrival[direction], this.#world.time.now + delay);
    this.#lastArrival[direction] = at;
    return at;
  }

  welcome(welcome: Parameters<AgentSession["welcome"]>[0]): void {
    const { incarnation, sessionEpoch, acknowledgedTransition } = welcome;
    this.#toAgent(() =>
      this.#agent.welcomed(this, incarnation, sessionEpoch, acknowledgedTransition),
    );
  }

  ackHeartbeat(): void {
    const { paths, process } = this.#agent;
    if (paths.clear && !this.halfOpen && process.runs) this.#agent.heartbeatAcknowledged(this);
    else this.#toAgent(() => this.#agent.heartbeatAcknowledged(this));
  }

  witness(request: WitnessRequest): void {
    this.#toAgent(() =>
      look(this.#world, this.#agent, request, (report) =>
        this.#toHost((observer) => observer.onWitnessReport(this, report)),
      ),
    );
  }

  ackEvent(transition: number): void {
    this.#world.onAcknowledged(this.#agent, transition);
    this.#toAgent(() => this.#agent.acknowledged(transition));
  }

  goodbye(...[, , , reconnectAfter]: Parameters<AgentSession["goodbye"]>): void {
    this.#open = false;
    this.host.sessions.delete(this);
    this.#toAgent(() => this.#agent.dropped(this, reconnectAfter));
  }
}
