/** One incident. Why we say so comes first; then what happened, who was told and what was done. */
import type { JSX } from "preact";
import type { IncidentDetail } from "../api/dto.ts";
import { isTrusted } from "../live/connection.ts";
import { incidentById, incidents } from "../live/picture.ts";
import { CopyButton, curlCommand } from "../parts/copy-button.tsx";
import { Fact, Facts } from "../parts/facts.tsx";
import { useRemote } from "../parts/remote.tsx";
import { RemoteError } from "../parts/remote-error.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Instant, Since } from "../parts/time.tsx";
import { nodeHref } from "../state/route.ts";
import { capital } from "../words/capital.ts";
import { classWords } from "../words/class-words.ts";
import { PHASE_MEANING, PHASE_WORDS } from "../words/incident-words.ts";
import { Acknowledge } from "./acknowledge.tsx";
import { ActionList } from "./action-list.tsx";
import { DeliveryTable } from "./delivery-table.tsx";
import { markOf } from "./incident-lines.tsx";
import { Timeline } from "./timeline.tsx";
import { WhyPanel } from "./why-panel.tsx";

/** Attempts of a delivery move without the incident changing. */
const REFRESH_MS = 3_000;
/** Of an ended one only late deliveries still change. */
const REFRESH_ENDED_MS = 30_000;

export function IncidentPage({ id }: { readonly id: string }): JSX.Element {
  void incidents.value;
  const row = incidentById(id);
  const path = `/incidents/${encodeURIComponent(id)}`;
  const version =
    row === undefined ? 0 : `${row.phase} ${row.transition} ${JSON.stringify(row.actions)}`;
  const isOver = row !== undefined && !row.open;
  const everyMs = isOver ? REFRESH_ENDED_MS : REFRESH_MS;
  const remote = useRemote<IncidentDetail>(path, { everyMs, version }).value;
  const incident = remote.value;
  if (incident === null)
    return (
      <RemoteError
        remote={remote}
        what={`incident ${id}`}
        back={{ href: "/incidents", text: "Incidents" }}
      />
    );
  return (
    <article class={`page ${isTrusted.value ? "" : "untrusted"}`}>
      <p class="crumbs">
        <a href="/incidents">Incidents</a>
      </p>
      <IncidentTitle incident={incident} />
      <div class="columns">
        <div>
          <WhyPanel incident={incident} />
          <section>
            <h2>What is being done</h2>
            <ActionList actions={incident.actions} />
            <Acknowledge incident={incident} />
          </section>
          <section>
            <h2>Who was told</h2>
            <DeliveryTable deliveries={incident.deliveries} />
          </section>
          <section>
            <h2>What happened</h2>
            <Timeline transitions={incident.timeline} />
          </section>
        </div>
        <aside>
          <IncidentFacts incident={incident} />
          <CopyButton label="Copy as curl" text={() => curlCommand(`/api/v1${path}`)} />
          <CopyButton label="Copy link" text={() => location.href} />
        </aside>
      </div>
    </article>
  );
}

function IncidentTitle({ incident }: { readonly incident: IncidentDetail }): JSX.Element {
  const subject = incident.subjectName === "" ? "" : ` (${incident.subjectName})`;
  return (
    <header class="title">
      <h1>
        <a href={nodeHref(incident.node)}>{incident.hostname}</a>: {classWords(incident.class)}
        {subject}
      </h1>
      <p class="title-state">
        <StateMark state={markOf(incident)} />{" "}
        <strong>
          <abbr title={PHASE_MEANING[incident.phase]}>{PHASE_WORDS[incident.phase]}</abbr>
        </strong>
        {incident.endedAt === null ? (
          <span>
            {" "}
            for <Since at={incident.openedAt} />, since <Instant at={incident.openedAt} />
          </span>
        ) : (
          <span>
            {" "}
            at <Instant at={incident.endedAt} />, opened <Instant at={incident.openedAt} />
          </span>
        )}
      </p>
      <p class="title-reason">{capital(incident.message)}.</p>
      {incident.drill !== null && (
        <p>
          <strong>This is a drill.</strong> The node only seems to die; nothing is done to it, and
          nothing is asked of recovery.
        </p>
      )}
      {incident.shadow && incident.drill === null && (
        <p class="muted">Shadow: decided and recorded; nothing is fenced or requested.</p>
      )}
    </header>
  );
}

function IncidentFacts({ incident }: { readonly incident: IncidentDetail }): JSX.Element {
  const place = ["az", "segment", "row", "rack"]
    .map((label) => incident.labels[label])
    .filter((value) => value !== undefined && value !== "");
  return (
    <>
      <h2>Facts</h2>
      <Facts>
        <Fact name="Incident">
          <code>{incident.id}</code>
        </Fact>
        <Fact name="Class">
          <code>{incident.class}</code>
        </Fact>
        <Fact name="Reason">
          <code>{incident.reason}</code>
        </Fact>
        <Fact name="Node">
          <a href={nodeHref(incident.node)}>{incident.hostname}</a>
        </Fact>
        {place.length > 0 && <Fact name="Place">{place.join(" · ")}</Fact>}
        <Fact name="Shard">{incident.shard}</Fact>
        <Fact name="Boot id">
          <code>{incident.bootId}</code>
        </Fact>
        <Fact name="Onset">{incident.onset}</Fact>
        {Object.entries(incident.attributes).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        <Fact name="Inputs">
          {incident.replayable ? "kept: the decision can be run again" : "not kept"}
        </Fact>
      </Facts>
    </>
  );
}
