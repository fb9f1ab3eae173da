/** The detector's quality of service over the whole fleet, beside what its limits predict. */
import type { JSX } from "preact";
import type { QualityDto } from "../api/dto.ts";
import { Fact, Facts } from "../parts/facts.tsx";
import { QualityFacts, seconds } from "../parts/quality-facts.tsx";
import { useRemote } from "../parts/remote.tsx";

const REFRESH_MS = 15_000;

export function QualityPanel(): JSX.Element {
  const remote = useRemote<QualityDto>("/quality", { everyMs: REFRESH_MS, version: 0 }).value;
  const quality = remote.value;
  if (quality === null)
    return <p class="muted">{remote.error === "" ? "Being asked for…" : remote.error}</p>;
  const { prediction, drills } = quality;
  return (
    <>
      <Facts>
        <Fact name="A death is declared">
          <span class="num">
            {seconds(prediction.witnessed.fromMs)} to {seconds(prediction.witnessed.toMs)}
          </span>{" "}
          after it with witnesses
          <span class="block num">
            {seconds(prediction.alone.fromMs)} to {seconds(prediction.alone.toMs)} without
          </span>
          <span class="muted block num">
            {prediction.jitterMs === null
              ? "by the limits; no heartbeat looked at yet"
              : `by the limits, and heartbeats up to ${Math.round(prediction.jitterMs)} ms late`}
          </span>
        </Fact>
        <Fact name="In drills">
          <span class="num">{drills.declared.count}</span>
          {drills.declared.samples > 0 && (
            <span class="muted block num">
              declared after {seconds(drills.declared.medianMs.value)} in the median,{" "}
              {seconds(drills.declared.maxMs)} at most; accepted by a receiver after{" "}
              {seconds(drills.delivered.medianMs.value)}
            </span>
          )}
        </Fact>
      </Facts>
      <QualityFacts figures={quality.fleet} />
      <p class="muted">
        Bounds at {Math.round(quality.confidence * 100)} % confidence. Counted by{" "}
        {quality.countedBy.join(", ")}.
        {!quality.isComplete && " The store does not answer: the others' counts are missing."}
        {remote.error !== "" && ` The last refresh failed: ${remote.error}.`}
      </p>
    </>
  );
}
