/** Draws the map on a canvas. Colour and shape both tell the state; either alone is enough. */
import { MARK_BOX, MARK_SHAPES, type MarkShape } from "../parts/mark-shapes.ts";
import { SHOWN_STATES, type ShownState } from "../words/node-states.ts";
import type { Cell, MapLayout } from "./map-layout.ts";

export interface MapColours {
  readonly states: { readonly [S in ShownState]: string };
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly focus: string;
  readonly font: string;
}

export interface CellLook {
  readonly state: ShownState;
  /** Outside the filter: kept in place, faint. */
  readonly faint: boolean;
  /** The state is a memory: drawn hollow like an unknown one, with the mark of what was known. */
  readonly remembered: boolean;
}

const FAINT_ALPHA = 0.16;
/** Marks in dark ink on bright fills, in white on deep ones. */
const DARK_MARK = "#14171a";
const LIGHT_MARK = "#ffffff";
/** In smaller cells the hollow square alone says it. */
const QUESTION_MARK_MIN_PX = 11;
/** The size at which every mark is told apart from every other. */
const RAISED_PX = 12;
/** There may be hundreds of these; they must not hide the few that are down. */
const QUIET_SHARE = 0.65;

/** Colours as the stylesheet resolves them now; canvas knows no custom properties. */
export function readColours(element: HTMLElement): MapColours {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const states = Object.fromEntries(
    SHOWN_STATES.map((state) => [state, read(`--state-${state}`)]),
  ) as { [S in ShownState]: string };
  const colours: MapColours = {
    states,
    paper: read("--paper"),
    ink: read("--ink"),
    muted: read("--muted"),
    focus: read("--focus"),
    font: getComputedStyle(element).fontFamily,
  };
  probe.remove();
  return colours;
}

export interface MapPicture {
  readonly layout: MapLayout;
  readonly look: (index: number) => CellLook | undefined;
  readonly colours: MapColours;
  /** Index into `layout.cells`, or -1. */
  readonly active: number;
  readonly hovered: number;
}

export function paintMap(canvas: HTMLCanvasElement, picture: MapPicture): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { layout, colours } = picture;
  const scale = fitCanvas(canvas, layout);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, layout.width, layout.height + 2);
  paintCaptions(context, layout, colours);
  const raisedPx = RAISED_PX * layout.textScale;
  const raised: [Cell, CellLook][] = [];
  for (const cell of layout.cells) {
    const look = picture.look(cell.index);
    if (look === undefined) continue;
    if (isRaised(look) && layout.cellPx < raisedPx) raised.push([cell, look]);
    else paintCell(context, cell, layout.cellPx, look, colours);
  }
  // The worst is drawn last: nothing may cover it.
  raised.sort(([, a], [, b]) => SHOWN_STATES.indexOf(b.state) - SHOWN_STATES.indexOf(a.state));
  for (const [cell, look] of raised) {
    const isQuiet = look.state === "unknown" || look.state === "maintenance";
    const px = isQuiet ? Math.max(layout.cellPx, raisedPx * QUIET_SHARE) : raisedPx;
    const inset = (px - layout.cellPx) / 2;
    const larger = { ...cell, x: Math.max(1, cell.x - inset), y: Math.max(1, cell.y - inset) };
    paintRaised(context, larger, px, look, colours);
  }
  context.globalAlpha = 1;
  if (picture.hovered >= 0)
    frameCell(context, layout.cells[picture.hovered], layout.cellPx, colours.ink, 1.5);
  if (picture.active >= 0)
    frameCell(context, layout.cells[picture.active], layout.cellPx, colours.focus, 2.5);
}

function fitCanvas(canvas: HTMLCanvasElement, layout: MapLayout): number {
  const scale = Math.max(1, window.devicePixelRatio);
  const width = Math.round(layout.width * scale);
  const height = Math.round((layout.height + 2) * scale);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.height = `${layout.height + 2}px`;
  return scale;
}

function paintCaptions(
  context: CanvasRenderingContext2D,
  layout: MapLayout,
  colours: MapColours,
): void {
  context.globalAlpha = 1;
  context.textBaseline = "top";
  for (const caption of layout.captions) {
    const isZone = caption.kind === "az";
    const px = layout.textScale * (isZone ? 13 : caption.kind === "row" ? 12 : 10);
    context.font = `${isZone ? 600 : caption.kind === "row" ? 500 : 400} ${px}px ${colours.font}`;
    context.fillStyle = isZone ? colours.ink : colours.muted;
    context.fillText(fitText(context, caption.text, caption.width), caption.x, caption.y);
  }
}

function fitText(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  // The end tells racks apart (`dc1-hall2-rack-07`), so the start is cut.
  for (let cut = 1; cut < text.length; cut++) {
    const shorter = `…${text.slice(cut)}`;
    if (context.measureText(shorter).width <= width) return shorter;
  }
  return "";
}

const isRaised = (look: CellLook): boolean => !look.faint && look.state !== "ok";

/** One broken node among ten thousand must be seen: its cell is drawn larger, over its neighbours. */
function paintRaised(
  context: CanvasRenderingContext2D,
  cell: Cell,
  size: number,
  look: CellLook,
  colours: MapColours,
): void {
  context.globalAlpha = 1;
  context.fillStyle = colours.paper;
  context.fillRect(cell.x - 1.5, cell.y - 1.5, size + 3, size + 3);
  paintCell(context, cell, size, look, colours);
}

function paintCell(
  context: CanvasRenderingContext2D,
  cell: Cell,
  size: number,
  look: CellLook,
  colours: MapColours,
): void {
  context.globalAlpha = look.faint ? FAINT_ALPHA : 1;
  if (look.state === "unknown" || look.remembered) {
    const line = size >= 12 ? 1.5 : 1;
    context.strokeStyle = colours.states.unknown;
    context.lineWidth = line;
    context.strokeRect(cell.x + line / 2, cell.y + line / 2, size - line, size - line);
  } else {
    context.fillStyle = colours.states[look.state];
    context.fillRect(cell.x, cell.y, size, size);
  }
  paintMark(context, cell, size, look, colours);
}

function paintMark(
  context: CanvasRenderingContext2D,
  cell: Cell,
  size: number,
  { state, remembered }: CellLook,
  colours: MapColours,
): void {
  const shape = MARK_SHAPES[state];
  if (shape === null || (state === "unknown" && size < QUESTION_MARK_MIN_PX)) return;
  const scale = size / MARK_BOX;
  context.save();
  context.translate(cell.x, cell.y);
  context.scale(scale, scale);
  context.fillStyle = context.strokeStyle = toneColour(remembered ? "muted" : shape.tone, colours);
  context.lineWidth = Math.max(1 / scale, 1.8);
  if (shape.drawn === "filled") context.fill(PATHS[state]);
  else context.stroke(PATHS[state]);
  context.restore();
}

const PATHS = Object.fromEntries(
  SHOWN_STATES.map((state) => [state, new Path2D(MARK_SHAPES[state]?.path ?? "")]),
) as { readonly [S in ShownState]: Path2D };

function toneColour(tone: MarkShape["tone"], colours: MapColours): string {
  switch (tone) {
    case "dark":
      return DARK_MARK;
    case "light":
      return LIGHT_MARK;
    case "paper":
      return colours.paper;
    case "muted":
      return colours.muted;
  }
}

function frameCell(
  context: CanvasRenderingContext2D,
  cell: Cell | undefined,
  size: number,
  colour: string,
  line: number,
): void {
  if (cell === undefined) return;
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.strokeRect(cell.x - line / 2, cell.y - line / 2, size + line, size + line);
}
