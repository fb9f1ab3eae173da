/**
 * Where each node's cell is drawn: zones side by side, in them rows one below the other, in a row
 * racks, in a rack its nodes. Pure; the cell size is the largest with which everything fits.
 *
 * Places stay where they are whatever the states or the filter: people learn where a rack is.
 */

export interface PlacedNode {
  readonly az: string;
  readonly row: string;
  readonly rack: string;
  readonly hostname: string;
}

export interface Cell {
  /** Index into the list of nodes that was given. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

export interface Caption {
  readonly text: string;
  readonly kind: "az" | "row" | "rack";
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface MapLayout {
  readonly cellPx: number;
  readonly width: number;
  readonly height: number;
  readonly textScale: number;
  /** In reading order: zone, row, rack, name. */
  readonly cells: readonly Cell[];
  readonly captions: readonly Caption[];
}

export interface MapSpace {
  readonly width: number;
  /** What the map should fit into; it grows beyond it rather than draw cells nobody can hit. */
  readonly height: number;
  /** Extra steps of size asked for by the reader. */
  readonly zoom: number;
  /** How much larger than usual text is here; 1 on a desk, more on a wall. */
  readonly textScale: number;
}

export const CELL_MIN_PX = 5;
export const CELL_MAX_PX = 30;
const ZONE_GAP_PX = 28;
/** More zones than fit at this width begin another line. */
const ZONE_WIDTH_MIN_PX = 140;
/** What a zone needs beside its cells: names of rows, and its own. */
const ZONE_LABEL_PX = 90;
const AZ_CAPTION_PX = 22;
const ROW_GAP_PX = 10;
const RACK_CAPTION_PX = 13;
/** Below this cell size a rack is too narrow for its name; hover tells it. */
const RACK_CAPTION_CELL_MIN_PX = 9;

interface Rack {
  readonly name: string;
  readonly members: readonly number[];
}
interface Row {
  readonly name: string;
  readonly racks: readonly Rack[];
}
interface Zone {
  readonly name: string;
  readonly rows: readonly Row[];
}

export function layOutMap(nodes: readonly PlacedNode[], space: MapSpace): MapLayout {
  const zones = groupNodes(nodes);
  let best = CELL_MIN_PX;
  for (let size = CELL_MAX_PX; size > CELL_MIN_PX; size--) {
    if (place(zones, size, space).height > space.height) continue;
    best = size;
    break;
  }
  const cellPx = Math.min(CELL_MAX_PX * 2, Math.max(CELL_MIN_PX, best + space.zoom * 2));
  return place(zones, cellPx, space);
}

/** Space between two cells; none can be told apart without it. */
export const gapOf = (cellPx: number): number => (cellPx >= 16 ? 3 : cellPx >= 9 ? 2 : 1);

function place(zones: readonly Zone[], cellPx: number, space: MapSpace): MapLayout {
  const { width, textScale } = space;
  const cells: Cell[] = [];
  const captions: Caption[] = [];
  const perLine = Math.max(
    1,
    Math.floor((width + ZONE_GAP_PX) / (ZONE_WIDTH_MIN_PX * textScale + ZONE_GAP_PX)),
  );
  let top = 0;
  for (let first = 0; first < zones.length; first += perLine) {
    const line = zones.slice(first, first + perLine);
    const widths = shareWidth(
      line.map(zoneSize),
      ZONE_LABEL_PX * textScale,
      width - ZONE_GAP_PX * (line.length - 1),
    );
    let x = 0;
    let bottom = top;
    line.forEach((zone, index) => {
      const frame = { x, y: top, width: widths[index] ?? width, cellPx, textScale };
      bottom = Math.max(bottom, placeZone(zone, frame, cells, captions));
      x += frame.width + ZONE_GAP_PX;
    });
    top = bottom + ZONE_GAP_PX;
  }
  return { cellPx, width, height: Math.max(0, top - ZONE_GAP_PX), textScale, cells, captions };
}

const zoneSize = (zone: Zone): number =>
  zone.rows.reduce((sum, row) => row.racks.reduce((n, rack) => n + rack.members.length, sum), 0);

/** By size, so that a small zone does not take half the screen from a large one; each gets room for labels. */
export function shareWidth(
  sizes: readonly number[],
  labelPx: number,
  width: number,
): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const rest = Math.max(0, width - labelPx * sizes.length);
  return sizes.map((size) => Math.floor(labelPx + (size / Math.max(1, total)) * rest));
}

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly cellPx: number;
  readonly textScale: number;
}

function placeZone(zone: Zone, frame: Frame, cells: Cell[], captions: Caption[]): number {
  const { x, width, textScale } = frame;
  let y = frame.y;
  if (zone.name !== "") {
    captions.push({ text: zone.name, kind: "az", x, y, width });
    y += AZ_CAPTION_PX * textScale;
  }
  const named = zone.rows.some((row) => row.name !== "");
  const labelWidth = named ? rowLabelWidth(zone.rows) * textScale : 0;
  for (const row of zone.rows) {
    if (row.name !== "") captions.push({ text: row.name, kind: "row", x, y, width: labelWidth });
    const inner = { ...frame, x: x + labelWidth, y, width: width - labelWidth };
    y = placeRow(row, inner, cells, captions) + ROW_GAP_PX * textScale;
  }
  return y - ROW_GAP_PX * textScale;
}

/** Names are short (`A`, `row-12`); a longer one is cut when drawn. */
function rowLabelWidth(rows: readonly Row[]): number {
  const longest = Math.max(...rows.map((row) => row.name.length));
  return Math.min(72, 10 + longest * 7);
}

function placeRow(row: Row, frame: Frame, cells: Cell[], captions: Caption[]): number {
  const { cellPx } = frame;
  const pitch = cellPx + gapOf(cellPx);
  const rackGap = rackGapOf(row, cellPx);
  const caption =
    cellPx >= RACK_CAPTION_CELL_MIN_PX * frame.textScale &&
    row.racks.some((rack) => rack.name !== "")
      ? RACK_CAPTION_PX * frame.textScale
      : 0;
  let x = frame.x;
  let lineTop = frame.y;
  let lineBottom = frame.y;
  const most = Math.max(...row.racks.map((rack) => rack.members.length));
  const across = rackColumns(most, row.racks.length, {
    width: frame.width,
    pitch,
    rackGap,
    caption,
  });
  for (const rack of row.racks) {
    const columns = Math.min(across, rack.members.length);
    const width = columns * pitch;
    if (x > frame.x && x + width > frame.x + frame.width) {
      x = frame.x;
      lineTop = lineBottom + rackGap;
    }
    if (caption > 0 && rack.name !== "")
      captions.push({ text: rack.name, kind: "rack", x, y: lineTop, width: width + rackGap - 2 });
    rack.members.forEach((index, slot) => {
      cells.push({
        index,
        x: x + (slot % columns) * pitch,
        y: lineTop + caption + Math.floor(slot / columns) * pitch,
      });
    });
    const rows = Math.ceil(rack.members.length / columns);
    lineBottom = Math.max(lineBottom, lineTop + caption + rows * pitch);
    x += width + rackGap;
  }
  return lineBottom;
}

/** Racks of one or two nodes are not told apart: the gaps would take more room than the cells. */
function rackGapOf(row: Row, cellPx: number): number {
  const members = row.racks.reduce((sum, rack) => sum + rack.members.length, 0);
  return members / row.racks.length < 3 ? gapOf(cellPx) : Math.max(4, Math.round(cellPx * 0.6));
}

interface RackRoom {
  readonly width: number;
  readonly pitch: number;
  readonly rackGap: number;
  readonly caption: number;
}

/**
 * How many nodes of a rack stand side by side. A rack is drawn upright, about twice as high as wide,
 * or narrower when that saves its row a second line; nodes without a rack fill the line.
 */
function rackColumns(members: number, racks: number, room: RackRoom): number {
  const line = Math.max(1, Math.floor(room.width / room.pitch));
  if (racks === 1) return Math.min(line, members);
  const usual = Math.min(line, Math.max(1, Math.ceil(Math.sqrt(members / 2))));
  const heightWith = (columns: number): number => {
    const rackWidth = columns * room.pitch + room.rackGap;
    const perLine = Math.max(1, Math.floor((room.width + room.rackGap) / rackWidth));
    const lines = Math.ceil(racks / perLine);
    return lines * (Math.ceil(members / columns) * room.pitch + room.caption + room.rackGap);
  };
  let best = usual;
  for (let columns = usual - 1; columns >= Math.ceil(usual / 2); columns--)
    if (heightWith(columns) < heightWith(best)) best = columns;
  return best;
}

function groupNodes(nodes: readonly PlacedNode[]): readonly Zone[] {
  const order = nodes.map((_, index) => index);
  order.sort((a, b) => compareNodes(nodes[a], nodes[b]));
  const zones: Zone[] = [];
  for (const [name, inZone] of runs(order, (index) => nodes[index]?.az ?? "")) {
    const rows: Row[] = [];
    for (const [row, inRow] of runs(inZone, (index) => nodes[index]?.row ?? "")) {
      const racks = runs(inRow, (index) => nodes[index]?.rack ?? "");
      rows.push({ name: row, racks: racks.map(([rack, members]) => ({ name: rack, members })) });
    }
    zones.push({ name, rows });
  }
  return zones;
}

/** Neighbours with the same name become one group; the input is sorted. */
function runs(
  indexes: readonly number[],
  nameOf: (index: number) => string,
): readonly (readonly [name: string, members: readonly number[]])[] {
  const groups: [string, number[]][] = [];
  for (const index of indexes) {
    const name = nameOf(index);
    const last = groups.at(-1);
    if (last !== undefined && last[0] === name) last[1].push(index);
    else groups.push([name, [index]]);
  }
  return groups;
}

const NATURAL = new Intl.Collator("en", { numeric: true });

function compareNodes(a: PlacedNode | undefined, b: PlacedNode | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return (
    NATURAL.compare(a.az, b.az) ||
    NATURAL.compare(a.row, b.row) ||
    NATURAL.compare(a.rack, b.rack) ||
    NATURAL.compare(a.hostname, b.hostname)
  );
}
