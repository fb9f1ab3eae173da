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
  readonly drills: {
    readonly declared: DetectionTimesDto;
    readonly delivered: DetectionTimesDto;
  };
  readonly fleet: QualityFiguresDto;
  readonly shards: readonly (QualityFiguresDto & { readonly shard: number })[];
  /** Of the node that was asked for; null when none was. */
  readonly node: (QualityFiguresDto & { readonly id: string }) | null;
  readonly countedBy: readonly string[];
  readonly isComplete: boolean;
  readonly asOf: string;
}

export interface DrillDto {
  readonly id: string;
  readonly node: string;
  readonly hostname: string;
  readonly by: string;
  readonly aggregator: string;
  readonly startedAt: string;
  readonly outcome: "running" | "measured" | "ended" | "lost";
  readonly because: string;
  readonly incident: string | null;
  readonly declaredMs: number | null;
  readonly durableMs: number | null;
  readonly deliveredMs: number | null;
  readonly endedAt: string | null;
}

export interface NewDrill {
  readonly node: string;
}
