/** How good the detector is, in figures with their bounds: of the fleet, or of one node. */
import type { JSX } from "preact";
import type { EstimateDto, MistakesDto, QualityFiguresDto } from "../api/dto.ts";
import { formatDuration } from "../words/duration.ts";
import { Fact, Facts } from "./facts.tsx";
import { Instant } from "./time.tsx";

export function QualityFacts({ figures }: { readonly figures: QualityFiguresDto }): JSX.Element {
  const { deaths, suspicion, declaration } = figures;
  return (
    <Facts>
      <Fact name="Observed">
        <span class="num">{hours(figures.observedNodeHours)}</span>
        <span class="muted block">
          since <Instant at={figures.since} />
        </span>
      </Fact>
      <Fact name="Proven deaths">
        <span class="num">{deaths.count}</span>
        {deaths.samples > 0 && (
          <span class="muted block num">
            declared after {seconds(deaths.medianMs.value)} in the median, {seconds(deaths.maxMs)}{" "}
            at most
          </span>
        )}
      </Fact>
      <Mistakes name="Wrongly suspected" figures={suspicion} />
      <Mistakes name="Wrongly declared" figures={declaration} />
    </Facts>
  );
}

interface MistakesProps {
  readonly name: string;
  readonly figures: MistakesDto;
}

function Mistakes({ name, figures }: MistakesProps): JSX.Element {
  return (
    <Fact name={name}>
      <span class="num">{figures.mistakes}</span>
      {figures.maxMs !== null && (
        <span class="muted num">, the longest for {formatDuration(figures.maxMs)}</span>
      )}
      <span class="muted block num">{rateWords(figures.perNodeHour)}</span>
      <span class="muted block num">{accuracyWords(figures.accuracy)}</span>
    </Fact>
  );
}

/** Rates are tiny: said as one in so many node hours, with the worst that the data allow. */
function rateWords({ value, high }: EstimateDto): string {
  if (value === null || high === null) return "no rate yet";
  if (value === 0) return `at most one in ${hours(1 / high)}`;
  return `one in ${hours(1 / value)}; at worst one in ${hours(1 / high)}`;
}

function accuracyWords({ value, low }: EstimateDto): string {
  if (value === null || low === null) return "accuracy not known yet";
  return `right ${share(value)} of the time; at least ${share(low)}`;
}

/** Rounded down: never more nines than there are. */
function share(value: number): string {
  return `${(Math.floor(value * 1e6) / 1e4).toFixed(4)}\u00a0%`;
}

function hours(value: number): string {
  const digits = value < 10 ? 1 : 0;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })} node hours`;
}

export function seconds(ms: number | null): string {
  return ms === null ? "unknown" : `${(ms / 1_000).toFixed(2)}\u00a0s`;
}
