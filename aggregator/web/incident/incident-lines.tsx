/** Incidents as lines that answer: what is broken, how sure is that, what is being done. */
import type { JSX } from "preact";
import type { IncidentRow } from "../api/dto.ts";
import { shortName } from "../live/picture.ts";
import { GradeMeter } from "../parts/grade-meter.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Instant, Since } from "../parts/time.tsx";
import { incidentHref } from "../state/route.ts";
import { classWords } from "../words/class-words.ts";
import type { ShownState } from "../words/node-states.ts";
import { doingOf, needsProof, saidBy } from "./doing.ts";

export function markOf(
  incident: Pick<IncidentRow, "open" | "class" | "family" | "phase">,
): ShownState {
  if (!incident.open) return "ok";
  if (incident.phase === "committed") return "committed";
  if (needsProof(incident)) return "declared";
  return incident.family === "agent" ? "agent" : "problem";
}

export interface IncidentLinesProps {
  readonly incidents: readonly IncidentRow[];
  readonly label: string;
  /** On a node's own page its name is not repeated. */
  readonly withNode?: boolean;
  /** Ended ones say how and when they ended. */
  readonly ended?: boolean;
}

export function IncidentLines(props: IncidentLinesProps): JSX.Element {
  const { incidents, label, withNode = true, ended = false } = props;
  return (
    <table class="lines incidents" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{ended ? "What was broken" : "What is broken"}</th>
          <th scope="col">How sure</th>
          <th scope="col">{ended ? "How it ended" : "What is being done"}</th>
          <th scope="col" class="col-since">
            {ended ? "When" : "For"}
          </th>
        </tr>
      </thead>
      <tbody>
        {incidents.map((incident) => (
          <IncidentLine key={incident.id} incident={incident} withNode={withNode} />
        ))}
      </tbody>
    </table>
  );
}

interface IncidentLineProps {
  readonly incident: IncidentRow;
  readonly withNode: boolean;
}

function IncidentLine({ incident, withNode }: IncidentLineProps): JSX.Element {
  const doing = doingOf(incident);
  return (
    <tr class={incident.open ? "" : "ended"}>
      <td>
        <a href={incidentHref(incident.id)} class="line-title">
          <StateMark state={markOf(incident)} />
          {withNode && <strong title={incident.hostname}>{shortName(incident.hostname)}</strong>}
          <span>
            {classWords(incident.class)}
            {incident.subjectName !== "" && <span class="muted"> · {incident.subjectName}</span>}
          </span>
        </a>
      </td>
      <td>
        {needsProof(incident) ? (
          <GradeMeter grade={incident.grade} />
        ) : (
          <span class="muted">{saidBy(incident)}</span>
        )}
      </td>
      <td>
        <span class={`doing doing-${doing.tone}`}>{doing.text}</span>
      </td>
      <td class="col-since">
        {incident.endedAt === null ? (
          <Since at={incident.openedAt} />
        ) : (
          <>
            <span class="visually-hidden">ended </span>
            <Instant at={incident.endedAt} />
          </>
        )}
      </td>
    </tr>
  );
}
