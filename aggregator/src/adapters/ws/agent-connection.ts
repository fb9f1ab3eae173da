/**
 * One agent's stream.
 *
 *     awaiting-hello --Hello--> awaiting-welcome --welcome()--> established
 *
 * Guarantee: the observer hears of a session by `onHello`, then everything in order, then exactly one
 * `onClosed`; a stream that never said a proper hello is never shown to it.
 */
import {
  type AggregatorFrame,
  type DecodedAgentFrame,
  decodeAgentFrame,
  encodeAggregatorFrame,
} from "@herdbeat/proto/frame-codec";
import { FrameError } from "@herdbeat/proto/frame-error";
import { FRAME_BYTES_MAX } from "@herdbeat/proto/frame-limits";
import { HEARTBEAT_FULL, HEARTBEAT_PLAIN, HeartbeatReader } from "@herdbeat/proto/heartbeat-reader";
import {
  negotiateVersion,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
} from "@herdbeat/proto/protocol-version";
import type { NodeId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import {
  type AgentObserver,
  type AgentSession,
  type CloseCause,
  HEARTBEAT_FLAG,
  type WitnessRequest,
} from "../../ports/agent-listener.ts";
import type { ListenerCounters } from "./listener-counters.ts";
import { peerPublicKey } from "./peer-identity.ts";
import { StreamConnection, type StreamContext } from "./stream-connection.ts";
import type { UpgradedStream } from "./stream-server.ts";
import {
  agentCondition,
  agentConditions,
  agentGoodbyeReason,
  agentHello,
  goodbyeFrame,
  helloNodeId,
  type OurGoodbyeReason,
  type WireHello,
  witnessReport,
  witnessRequestFrame,
} from "./wire.ts";

/** What all connections of a listener share. */
export interface ConnectionContext extends StreamContext {
  readonly observer: AgentObserver;
  readonly counters: ListenerCounters;
  readonly framesPerSecondMax: number;
  readonly aggregatorId: string;
  readonly aggregatorVersion: string;
  readonly clusterId: () => string;
  /** Node ids come from Hello; no certificates. */
  readonly insecure: boolean;
  /** The peer said a proper hello. */
  settled(connection: StreamConnection): void;
}

const UINT32_MAX = 0xffff_ffff;

/** Shared: frames are read one at a time. */
const heartbeatReader = new HeartbeatReader();

export class AgentConnection extends StreamConnection implements AgentSession {
  node = -1;
  readonly #context: ConnectionContext;
  #phase: "awaiting-hello" | "awaiting-welcome" | "established" = "awaiting-hello";
  #sequence = 0;

  constructor(stream: UpgradedStream, context: ConnectionContext) {
    super(stream, context);
    this.#context = context;
  }

  get remoteAddress(): string {
    return this.stream.remoteAddress;
  }

  welcome(welcome: Parameters<AgentSession["welcome"]>[0]): void {
    // The stream may have ended while the runtime decided.
    if (this.#phase !== "awaiting-welcome" || !this.isOpen) return;
    this.#phase = "established";
    const context = this.#context;
    this.#sendFrame({
      kind: "welcome",
      body: {
        version: PROTOCOL_VERSION,
        aggregatorId: context.aggregatorId,
        aggregatorVersion: context.aggregatorVersion,
        clusterId: context.clusterId(),
        nodeId: welcome.nodeId,
        incarnation: welcome.incarnation,
        sessionEpoch: welcome.sessionEpoch,
        heartbeatIntervalMs: welcome.heartbeatInterval,
        frameBytesMax: FRAME_BYTES_MAX,
        framesPerSecondMax: context.framesPerSecondMax,
        acknowledgedTransition: welcome.acknowledgedTransition,
      },
    });
  }

  ackHeartbeat(sequence: number, storeWriteAge: DurationMs): void {
    if (this.#phase !== "established" || !this.isOpen) return;
    const storeWriteAgeMs = Math.min(UINT32_MAX, Math.max(0, Math.round(storeWriteAge)));
    this.#sendFrame({ kind: "ack", body: { sequence, storeWriteAgeMs } });
  }

  ackEvent(transition: number): void {
    if (this.#phase !== "established" || !this.isOpen) return;
    this.#sendFrame({ kind: "eventAck", body: { transition } });
  }

  witness(request: WitnessRequest): void {
    if (this.#phase !== "established" || !this.isOpen) return;
    this.#sendFrame(witnessRequestFrame(request));
  }

  goodbye(
    reason: OurGoodbyeReason,
    message: string,
    endpoint = "",
    reconnectAfter?: DurationMs,
  ): void {
    if (!this.isOpen) return;
    const body = { reason, message, endpoint, reconnectAfter: reconnectAfter ?? 0 };
    this.leave(encodeAggregatorFrame(goodbyeFrame(body)));
  }

  protected override refusal(
    reason: "protocol-error" | "rate-exceeded",
    message: string,
  ): Uint8Array {
    return encodeAggregatorFrame(
      goodbyeFrame({ reason, message, endpoint: "", reconnectAfter: 0 }),
    );
  }

  protected override onPayload(bytes: Buffer, start: number, end: number): void {
    const kind = heartbeatReader.read(bytes, start, end);
    if (kind === HEARTBEAT_PLAIN && this.#phase === "established") this.#onHeartbeat();
    else this.#onFrame(bytes.subarray(start, end), kind === HEARTBEAT_FULL);
  }

  protected override onEnded(cause: CloseCause): void {
    if (this.#phase !== "awaiting-hello") this.#context.observer.onClosed(this, cause);
  }

  /** What heartbeatReader holds; false when it is not newer than the last one. */
  #onHeartbeat(): boolean {
    const { sequence, flags, lastTransition, ownLagMs } = heartbeatReader;
    const { counters, observer } = this.#context;
    counters.heartbeats += 1;
    if (sequence <= this.#sequence) {
      counters.staleHeartbeats += 1;
      return false;
    }
    counters.missedHeartbeats += sequence - this.#sequence - 1;
    this.#sequence = sequence;
    observer.onHeartbeat(this, sequence, flags, lastTransition, ownLagMs);
    return true;
  }

  /** `isRead` = heartbeatReader holds this frame's heartbeat, and conditions follow. */
  #onFrame(bytes: Buffer, isRead: boolean): void {
    this.#context.counters.fullDecodes += 1;
    let frame: DecodedAgentFrame;
    try {
      frame = decodeAgentFrame(bytes);
    } catch (error) {
      this.violate(error instanceof FrameError ? error.detail : "unreadable frame");
      return;
    }
    if (frame.kind === "unknown") this.#context.counters.unknownFrames += 1;
    else if (frame.kind === "hello") this.#onHello(frame.body);
    else if (this.#phase !== "established") this.violate(`${frame.kind} before welcome`);
    else this.#onEstablished(frame, isRead);
  }

  #onEstablished(
    frame: Exclude<DecodedAgentFrame, { kind: "unknown" | "hello" }>,
    isRead: boolean,
  ): void {
    const { counters, observer } = this.#context;
    switch (frame.kind) {
      case "heartbeat": {
        const { sequence, flags, lastTransition, ownLagMs, conditions } = frame.body;
        // Unusual bytes (a later version's fields), which the short reader did not take.
        if (!isRead) Object.assign(heartbeatReader, { sequence, flags, lastTransition, ownLagMs });
        if (this.#onHeartbeat() && (flags & HEARTBEAT_FLAG.full) !== 0)
          observer.onConditions(this, agentConditions(conditions));
        return;
      }
      case "event": {
        const { condition, transition, ageMs } = frame.body;
        counters.events += 1;
        if (condition === null || condition === undefined) this.violate("event of nothing");
        else observer.onEvent(this, transition, agentCondition(condition), ageMs as DurationMs);
        return;
      }
      case "witnessReport":
        counters.witnessReports += 1;
        observer.onWitnessReport(this, witnessReport(frame.body));
        return;
      case "goodbye":
        observer.onGoodbye(this, agentGoodbyeReason(frame.body.reason), frame.body.message);
        return;
      default:
        counters.ignoredFrames += 1;
    }
  }

  #onHello(hello: WireHello): void {
    if (this.#phase !== "awaiting-hello") {
      this.violate("second hello");
      return;
    }
    const { insecure, observer } = this.#context;
    const version = negotiateVersion(hello.versionMin, hello.versionMax);
    if (version === null) {
      const ours = `${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}`;
      const theirs = `${hello.versionMin} to ${hello.versionMax}`;
      this.#refuse("version-unsupported", `this side speaks ${ours}, the agent ${theirs}`);
      return;
    }
    const nodeId = this.#nodeId(hello);
    if (nodeId === null) {
      this.#refuse("identity-refused", insecure ? "no valid node id" : "certificate names no node");
      return;
    }
    this.#phase = "awaiting-welcome";
    this.#context.settled(this);
    const address = this.remoteAddress;
    observer.onHello(
      this,
      agentHello(hello, {
        nodeId,
        version,
        address,
        authenticated: !insecure,
        publicKey: insecure ? null : peerPublicKey(this.stream.socket),
      }),
    );
  }

  #nodeId(hello: WireHello): NodeId | null {
    if (this.#context.insecure) return helloNodeId(hello, null);
    const { identity } = this.stream;
    return identity === null ? null : helloNodeId(hello, identity);
  }

  #refuse(reason: OurGoodbyeReason, message: string): void {
    this.#context.counters.refusedHellos += 1;
    this.goodbye(reason, message);
  }

  #sendFrame(frame: AggregatorFrame): void {
    this.send(encodeAggregatorFrame(frame));
  }
}
