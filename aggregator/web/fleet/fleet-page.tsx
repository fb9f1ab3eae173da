/** The first page: what is broken, in a sentence, in lines, in a picture and in a table. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { compareUrgency } from "../incident/doing.ts";
import { IncidentLines } from "../incident/incident-lines.tsx";
import { isTrusted } from "../live/connection.ts";
import { hasPicture, nodes } from "../live/picture.ts";
import { LiveCount } from "../parts/live-count.tsx";
import { isWall } from "../state/route.ts";
import { countOf, formatNumber } from "../words/count.ts";
import { EmptyFleet } from "./empty-fleet.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { headlineOf, totalOf } from "./headline.ts";
import { HeatMap, MapZoom } from "./heat-map.tsx";
import { NodeTable } from "./node-table.tsx";
import { followReasons } from "./reasons.ts";
import { openIncidents, shownNodes, totals } from "./view.ts";

/** More lines push the map off the screen; the incidents page has all. */
const LINES_MAX = 6;
const LINES_WALL_MAX = 10;

export function FleetPage(): JSX.Element {
  useEffect(followReasons, []);
  if (!hasPicture.value) return <p class="waiting">Waiting for the first picture of the fleet…</p>;
  if (nodes.value.length === 0) return <EmptyFleet />;
  return (
    <div class="fleet">
      <Headline />
      <OpenIncidents />
      <section aria-labelledby="nodes-heading">
        <div class={isWall.value ? "visually-hidden" : "section-head"}>
          <h2 id="nodes-heading">Nodes</h2>
          {!isWall.value && <MapZoom />}
        </div>
        {!isWall.value && <FilterBar />}
        <div class="fleet-views">
          <HeatMap />
          {!isWall.value && (shownNodes.value.length === 0 ? <NoMatch /> : <NodeTable />)}
        </div>
      </section>
    </div>
  );
}

function Headline(): JSX.Element {
  const counts = totals.value;
  const total = totalOf(counts);
  const text = isTrusted.value ? headlineOf(counts) : "Nothing is known right now.";
  const rest = isTrusted.value
    ? `${formatNumber(counts.ok)} of ${countOf(total, "node")} OK`
    : `${countOf(total, "node")}, last known state in grey`;
  return (
    <header class="headline">
      <h1>{text}</h1>
      <p class="muted">{rest}</p>
      <LiveCount text={`${text} ${rest}.`} />
    </header>
  );
}

function OpenIncidents(): JSX.Element | null {
  const open = [...openIncidents.value].sort(compareUrgency);
  if (open.length === 0) return null;
  const shown = open.slice(0, isWall.value ? LINES_WALL_MAX : LINES_MAX);
  const hidden = open.length - shown.length;
  return (
    <section aria-label="Open incidents" class={isTrusted.value ? "" : "untrusted"}>
      <IncidentLines incidents={shown} label="Most urgent open incidents" />
      {hidden > 0 && (
        <p class="more">
          <a href="/incidents">{countOf(hidden, "more open incident")}</a>
        </p>
      )}
    </section>
  );
}

function NoMatch(): JSX.Element {
  return <p class="waiting">No node matches this filter.</p>;
}
