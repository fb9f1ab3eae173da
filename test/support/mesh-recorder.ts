/** A mesh listener that remembers everything it was told. */
import type {
  CensusAnswer,
  DisarmNotice,
  GenerationNotice,
  MeshListener,
  MeshPulse,
  PeerGone,
} from "@herdbeat/aggregator/ports/mesh";
import type { AggregatorId, FencingToken, ShardId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";

export class MeshRecorder implements MeshListener {
  readonly connected: AggregatorId[] = [];
  readonly pulses: (readonly [AggregatorId, MeshPulse])[] = [];
  readonly notices: (readonly [AggregatorId, GenerationNotice | DisarmNotice])[] = [];
  readonly questions: (readonly [AggregatorId, number])[] = [];
  readonly answers: (readonly [AggregatorId, CensusAnswer])[] = [];
  readonly gone: (readonly [AggregatorId, PeerGone])[] = [];

  onPeerConnected(peer: AggregatorId): void {
    this.connected.push(peer);
  }

  onPulse(peer: AggregatorId, pulse: MeshPulse): void {
    this.pulses.push([peer, pulse]);
  }

  onGeneration(peer: AggregatorId, notice: GenerationNotice): void {
    this.notices.push([peer, notice]);
  }

  onDisarm(peer: AggregatorId, notice: DisarmNotice): void {
    this.notices.push([peer, notice]);
  }

  onCensusQuestion(peer: AggregatorId, question: number): void {
    this.questions.push([peer, question]);
  }

  onCensusAnswer(peer: AggregatorId, answer: CensusAnswer): void {
    this.answers.push([peer, answer]);
  }

  onPeerGone(peer: AggregatorId, how: PeerGone): void {
    this.gone.push([peer, how]);
  }
}

export const PULSE: MeshPulse = {
  ownedShards: [
    {
      shard: 3 as ShardId,
      token: 1_763_635_200_123 as FencingToken,
      generation: { id: "g1", version: 5 },
    },
  ],
  storeWriteAge: durationMs(120),
  lostTimePermille: 3,
};
