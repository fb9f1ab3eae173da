/**
 * What aggregators tell each other directly. A hint, never authority: the store decides. Messages
 * can be lost with a link and are never repeated here; callbacks are synchronous and must not throw.
 */
import type { AggregatorId, FencingToken, IncidentId, ShardId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import type { DomainCount } from "../core/census.ts";
import type { StoreGeneration } from "./shard-store.ts";

export interface MeshPeer {
  readonly id: AggregatorId;
  /** `wss://host:port` (`ws://` when insecure). */
  readonly endpoint: string;
}

export interface OwnedShard {
  readonly shard: ShardId;
  readonly token: FencingToken;
  readonly generation: StoreGeneration;
}

export interface MeshPulse {
  readonly ownedShards: readonly OwnedShard[];
  /** Age of the sender's last successful liveness write. */
  readonly storeWriteAge: DurationMs;
  readonly lostTimePermille: number;
}

/** Sent before a commit is acted on: the receivers remember it on disk. */
export interface GenerationNotice {
  readonly shard: ShardId;
  readonly generation: StoreGeneration;
  readonly incident: IncidentId;
}

export interface DisarmNotice {
  readonly disarmed: boolean;
  readonly by: string;
  readonly reason: string;
}

export interface CensusAnswer {
  readonly question: number;
  readonly domains: readonly DomainCount[];
  /** The shards it counts; none when its domains are too many for one answer. */
  readonly shards: readonly ShardId[];
}

/**
 * How a peer's link ended. `closed-and-refused`: its kernel closed the connection and then refused a
 * new one: the process is dead. `lost`: anything else, which proves nothing.
 */
export type PeerGone = "closed-and-refused" | "lost";

export interface MeshListener {
  onPeerConnected(peer: AggregatorId): void;
  onPulse(peer: AggregatorId, pulse: MeshPulse): void;
  onGeneration(peer: AggregatorId, notice: GenerationNotice): void;
  onDisarm(peer: AggregatorId, notice: DisarmNotice): void;
  onCensusQuestion(peer: AggregatorId, question: number): void;
  onCensusAnswer(peer: AggregatorId, answer: CensusAnswer): void;
  /** Once per connected link that ended; `closed-and-refused` within about 200 ms of the death. */
  onPeerGone(peer: AggregatorId, how: PeerGone): void;
}

export interface Mesh {
  start(self: AggregatorId, listener: MeshListener): Promise<void>;
  stop(): Promise<void>;
  /** All other aggregators as the store lists them. The one with the lower id dials, again and again. */
  setPeers(peers: readonly MeshPeer[]): void;
  isConnected(peer: AggregatorId): boolean;
  broadcastPulse(pulse: MeshPulse): void;
  /** To every connected peer; the number of them. */
  broadcastGeneration(notice: GenerationNotice): number;
  broadcastDisarm(notice: DisarmNotice): void;
  /** Of every connected peer. */
  askCensus(question: number): void;
  answerCensus(peer: AggregatorId, answer: CensusAnswer): void;
}
