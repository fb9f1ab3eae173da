/** Hand-offs of this incident: one line per transition and destination. */
import type { JSX } from "preact";
import type { DeliveryDto } from "../api/dto.ts";
import { Instant, toUnixMs } from "../parts/time.tsx";
import { now } from "../state/clock.ts";
import { formatCoarse } from "../words/duration.ts";
import { DELIVERY_STATE_WORDS, wordsFor } from "../words/incident-words.ts";

export function DeliveryTable({
  deliveries,
}: {
  readonly deliveries: readonly DeliveryDto[];
}): JSX.Element {
  if (deliveries.length === 0)
    return (
      <p class="muted">
        No delivery is on record: no destination takes this class, or it is not announced.
      </p>
    );
  return (
    <table class="lines">
      <thead>
        <tr>
          <th scope="col">Destination</th>
          <th scope="col">What</th>
          <th scope="col">State</th>
          <th scope="col">Attempts</th>
          <th scope="col">Last answer</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr key={delivery.id}>
            <td>{delivery.destination}</td>
            <td class="nowrap">
              {delivery.kind} · transition {delivery.transition}
            </td>
            <td>
              <span class={`doing doing-${toneOf(delivery)}`}>
                {wordsFor(DELIVERY_STATE_WORDS, delivery.state)}
              </span>
              {delivery.nextAttemptAt !== null && <NextAttempt at={delivery.nextAttemptAt} />}
            </td>
            <td class="num" data-label="Attempts">
              {delivery.attempts}
            </td>
            <td data-label="Last answer">{lastAnswer(delivery)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NextAttempt({ at }: { readonly at: string }): JSX.Element | null {
  const inMs = toUnixMs(at) - now.value;
  if (inMs <= 0) return null;
  return (
    <span class="muted block num">
      next attempt in {formatCoarse(inMs)}, at <Instant at={at} />
    </span>
  );
}

function toneOf(delivery: DeliveryDto): "quiet" | "failed" | "moving" {
  if (delivery.state === "parked") return "failed";
  if (delivery.state === "delivered" || delivery.state === "superseded") return "quiet";
  return delivery.attempts > 0 && delivery.lastError !== "" ? "failed" : "moving";
}

function lastAnswer({ lastStatus, lastError }: DeliveryDto): string {
  const status = lastStatus === null ? "" : `HTTP ${lastStatus}`;
  if (lastError === "") return status === "" ? "none yet" : status;
  return status === "" || lastError.startsWith(status) ? lastError : `${status}: ${lastError}`;
}
