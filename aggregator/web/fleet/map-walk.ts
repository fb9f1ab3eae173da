/** From cell to cell by arrow keys, and from a point to the cell under it. Pure. */
import { gapOf, type MapLayout } from "./map-layout.ts";

export type Direction = "left" | "right" | "up" | "down" | "first" | "last";

/** The cell that an arrow key leads to from the cell at `from` (an index into `cells`). */
export function neighbour(layout: MapLayout, from: number, direction: Direction): number {
  const { cells } = layout;
  if (direction === "first") return 0;
  if (direction === "last") return cells.length - 1;
  const here = cells[from];
  if (here === undefined) return 0;
  let best = from;
  let bestCost = Number.POSITIVE_INFINITY;
  cells.forEach((cell, index) => {
    const dx = cell.x - here.x;
    const dy = cell.y - here.y;
    const sideways = direction === "left" || direction === "right";
    const along = sideways ? dx : dy;
    const forward = direction === "right" || direction === "down" ? along : -along;
    if (forward <= 0) return;
    // Straight ahead first; the next line only when nothing is left on this one.
    const cost = forward + Math.abs(sideways ? dy : dx) * 4;
    if (cost < bestCost) {
      bestCost = cost;
      best = index;
    }
  });
  return best;
}

/** The cell under a point, or -1. Gaps belong to the cell on their left, so nothing flickers. */
export function cellAt(layout: MapLayout, x: number, y: number): number {
  const pitch = layout.cellPx + gapOf(layout.cellPx);
  return layout.cells.findIndex(
    (cell) => x >= cell.x && x < cell.x + pitch && y >= cell.y && y < cell.y + pitch,
  );
}
