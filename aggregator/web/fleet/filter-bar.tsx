/** Search, states with their counts, "only not OK": one filter for map and table, kept in the address. */
import type { JSX } from "preact";
import { isTrusted } from "../live/connection.ts";
import { LiveCount } from "../parts/live-count.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { query, setQuery } from "../state/route.ts";
import { countOf, formatNumber } from "../words/count.ts";
import { SHOWN_STATES, STATE_WORDS } from "../words/node-states.ts";
import { isNarrowing, toggledStates } from "./filter.ts";
import { chipCounts, filter, shownNodes } from "./view.ts";

export const SEARCH_ID = "fleet-search";

export function FilterBar(): JSX.Element {
  const current = filter.value;
  return (
    <search class={`filter-bar ${isTrusted.value ? "" : "untrusted"}`}>
      <div class="search-box">
        <label class="visually-hidden" for={SEARCH_ID}>
          Search nodes by name, zone, row, rack, role or state
        </label>
        <input
          id={SEARCH_ID}
          type="search"
          autocomplete="off"
          spellcheck={false}
          placeholder="Search nodes"
          value={query.value.get("q") ?? ""}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <kbd>/</kbd>
      </div>
      <fieldset class="chips">
        <legend class="visually-hidden">Show nodes in these states</legend>
        {SHOWN_STATES.map((state) => (
          <button
            type="button"
            key={state}
            class="chip"
            title={STATE_WORDS[state].meaning}
            aria-pressed={current.states.has(state)}
            data-empty={chipCounts.value[state] === 0}
            onClick={() => setQuery({ state: toggledStates(current, state) })}
          >
            <StateMark state={state} />
            {STATE_WORDS[state].label}
            <span class="num">{formatNumber(chipCounts.value[state])}</span>
          </button>
        ))}
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          checked={current.onlyNotOk}
          onChange={(event) => setQuery({ notok: event.currentTarget.checked ? "1" : null })}
        />
        Only not OK
      </label>
      {isNarrowing(current) && (
        <button
          type="button"
          class="quiet"
          onClick={() => setQuery({ q: null, state: null, notok: null })}
        >
          Show all
        </button>
      )}
      <LiveCount text={`${countOf(shownNodes.value.length, "node")} shown`} />
    </search>
  );
}
