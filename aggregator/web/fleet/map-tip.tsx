/** Names the cell under the pointer or the keyboard's frame. */
import type { JSX } from "preact";
import type { NodeEntry } from "../live/picture.ts";
import { StateMark } from "../parts/state-mark.tsx";
import { Since } from "../parts/time.tsx";
import { STATE_WORDS } from "../words/node-states.ts";
import type { Cell, MapLayout } from "./map-layout.ts";
import { sinceOf, stateNow, whyOf } from "./view.ts";

const TIP_WIDTH_PX = 300;

export interface MapTipProps {
  readonly node: NodeEntry | undefined;
  readonly cell: Cell | undefined;
  readonly layout: MapLayout;
}

export function MapTip({ node, cell, layout }: MapTipProps): JSX.Element | null {
  if (node === undefined || cell === undefined) return null;
  const state = stateNow(node);
  const since = sinceOf(node);
  const left = Math.max(0, Math.min(cell.x, layout.width - TIP_WIDTH_PX));
  const place = [node.az, node.row, node.rack].filter((part) => part !== "").join(" · ");
  return (
    <div class="tip" style={{ left: `${left}px`, top: `${cell.y + layout.cellPx + 8}px` }}>
      <strong>{node.hostname}</strong>
      <span class="tip-state">
        <StateMark state={state} /> {STATE_WORDS[state].label}
        {since !== null && (
          <>
            {" for "}
            <Since at={since} />
          </>
        )}
      </span>
      {whyOf(node) !== "" && <span>{whyOf(node)}</span>}
      {place !== "" && <span class="muted">{place}</span>}
    </div>
  );
}
