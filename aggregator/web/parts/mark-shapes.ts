/** One shape per state, in a box of 14 by 14, readable from 5 px on: the map and the marks share it. */
import type { ShownState } from "../words/node-states.ts";

export interface MarkShape {
  readonly path: string;
  readonly drawn: "filled" | "stroked";
  /** Dark on bright fills, light on deep ones, `paper` cuts a hole, `muted` stands on paper itself. */
  readonly tone: "dark" | "light" | "paper" | "muted";
}

export const MARK_BOX = 14;

/** Null where the colour alone says "nothing to see here". */
export const MARK_SHAPES: { readonly [S in ShownState]: MarkShape | null } = {
  ok: null,
  problem: {
    path: "M7 4.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6Z",
    drawn: "filled",
    tone: "dark",
  },
  suspect: { path: "M0 14L14 0V14Z", drawn: "filled", tone: "dark" },
  agent: {
    path: "M7 3.4a3.6 3.6 0 1 0 0 7.2a3.6 3.6 0 1 0 0-7.2Z",
    drawn: "stroked",
    tone: "dark",
  },
  declared: { path: "M3.6 3.6L10.4 10.4M10.4 3.6L3.6 10.4", drawn: "stroked", tone: "light" },
  committed: { path: "M4.2 4.2H9.8V9.8H4.2Z", drawn: "filled", tone: "paper" },
  maintenance: { path: "M3.8 3.5H6V10.5H3.8ZM8 3.5H10.2V10.5H8Z", drawn: "filled", tone: "light" },
  unknown: {
    path: "M5 5.3a2 2 0 1 1 3.1 1.7C7.3 7.5 7 7.8 7 8.6M7 10.2V11",
    drawn: "stroked",
    tone: "muted",
  },
};
