/** Said once and loudly: what is below may no longer be true. */
import type { JSX } from "preact";
import { freshness } from "../live/connection.ts";
import { Instant } from "../parts/time.tsx";
import { formatCoarse } from "../words/duration.ts";

export function LostBanner(): JSX.Element | null {
  const fresh = freshness.value;
  if (fresh.kind !== "lost") return null;
  return (
    <div class="lost" role="alert">
      <strong>Disconnected.</strong> The aggregator was last heard at <Instant at={fresh.heardAt} />
      <span aria-hidden="true">, {formatCoarse(fresh.ageMs)} ago</span>. Everything below is a
      memory from then and counts as unknown. Reconnecting by itself.
    </div>
  );
}
