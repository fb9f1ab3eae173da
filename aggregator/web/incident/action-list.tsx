/** What anyone did about it, with progress. */
import type { JSX } from "preact";
import type { ActionDto } from "../api/dto.ts";
import { Instant } from "../parts/time.tsx";
import { ACTION_STATE_WORDS } from "../words/incident-words.ts";

export function ActionList({ actions }: { readonly actions: readonly ActionDto[] }): JSX.Element {
  if (actions.length === 0) return <p class="muted">Nobody has reported an action yet.</p>;
  return (
    <ul class="actions">
      {actions.map((action) => (
        <li key={action.id}>
          <div class="action-head">
            <strong>{action.kind}</strong>
            <span class={`doing doing-${toneOf(action)}`}>{ACTION_STATE_WORDS[action.state]}</span>
            {action.progress !== null && <Progress action={action} percent={action.progress} />}
          </div>
          <p>
            {action.message}
            <span class="muted block">
              {action.by}, updated <Instant at={action.updatedAt} />
            </span>
          </p>
        </li>
      ))}
    </ul>
  );
}

function Progress({
  action,
  percent,
}: {
  readonly action: ActionDto;
  readonly percent: number;
}): JSX.Element {
  return (
    <span class="progress">
      <progress max={100} value={percent} aria-label={`Progress of ${action.kind}`} />
      <span class="num">{percent} %</span>
    </span>
  );
}

function toneOf(action: ActionDto): "quiet" | "failed" | "moving" {
  if (action.state === "failed") return "failed";
  return action.state === "succeeded" ? "quiet" : "moving";
}
