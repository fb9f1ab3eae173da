/** The mark of a state beside text: the same colours and shapes as a cell of the map. */
import type { JSX } from "preact";
import type { ShownState } from "../words/node-states.ts";
import { MARK_BOX, MARK_SHAPES } from "./mark-shapes.ts";

export function StateMark({ state }: { readonly state: ShownState }): JSX.Element {
  const shape = MARK_SHAPES[state];
  return (
    <svg
      class={`mark mark-${state}`}
      viewBox={`0 0 ${MARK_BOX} ${MARK_BOX}`}
      width="14"
      height="14"
      aria-hidden="true"
    >
      <rect class="mark-field" width={MARK_BOX} height={MARK_BOX} />
      {shape !== null && <path class={`mark-${shape.drawn} tone-${shape.tone}`} d={shape.path} />}
    </svg>
  );
}
