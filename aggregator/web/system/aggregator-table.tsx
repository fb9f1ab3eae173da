/** Who takes part, and whether each was heard lately. */
import type { JSX } from "preact";
import type { AggregatorDto } from "../api/dto.ts";
import { Instant } from "../parts/time.tsx";
import { formatDuration } from "../words/duration.ts";

export function AggregatorTable({
  aggregators,
}: {
  readonly aggregators: readonly AggregatorDto[];
}): JSX.Element {
  return (
    <table class="lines">
      <thead>
        <tr>
          <th scope="col">Aggregator</th>
          <th scope="col">Shards</th>
          <th scope="col">Counter moved</th>
          <th scope="col">Mesh</th>
          <th scope="col">Version</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {aggregators.map((aggregator) => (
          <tr key={aggregator.id}>
            <td>
              <strong>{aggregator.id}</strong>
              {aggregator.self && <span class="muted"> · this one</span>}
              {aggregator.draining && <span class="doing doing-waiting"> draining</span>}
              <span class="muted block">{aggregator.httpEndpoint}</span>
            </td>
            <td class="num" data-label="Shards">
              {aggregator.shards}
            </td>
            <td class="num" data-label="Counter moved">
              {formatDuration(aggregator.lastChangeAgeMs)} ago
            </td>
            <td data-label="Mesh">{meshWords(aggregator)}</td>
            <td data-label="Version">{aggregator.version}</td>
            <td data-label="Started">
              <Instant at={aggregator.startedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function meshWords(aggregator: AggregatorDto): string {
  if (aggregator.self) return "itself";
  if (aggregator.meshConnected === null) return "unknown";
  return aggregator.meshConnected ? "connected" : "not connected";
}
