/** The API's types, through one door. Nothing of the server's code reaches the browser. */
import type * as cluster from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type * as rest from "@herdbeat/aggregator/adapters/http/dto";
import type * as quality from "@herdbeat/aggregator/adapters/http/quality-dto";
import type * as stream from "@herdbeat/aggregator/adapters/http/stream-dto";

export type ActionDto = rest.ActionDto;
export type AggregatorDto = cluster.AggregatorDto;
export type ConditionDto = rest.ConditionDto;
export type DeliveryDto = rest.DeliveryDto;
export type EvidenceDto = rest.EvidenceDto;
export type HistoryDto = rest.HistoryDto;
export type HoldDto = rest.HoldDto;
export type IncidentDetail = rest.IncidentDetail;
export type IncidentRow = rest.IncidentRow;
export type NewAction = rest.NewAction;
export type NodeDetail = rest.NodeDetail;
export type NodePage = rest.NodePage;
export type NodeRow = rest.NodeRow;
export type NoticeDto = cluster.NoticeDto;
export type Page<T> = rest.Page<T>;
export type Problem = cluster.Problem;
export type DrillDto = quality.DrillDto;
export type NewDrill = quality.NewDrill;
export type EstimateDto = quality.EstimateDto;
export type MistakesDto = quality.MistakesDto;
export type QualityDto = quality.QualityDto;
export type QualityFiguresDto = quality.QualityFiguresDto;
export type RuleDto = rest.RuleDto;
export type SelfDto = cluster.SelfDto;
export type SessionDto = cluster.SessionDto;
export type ShardDto = cluster.ShardDto;
export type StoreDto = cluster.StoreDto;
export type TransitionDto = rest.TransitionDto;
export type StreamDelta = stream.StreamDelta;
export type StreamNode = stream.StreamNode;
export type StreamSnapshot = stream.StreamSnapshot;
export type StreamTime = stream.StreamTime;

/** Bits of a stream node's flags, held equal to the server's by the type. */
export const STREAM_FLAGS: typeof stream.STREAM_FLAGS = {
  live: 1,
  connected: 2,
  shadow: 4,
  retired: 8,
};
