/** What happened to a node: bands of states over the recorded time, then every entry, newest first. */

import type { NodeStateName } from "@herdbeat/aggregator/core/node-record";
import type { JSX } from "preact";
import type { NodeDetail } from "../api/dto.ts";
import { Instant, toUnixMs } from "../parts/time.tsx";
import { now } from "../state/clock.ts";
import { incidentHref } from "../state/route.ts";
import {
  RECORDED_STATE_WORDS,
  type ShownState,
  STATE_WORDS,
  shownState,
} from "../words/node-states.ts";
import { historyLine } from "./history-line.ts";
import { type Band, stateBands } from "./state-bands.ts";

export function NodeHistory({ detail }: { readonly detail: NodeDetail }): JSX.Element {
  if (detail.history.length === 0) return <p class="muted">Nothing is on record.</p>;
  const bands = stateBands(detail.history, now.value);
  return (
    <>
      {bands.length > 1 && <Bands bands={bands} />}
      <ol class="history">
        {detail.history.map((entry, index) => {
          const line = historyLine(entry);
          return (
            <li key={`${entry.at} ${index}`}>
              <Instant at={entry.at} />
              <span class="history-kind">{entry.kind}</span>
              <span>
                <strong>{line.title}</strong>
                {line.detail !== "" && ` ${line.detail}`}
                {line.incident !== null && (
                  <>
                    {" "}
                    <a href={incidentHref(line.incident)}>incident</a>
                  </>
                )}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

const isRecorded = (name: string): name is NodeStateName =>
  Object.hasOwn(RECORDED_STATE_WORDS, name);

function markOf(name: string): ShownState {
  if (!isRecorded(name)) return "unknown";
  return shownState({ state: name, troubled: false, maintenance: false });
}

function Bands({ bands }: { readonly bands: readonly Band[] }): JSX.Element {
  const from = bands[0]?.from ?? 0;
  const length = Math.max(1, (bands.at(-1)?.to ?? 0) - from);
  const label = bands
    .map(
      (band) =>
        `${STATE_WORDS[markOf(band.state)].label} from ${new Date(band.from).toISOString()}`,
    )
    .join(", ");
  return (
    <figure class="bands">
      <div class="bands-line" role="img" aria-label={`States over time: ${label}`}>
        {bands.map((band) => (
          <i
            key={band.from}
            class={`band band-${markOf(band.state)}`}
            style={{
              left: `${((band.from - from) / length) * 100}%`,
              width: `${((band.to - band.from) / length) * 100}%`,
            }}
          />
        ))}
      </div>
      <figcaption>
        <Instant at={toUnixMs(from)} /> <span>now</span>
      </figcaption>
    </figure>
  );
}
