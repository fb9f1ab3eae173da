import { matches, parseFilter, toggledStates } from "@herdbeat/aggregator/web/fleet/filter";
import {
  CELL_MIN_PX,
  layOutMap,
  type PlacedNode,
  shareWidth,
} from "@herdbeat/aggregator/web/fleet/map-layout";
import { cellAt, neighbour } from "@herdbeat/aggregator/web/fleet/map-walk";
import { stateBands } from "@herdbeat/aggregator/web/node/state-bands";
import { rowWindow } from "@herdbeat/aggregator/web/parts/window-rows";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("dashboard fleet");

const filterOf = (query: string) => parseFilter(new URLSearchParams(query));

test("matches every word of the search, in any order", () => {
  const node = { state: "suspect", haystack: "cmp-01 az1 row a r3" } as const;
  assert.ok(matches(filterOf("q=R3 AZ1"), node));
  assert.not.ok(matches(filterOf("q=az1 r4"), node));
});

test("ignores states that it does not know", () => {
  assert.equal([...filterOf("state=suspect,nonsense").states], ["suspect"]);
});

test("switches one state on and off and drops the last", () => {
  const one = filterOf("state=suspect");
  assert.is(toggledStates(one, "committed"), "committed,suspect");
  assert.is(toggledStates(one, "suspect"), null);
});

const fleet = (count: number): readonly PlacedNode[] =>
  Array.from({ length: count }, (_, index) => ({
    az: `az${index % 3}`,
    row: `row ${Math.floor(index / 3) % 4}`,
    rack: `r${Math.floor(index / 12) % 8}`,
    hostname: `n${index}`,
  }));
const SPACE = { width: 1_376, height: 400, zoom: 0, textScale: 1 };

for (const count of [1, 20, 500, 10_000])
  test(`gives each of ${count} nodes a cell of its own inside the width`, () => {
    const { cells, cellPx, width } = layOutMap(fleet(count), SPACE);
    assert.is(new Set(cells.map((cell) => cell.index)).size, count);
    assert.is(new Set(cells.map((cell) => `${cell.x} ${cell.y}`)).size, count);
    assert.ok(cellPx >= CELL_MIN_PX);
    assert.ok(cells.every((cell) => cell.x >= 0 && cell.x + cellPx <= width));
  });

test("keeps a node where it is when states change, because states do not matter to places", () => {
  assert.equal(layOutMap(fleet(40), SPACE), layOutMap(fleet(40), SPACE));
});

test("lays out an empty fleet and a narrow screen", () => {
  assert.equal(layOutMap([], SPACE).cells, []);
  const narrow = layOutMap(fleet(300), { ...SPACE, width: 296 });
  assert.ok(narrow.cells.every((cell) => cell.x + narrow.cellPx <= 296));
});

test("shares the width by size and gives every zone room for its labels", () => {
  assert.equal(shareWidth([100, 300, 0], 50, 550), [150, 350, 50]);
});

test("finds the cell under a point and walks to its neighbours", () => {
  const layout = layOutMap(fleet(40), SPACE);
  const first = layout.cells[0] ?? { x: 0, y: 0 };
  assert.is(cellAt(layout, first.x + 1, first.y + 1), 0);
  assert.is(cellAt(layout, 5_000, 5_000), -1);
  const right = layout.cells[neighbour(layout, 0, "right")];
  assert.ok(right !== undefined && right.x > first.x);
  assert.is(neighbour(layout, 0, "left"), 0);
  assert.is(neighbour(layout, 3, "last"), layout.cells.length - 1);
});

test("keeps only the rows near the viewport", () => {
  const view = rowWindow(10_000, 32, 32_000, 640);
  assert.equal(view, { first: 988, end: 1_032, spaceBeforePx: 31_616, spaceAfterPx: 286_976 });
  assert.equal(rowWindow(3, 32, 0, 640), { first: 0, end: 3, spaceBeforePx: 0, spaceAfterPx: 0 });
  assert.is(rowWindow(3, 32, 90_000, 640).end, 3);
});

test("turns history into bands that end now", () => {
  const entry = (at: number, to: string) => ({
    at: new Date(at).toISOString(),
    kind: "state" as const,
    detail: { from: "x", to, because: "y" },
  });
  assert.equal(stateBands([entry(2_000, "suspect"), entry(1_000, "alive")], 5_000), [
    { state: "alive", from: 1_000, to: 2_000 },
    { state: "suspect", from: 2_000, to: 5_000 },
  ]);
});

test.run();
