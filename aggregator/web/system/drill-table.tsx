/** The last drills: which node seemed to die, and how soon that was told. */
import type { JSX } from "preact";
import type { DrillDto, Page } from "../api/dto.ts";
import { seconds } from "../parts/quality-facts.tsx";
import { useRemote } from "../parts/remote.tsx";
import { Instant } from "../parts/time.tsx";
import { nodeHref } from "../state/route.ts";
import { capital } from "../words/capital.ts";

const REFRESH_MS = 10_000;
const SHOWN_MAX = 10;

export function DrillTable(): JSX.Element {
  const remote = useRemote<Page<DrillDto>>("/drills", { everyMs: REFRESH_MS, version: 0 }).value;
  const drills = remote.value?.items.slice(0, SHOWN_MAX) ?? [];
  if (remote.value === null)
    return <p class="muted">{remote.error === "" ? "Being asked for…" : remote.error}</p>;
  if (drills.length === 0)
    return <p class="muted">None yet. A node's page begins one; nothing is done to the node.</p>;
  return (
    <table class="lines">
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Began</th>
          <th scope="col">Result</th>
          <th scope="col">Declared after</th>
          <th scope="col">Received after</th>
        </tr>
      </thead>
      <tbody>
        {drills.map((drill) => (
          <tr key={drill.id}>
            <td>
              <a href={nodeHref(drill.node)}>{drill.hostname || drill.node}</a>
              <span class="muted block">by {drill.by}</span>
            </td>
            <td data-label="Began">
              <Instant at={drill.startedAt} />
            </td>
            <td data-label="Result">
              {capital(drill.outcome)}
              <span class="muted block">{drill.because}</span>
            </td>
            <td class="num" data-label="Declared after">
              {drill.declaredMs === null ? "–" : seconds(drill.declaredMs)}
            </td>
            <td class="num" data-label="Received after">
              {drill.deliveredMs === null ? "–" : seconds(drill.deliveredMs)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
