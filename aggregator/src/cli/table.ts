/** Tables for people: columns as wide as their widest cell, two spaces between, no frames. */
import { type Document, harmless } from "./document.ts";

export interface Column {
  readonly title: string;
  /** Shown with -o wide only. */
  readonly wide?: boolean;
  readonly cell: (row: Document) => string;
  /** Colour of the cell by its text. */
  readonly paint?: (cell: string) => Colour | null;
}

export type Colour = "green" | "yellow" | "red" | "magenta" | "grey";

const CODES: Readonly<Record<Colour, number>> = {
  green: 32,
  yellow: 33,
  red: 31,
  magenta: 35,
  grey: 90,
};
/** A message that fills the screen hides the next row. */
const CELL_CHARACTERS_MAX = 80;

export function renderTable(
  columns: readonly Column[],
  rows: readonly Document[],
  options: { readonly headers: boolean; readonly wide: boolean; readonly colour: boolean },
): string {
  const shown = columns.filter((column) => options.wide || column.wide !== true);
  const cells = rows.map((row) => shown.map((column) => clipped(column.cell(row), options.wide)));
  const titles = shown.map((column) => column.title);
  const widths = shown.map((_, index) =>
    Math.max(
      options.headers ? widthOf(titles[index] ?? "") : 0,
      ...cells.map((line) => widthOf(line[index] ?? "")),
    ),
  );
  const lines = options.headers ? [joined(titles, titles, widths)] : [];
  for (const line of cells) {
    const painted = line.map((cell, index) => {
      const colour = options.colour ? (shown[index]?.paint?.(cell) ?? null) : null;
      return colour === null ? cell : `\u001b[${CODES[colour]}m${cell}\u001b[0m`;
    });
    lines.push(joined(painted, line, widths));
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Padding is counted on the plain text: colour codes take no place. */
function joined(
  cells: readonly string[],
  plain: readonly string[],
  widths: readonly number[],
): string {
  const padded = cells.map((cell, index) => {
    const isLast = index === cells.length - 1;
    const missing = (widths[index] ?? 0) - widthOf(plain[index] ?? "");
    return isLast ? cell : cell + " ".repeat(Math.max(0, missing));
  });
  return padded.join("  ").trimEnd();
}

function clipped(text: string, wide: boolean): string {
  const safe = text === "" ? "-" : harmless(text);
  const characters = Array.from(safe);
  if (wide || characters.length <= CELL_CHARACTERS_MAX) return safe;
  return `${characters.slice(0, CELL_CHARACTERS_MAX - 1).join("")}\u2026`;
}

function widthOf(text: string): number {
  return Array.from(text).length;
}

export function paintState(cell: string): Colour | null {
  switch (cell) {
    case "alive":
    case "up":
    case "owned-here":
    case "owned-elsewhere":
    case "delivered":
    case "ok":
      return "green";
    case "suspect":
    case "agent-down":
    case "agent-stalled":
    case "waiting":
    case "sending":
    case "held":
      return "yellow";
    case "declared":
    case "committed":
    case "parked":
    case "problem":
    case "unowned":
      return "red";
    case "awaited":
    case "unseen":
    case "unknown":
      return "magenta";
    case "retracted":
    case "cleared":
    case "closed":
    case "left":
    case "superseded":
      return "grey";
    default:
      return null;
  }
}
