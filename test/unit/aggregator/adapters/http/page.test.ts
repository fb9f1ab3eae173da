import { type PageRequest, pickFields, selectPage } from "@herdbeat/aggregator/adapters/http/page";
import { seededRandom } from "@herdbeat/shared/random";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("page");

interface Row {
  readonly id: string;
  readonly key: number;
}

function rowsOf(count: number): readonly Row[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => ({
    id: `row-${String(index).padStart(5, "0")}`,
    key: Math.floor(random.next() * 20),
  }));
}

const request = (limit: number, cursor?: string, descending = false): PageRequest<Row> => ({
  limit,
  cursor,
  descending,
  order: descending ? "-key" : "key",
  key: (row) => row.key,
  id: (row) => row.id,
  matches: () => true,
});

function allPages(rows: readonly Row[], limit: number, descending: boolean): readonly Row[] {
  const seen: Row[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < rows.length + 1; page++) {
    const result = selectPage(rows, request(limit, cursor, descending));
    assert.is(result.total, rows.length);
    seen.push(...result.rows);
    if (result.next === null) return seen;
    cursor = result.next;
  }
  throw new Error("the pages never end");
}

for (const limit of [1, 7, 100, 1_000]) {
  for (const descending of [false, true]) {
    const direction = descending ? "down" : "up";
    test(`gives every row once in pages of ${limit}, going ${direction}`, () => {
      const rows = rowsOf(limit === 1 ? 60 : 2_500);
      const sign = descending ? -1 : 1;
      const sorted = [...rows].sort((a, b) => sign * (a.key - b.key) || (a.id < b.id ? -1 : 1));
      assert.equal(allPages(rows, limit, descending), sorted);
    });
  }
}

test("neither repeats nor skips the rows that stay while others come and go", () => {
  const rows = rowsOf(100);
  const first = selectPage(rows, request(30));
  const shown = new Set(first.rows.map((row) => row.id));
  const changed = rows.filter((row) => !shown.has(row.id) || row.key > 3);
  const rest = selectPage(changed, request(100, first.next ?? undefined));
  const ids = [...first.rows, ...rest.rows].map((row) => row.id);
  assert.equal([...new Set(ids)].length, 100);
  assert.is(ids.length, 100);
});

test("has no next page when the last row was sent", () => {
  assert.is(selectPage(rowsOf(10), request(10)).next, null);
  assert.is(selectPage([], request(10)).next, null);
});

test("keeps the id among the picked fields", () => {
  assert.equal(pickFields([{ id: "a", b: 1, c: 2 }], "c"), [{ id: "a", c: 2 }]);
});

test.run();
