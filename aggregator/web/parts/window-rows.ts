/** Which rows of a long table exist in the document. Pure. */

export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly spaceBeforePx: number;
  readonly spaceAfterPx: number;
}

/** Rows above and below the visible ones, so that a quick scroll shows rows and not paper. */
const OVERSCAN = 12;

export function rowWindow(
  rows: number,
  rowPx: number,
  scrollTopPx: number,
  viewportPx: number,
): RowWindow {
  const first = Math.max(0, Math.min(rows, Math.floor(scrollTopPx / rowPx)) - OVERSCAN);
  const end = Math.min(rows, Math.ceil((scrollTopPx + viewportPx) / rowPx) + OVERSCAN);
  return {
    first,
    end: Math.max(first, end),
    spaceBeforePx: first * rowPx,
    spaceAfterPx: Math.max(0, rows - end) * rowPx,
  };
}
