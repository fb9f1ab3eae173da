/** One node: its state in a sentence, what its agent holds to be true, and what happened to it. */
import type { JSX } from "preact";
import type { NodeDetail } from "../api/dto.ts";
import { stateNow, whyOf } from "../fleet/view.ts";
import { IncidentLines } from "../incident/incident-lines.tsx";
import { isTrusted } from "../live/connection.ts";
import { nodeById, nodes } from "../live/picture.ts";
import { CopyButton, curlCommand } from "../parts/copy-button.tsx";
import { type Remote, useRemote } from "../parts/remote.tsx";
import { RemoteError } from "../parts/remote-error.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Instant, Since, toUnixMs } from "../parts/time.tsx";
import { now } from "../state/clock.ts";
import { capital } from "../words/capital.ts";
import {
  RECORDED_STATE_WORDS,
  type ShownState,
  STATE_WORDS,
  shownState,
} from "../words/node-states.ts";
import { ConditionTable } from "./condition-table.tsx";
import { NodeFacts } from "./node-facts.tsx";
import { NodeHistory } from "./node-history.tsx";
import { NodeQuality } from "./node-quality.tsx";
import { StartDrill } from "./start-drill.tsx";

/** The heartbeat's age is only known by asking; one small answer every two seconds. */
const REFRESH_MS = 2_000;
/** Three refreshes missed: the page no longer claims to know. */
const OLD_MS = 8_000;

export function NodePage({ id }: { readonly id: string }): JSX.Element {
  void nodes.value;
  const entry = nodeById(id);
  const path = `/nodes/${encodeURIComponent(id)}`;
  const version =
    entry === undefined ? 0 : `${entry.since} ${entry.problems} ${entry.openIncidents}`;
  const remote = useRemote<NodeDetail>(path, { everyMs: REFRESH_MS, version }).value;
  const detail = remote.value;
  if (detail === null)
    return <RemoteError remote={remote} what={`node ${id}`} back={{ href: "/", text: "Fleet" }} />;
  const known = isKnown(remote);
  return (
    <article class="page">
      <p class="crumbs">
        <a href="/">Fleet</a>
      </p>
      <NodeTitle detail={detail} known={known} why={entry === undefined ? "" : whyOf(entry)} />
      <div class="columns">
        <div>
          {detail.incidents.length > 0 && (
            <section>
              <h2>Open incidents</h2>
              <IncidentLines
                incidents={detail.incidents}
                label={`Open incidents of ${detail.hostname}`}
                withNode={false}
              />
            </section>
          )}
          <section>
            <h2>Conditions</h2>
            <ConditionTable conditions={detail.conditions} known={known} state={detail.state} />
          </section>
          <section>
            <h2>History</h2>
            <NodeHistory detail={detail} />
          </section>
        </div>
        <aside>
          <NodeFacts detail={detail} arrivedAt={remote.arrivedAt} known={known} />
          <NodeQuality id={detail.id} />
          {detail.state === "alive" && <StartDrill id={detail.id} />}
          <CopyButton label="Copy as curl" text={() => curlCommand(`/api/v1${path}`)} />
        </aside>
      </div>
    </article>
  );
}

function isKnown(remote: Remote<NodeDetail>): boolean {
  return isTrusted.value && remote.value !== null && now.value - remote.arrivedAt < OLD_MS;
}

function shownOf(detail: NodeDetail, known: boolean): ShownState {
  if (!known) return "unknown";
  const fromStream = nodeById(detail.id);
  if (fromStream !== undefined) return stateNow(fromStream);
  const troubled = detail.problems > 0 || detail.openIncidents.length > 0;
  return shownState({ state: detail.state, troubled, maintenance: detail.retired });
}

/** When the oldest of its problems began. */
function problemSince(detail: NodeDetail): string {
  const starts = detail.conditions
    .filter((condition) => condition.status !== "ok")
    .map((condition) => condition.since)
    .concat(detail.incidents.map((incident) => incident.openedAt))
    .sort();
  return starts[0] ?? detail.stateSince;
}

/** A living node with a problem is explained by the problem, not by the fact that it lives. */
function sentence(state: ShownState, detail: NodeDetail, why: string): string {
  const unjudged = nodeById(detail.id)?.unjudged ?? "";
  if (state === "unknown" && unjudged !== "") return unjudged;
  if (state === "problem" && why !== "") return why;
  return detail.stateReason || why || STATE_WORDS[state].meaning;
}

interface NodeTitleProps {
  readonly detail: NodeDetail;
  readonly known: boolean;
  readonly why: string;
}

function NodeTitle({ detail, known, why }: NodeTitleProps): JSX.Element {
  const state = shownOf(detail, known);
  const since = state === "problem" ? problemSince(detail) : detail.stateSince;
  const recorded = RECORDED_STATE_WORDS[detail.state] ?? detail.state;
  const reason = known
    ? sentence(state, detail, why)
    : "The last answer is too old to say anything about now.";
  return (
    <header class="title">
      <h1>{detail.hostname}</h1>
      <p class="title-state">
        <StateMark state={state} /> <strong>{STATE_WORDS[state].label}</strong>
        {known ? (
          <span>
            {" "}
            for <Since at={since} />, since <Instant at={since} />
          </span>
        ) : (
          <span>
            {" "}
            (was {recorded.toLowerCase()} at <Instant at={toUnixMs(detail.asOf)} />)
          </span>
        )}
      </p>
      <p class="title-reason">{capital(reason)}</p>
      {detail.shadow && (
        <p class="muted">
          Shadow: everything is decided and recorded, nothing is fenced or requested.
        </p>
      )}
      {detail.retired && <p class="muted">Retired: this node is no longer judged.</p>}
    </header>
  );
}
