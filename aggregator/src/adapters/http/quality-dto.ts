/** The JSON of the detector's quality of service. Types only. */

/** The most likely value with its bounds at 95 %; null where these data give none. */
export interface EstimateDto {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface MistakesDto {
  readonly mistakes: number;
  readonly perNodeHour: EstimateDto;
  readonly meanMs: EstimateDto;
  readonly maxMs: number | null;
  readonly accuracy: EstimateDto;
}

export interface DetectionTimesDto {
  /** All that were counted. */
  readonly count: number;
  /** The newest of them, from which the times are. */
  readonly samples: number;
  readonly medianMs: EstimateDto;
  readonly p99Ms: EstimateDto;
  readonly maxMs: number | null;
}

export interface QualityFiguresDto {
  readonly since: string;
  readonly observedNodeHours: number;
  readonly suspicion: MistakesDto;
  readonly declaration: MistakesDto;
  readonly deaths: DetectionTimesDto;
}

export interface PredictedDto {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface QualityDto {
  readonly confidence: number;
  readonly prediction: {
    readonly jitterMs: number | null;
    readonly witnessed: PredictedDto;
    readonly alone: PredictedDto;
  };
  readonly fleet: QualityFiguresDto;
  readonly shards: readonly (QualityFiguresDto & { readonly shard: number })[];
  /** Of the node that was asked for; null when none was. */
  readonly node: (QualityFiguresDto & { readonly id: string }) | null;
  readonly countedBy: readonly string[];
  readonly isComplete: boolean;
  readonly asOf: string;
}
