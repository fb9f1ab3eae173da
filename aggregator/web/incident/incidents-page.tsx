/** Ongoing and ended incidents with a filter; the live ones come from the stream, older ones are fetched. */
import type { JSX } from "preact";
import type { IncidentRow, Page } from "../api/dto.ts";
import { isTrusted } from "../live/connection.ts";
import { hasPicture, incidents } from "../live/picture.ts";
import { LiveCount } from "../parts/live-count.tsx";
import { useRemote } from "../parts/remote.tsx";
import { query, setQuery } from "../state/route.ts";
import { countOf } from "../words/count.ts";
import { compareUrgency } from "./doing.ts";
import { type IncidentFilter, matchesIncident, parseIncidentFilter } from "./incident-filter.ts";
import { IncidentLines } from "./incident-lines.tsx";

/** The page is for reading; a longer list is for the API. */
const ENDED_MAX = 200;
const REFRESH_MS = 15_000;

export function IncidentsPage(): JSX.Element {
  const filter = parseIncidentFilter(query.value);
  const lately = incidents.value.filter((incident) => matchesIncident(filter, incident));
  const open = lately.filter((incident) => incident.open).sort(compareUrgency);
  const newest = lately[0]?.id ?? "";
  const path = `/incidents?open=false&sort=-openedAt&limit=${ENDED_MAX}`;
  const remote = useRemote<Page<IncidentRow>>(path, { everyMs: REFRESH_MS, version: newest }).value;
  const ended = merge(lately, remote.value?.items ?? []).filter((incident) =>
    matchesIncident(filter, incident),
  );
  if (!hasPicture.value) return <p class="waiting">Waiting for the first picture of the fleet…</p>;
  return (
    <article class={`page ${isTrusted.value ? "" : "untrusted"}`}>
      <header class="headline">
        <h1>
          {open.length === 0 ? "No open incident." : `${countOf(open.length, "open incident")}.`}
        </h1>
        <LiveCount text={`${countOf(open.length, "open incident")}, ${ended.length} ended shown`} />
      </header>
      <IncidentFilterBar filter={filter} />
      {filter.which !== "ended" && open.length > 0 && (
        <section>
          <h2>Open</h2>
          <IncidentLines incidents={open} label="Open incidents" />
        </section>
      )}
      {filter.which !== "open" && (
        <section>
          <h2>Ended</h2>
          {ended.length === 0 ? (
            <p class="muted">None matches.</p>
          ) : (
            <IncidentLines incidents={ended} label="Ended incidents" ended />
          )}
          {remote.value?.next != null && (
            <p class="muted">
              Only the newest {ENDED_MAX} are listed. <code>herdctl incident list</code> has all.
            </p>
          )}
        </section>
      )}
    </article>
  );
}

function merge(
  live: readonly IncidentRow[],
  fetched: readonly IncidentRow[],
): readonly IncidentRow[] {
  const byId = new Map(fetched.map((incident) => [incident.id, incident]));
  for (const incident of live) byId.set(incident.id, incident);
  return [...byId.values()]
    .filter((incident) => !incident.open)
    .sort((a, b) => ((a.endedAt ?? "") < (b.endedAt ?? "") ? 1 : -1));
}

const WHICH = [
  ["", "Open and ended"],
  ["open", "Open"],
  ["ended", "Ended"],
] as const;

function IncidentFilterBar({ filter }: { readonly filter: IncidentFilter }): JSX.Element {
  const families = [...new Set(incidents.value.map((incident) => incident.family))].sort();
  return (
    <search class="filter-bar">
      <div class="search-box">
        <label class="visually-hidden" for="incident-search">
          Search incidents by node, class, subject or message
        </label>
        <input
          id="incident-search"
          type="search"
          autocomplete="off"
          placeholder="Search incidents"
          value={query.value.get("q") ?? ""}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
        <kbd>/</kbd>
      </div>
      <fieldset class="chips">
        <legend class="visually-hidden">Which incidents</legend>
        {WHICH.map(([value, label]) => (
          <button
            type="button"
            key={value}
            class="chip"
            aria-pressed={filter.which === value}
            onClick={() => setQuery({ which: value })}
          >
            {label}
          </button>
        ))}
      </fieldset>
      <label class="select">
        Kind{" "}
        <select
          value={filter.family}
          onChange={(event) => setQuery({ family: event.currentTarget.value })}
        >
          <option value="">all</option>
          {families.map((family) => (
            <option key={family} value={family}>
              {family}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}
