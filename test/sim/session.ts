/**
 * One agent's stream: encoded frames into the production connection, and what that writes back to
 * the agent. In each direction frames arrive in order; what a lossy path loses is sent again by the
 * kernel, except heartbeats, which nobody repeats. Frames queue for a stopped aggregator and are all
 * delivered when it goes on, before it judges.
 */
import { AgentConnection } from "@herdbeat/aggregator/adapters/ws/agent-connection";
import type { AgentCondition } from "@herdbeat/aggregator/ports/agent-listener";
import {
  type AgentFrame,
  type DecodedAggregatorFrame,
  decodeAggregatorFrame,
  encodeAgentFrame,
} from "@herdbeat/proto/frame-codec";
import { MASK_BYTES, maskedFrame } from "../fleet/client-frames.ts";
import type { SimAgent } from "./agents.ts";
import type { SimAggregator } from "./aggregator.ts";
import type { Direction } from "./network.ts";
import { look } from "./witnesses.ts";
import type { SimWorld } from "./world.ts";

export const NETWORK_DELAY = 1;
/** After so long the kernel sends again what was not acknowledged. */
const RETRANSMIT_MS = 300;
/** Of zeros, so that a frame may be delivered again: receivers unmask in place. */
export const NO_MASK: Uint8Array = new Uint8Array(MASK_BYTES);
const FLAG_FULL = 4;
const STATUS = { ok: 1, problem: 2, unknown: 3 } as const;
type Socket = ConstructorParameters<typeof AgentConnection>[0]["socket"];

/** A short frame of the server: two bytes, then an Ack as the only body. */
const ACK_AT = 2;
const TAG_ACK = 0x12;

export class SimSession {
  readonly host: SimAggregator;
  readonly connection: AgentConnection;
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
    const identity = { kind: "node", id: agent.id } as const;
    const stream = { socket: this.#socket(), remoteAddress: agent.id, identity };
    this.connection = new AgentConnection(stream, host.streams.context);
    host.sessions.add(this);
  }

  hello(): void {
    const agent = this.#agent;
    this.#send({
      kind: "hello",
      body: {
        versionMin: 1,
        versionMax: 1,
        nodeId: agent.id,
        hostname: agent.id,
        bootId: agent.bootId,
        hardwareId: `hardware of ${agent.id}`,
        processId: agent.processId,
        incarnation: agent.incarnation,
        sessionEpoch: agent.epoch,
        lastTransition: agent.transition,
        agentVersion: "0",
        heartbeatIntervalMs: 1_000,
        labels: Object.entries(agent.labels).map(([key, value]) => ({ key, value })),
        capabilities: [...agent.capabilities],
      },
    });
  }

  /** Hot path: on a clear path to a process that runs it arrives at once, as input. */
  heartbeat(frame: Buffer): void {
    const { process, observer } = this.host;
    const clear = this.#agent.paths.clear && !this.halfOpen && this.#open;
    if (clear && process.runs && this.#lastArrival["to-aggregator"] <= this.#world.time.now) {
      if (observer !== null) this.#heard(frame);
      return;
    }
    if (this.#isReset()) return;
    const passage = this.#agent.paths.towards(this.host.id, "to-aggregator");
    const { random } = this.#world;
    const isLost = passage.loss > 0 && !passage.repeats && random.next() < passage.loss;
    if (passage.blocked || isLost) return;
    const bytes = Buffer.from(frame);
    this.#toHost(() => this.#heard(bytes));
    if (passage.duplicates > 0 && random.next() < passage.duplicates)
      this.#toHost(() => this.#heard(bytes));
  }

  #heard(bytes: Buffer): void {
    if (this.connection.node >= 0) this.#agent.noteHeard(this.host);
    this.connection.onBytes(bytes);
  }

  /** A heartbeat with the whole list of what holds. */
  conditions(sequence: number, all: readonly AgentCondition[]): void {
    const { transition } = this.#agent;
    const body = {
      sequence,
      reportAgeMs: 5,
      flags: FLAG_FULL,
      lastTransition: transition,
      conditions: all.map(onWire),
    };
    const bytes = bytesOf({ kind: "heartbeat", body });
    this.#toHost(() => this.#heard(bytes));
  }

  event(transition: number, condition: AgentCondition): void {
    const body = { transition, condition: onWire(condition), ageMs: 0 };
    const bytes = bytesOf({ kind: "event", body });
    this.#toHost(() => this.connection.onBytes(bytes));
    const { duplicates } = this.#agent.paths.towards(this.host.id, "to-aggregator");
    if (duplicates > 0 && this.#world.random.next() < duplicates)
      this.#toHost(() => this.connection.onBytes(bytes));
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
    this.#toHost(() => this.connection.onEnd());
  }

  /** The agent gave the stream up and will open another one. */
  abandoned(): void {
    this.peerClosed();
  }

  /** The aggregator's process ended: its kernel tells the agent. */
  hostDied(): void {
    this.#open = false;
    this.#toAgent(() => this.#agent.dropped(this));
  }

  /** What the connection writes to; the kernel beneath it has room. */
  #socket(): Socket {
    return {
      writableLength: 0,
      write: (bytes: Buffer) => this.#written(bytes),
      end: () => this.#closing(),
      destroy: () => this.#destroyed(),
    } as unknown as Socket;
  }

  #written(bytes: Buffer): void {
    const length = bytes[1] ?? 0;
    if (length < 126 && bytes[ACK_AT] === TAG_ACK) {
      this.#acknowledged();
      return;
    }
    const frame = decodeAggregatorFrame(bytes.subarray(length < 126 ? 2 : 4));
    if (frame.kind === "eventAck") this.#world.onAcknowledged(this.#agent, frame.body.transition);
    this.#toAgent(() => this.#told(frame));
  }

  #acknowledged(): void {
    const { paths, process } = this.#agent;
    if (paths.clear && !this.halfOpen && process.runs) this.#agent.heartbeatAcknowledged(this);
    else this.#toAgent(() => this.#agent.heartbeatAcknowledged(this));
  }

  #told(frame: DecodedAggregatorFrame): void {
    switch (frame.kind) {
      case "welcome":
        this.#agent.welcomed(this, frame.body);
        return;
      case "eventAck":
        this.#agent.acknowledged(frame.body.transition);
        return;
      case "goodbye":
        this.#agent.dropped(this, frame.body.reconnectAfterMs);
        // The agent closes its side of what the other one has closed.
        this.#toHost(() => this.connection.onEnd());
        return;
      case "witnessRequest": {
        const { body } = frame;
        look(this.#world, this.#agent, body, (observations) => {
          const { requestId, nodeId } = body;
          this.#send({ kind: "witnessReport", body: { requestId, nodeId, observations } });
        });
        return;
      }
      default:
    }
  }

  /** After its last word nothing of this stream counts; a peer that says nothing is not waited for. */
  #closing(): void {
    this.#open = false;
    this.host.sessions.delete(this);
  }

  #destroyed(): void {
    this.#open = false;
    this.host.sessions.delete(this);
    this.#world.time.at(
      this.#world.time.now,
      this.host.process,
      () => this.connection.onSocketClosed(),
      "input",
    );
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

  #send(frame: AgentFrame): void {
    const bytes = bytesOf(frame);
    this.#toHost(() => this.connection.onBytes(bytes));
  }

  #toHost(act: () => void): void {
    const at = this.#arrival("to-aggregator");
    if (at === null) return;
    this.#world.time.at(
      at,
      this.host.process,
      () => {
        if (this.host.observer !== null) act();
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
}

function bytesOf(frame: AgentFrame): Buffer {
  return maskedFrame(encodeAgentFrame(frame), NO_MASK);
}

function onWire({ status, sinceAge, attributes, ...rest }: AgentCondition) {
  return {
    ...rest,
    status: STATUS[status],
    sinceAgeMs: sinceAge,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
  };
}
