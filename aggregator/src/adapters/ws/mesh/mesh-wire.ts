/** Mesh messages between the wire's terms and the aggregator's own. */
import type { DecodedMeshFrame, MeshFrame } from "@herdbeat/proto/frame-codec";
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@herdbeat/proto/protocol-version";
import { limitText } from "@herdbeat/proto/text-limit";
import type { AggregatorId, FencingToken, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type {
  CensusAnswer,
  DisarmNotice,
  GenerationNotice,
  MeshListener,
  MeshPulse,
} from "../../../ports/mesh.ts";

const UINT32_MAX = 0xffff_ffff;
const TEXT_BYTES_MAX = 256;

export function helloFrame(self: AggregatorId, clusterId: string): MeshFrame {
  return {
    kind: "hello",
    body: {
      versionMin: PROTOCOL_VERSION_MIN,
      versionMax: PROTOCOL_VERSION,
      aggregatorId: self,
      clusterId,
    },
  };
}

export function pulseFrame(pulse: MeshPulse): MeshFrame {
  return {
    kind: "pulse",
    body: {
      shards: pulse.ownedShards.map(({ shard, token, generation }) => ({
        shard,
        token,
        generationId: generation.id,
        generationVersion: generation.version,
      })),
      storeWriteAgeMs: Math.min(UINT32_MAX, Math.max(0, Math.round(pulse.storeWriteAge))),
      lostTimePermille: Math.round(pulse.lostTimePermille),
    },
  };
}

export function generationFrame({ shard, generation, incident }: GenerationNotice): MeshFrame {
  return {
    kind: "generation",
    body: {
      shard,
      generationId: generation.id,
      generationVersion: generation.version,
      incidentId: incident,
    },
  };
}

export function disarmFrame({ disarmed, by, reason }: DisarmNotice): MeshFrame {
  const limited = { by: limitText(by, TEXT_BYTES_MAX), reason: limitText(reason, TEXT_BYTES_MAX) };
  return { kind: "disarm", body: { disarmed, ...limited } };
}

export function censusAnswerFrame({ question, domains, shards }: CensusAnswer): MeshFrame {
  return {
    kind: "censusAnswer",
    body: { questionId: question, domains: [...domains], shards: [...shards] },
  };
}

/** Hands a message of a connected peer to the listener; false for one that nobody acts on. */
export function dispatch(
  listener: MeshListener,
  peer: AggregatorId,
  frame: DecodedMeshFrame,
): boolean {
  switch (frame.kind) {
    case "pulse":
      listener.onPulse(peer, {
        ownedShards: frame.body.shards.map((owned) => ({
          shard: (owned.shard ?? 0) as ShardId,
          token: (owned.token ?? 0) as FencingToken,
          generation: { id: owned.generationId ?? "", version: owned.generationVersion ?? 0 },
        })),
        storeWriteAge: durationMs(frame.body.storeWriteAgeMs),
        lostTimePermille: frame.body.lostTimePermille,
      });
      return true;
    case "generation":
      listener.onGeneration(peer, {
        shard: frame.body.shard as ShardId,
        generation: { id: frame.body.generationId, version: frame.body.generationVersion },
        incident: frame.body.incidentId as IncidentId,
      });
      return true;
    case "disarm": {
      const { disarmed, by, reason } = frame.body;
      listener.onDisarm(peer, { disarmed, by, reason });
      return true;
    }
    case "censusQuestion":
      listener.onCensusQuestion(peer, frame.body.questionId);
      return true;
    case "censusAnswer":
      listener.onCensusAnswer(peer, {
        question: frame.body.questionId,
        domains: frame.body.domains.map((count) => ({
          domain: count.domain ?? "",
          nodes: count.nodes ?? 0,
          overdue: count.overdue ?? 0,
          suspect: count.suspect ?? 0,
          declared: count.declared ?? 0,
          lead: (count.lead ?? "") as NodeId,
          told: count.told ?? false,
        })),
        shards: frame.body.shards as readonly number[] as readonly ShardId[],
      });
      return true;
    default:
      return false;
  }
}
