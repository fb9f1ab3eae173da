/**
 * Pages of a list by cursor. The cursor holds the sort key of the last row sent, not a position: a
 * list that changes between two pages neither repeats nor skips the rows that stayed.
 *
 * The fleet's list is walked once per request and only the wanted rows are kept and sorted, so a
 * page of a large fleet costs about as much as one comparison per row.
 */
import { badRequest } from "./problem.ts";

export const PAGE_LIMIT_MAX = 1_000;
export const PAGE_LIMIT_DEFAULT = 100;

export type SortKey = string | number;

export interface PageRequest<T> {
  readonly limit: number;
  readonly descending: boolean;
  /** Rows with equal keys follow by id. */
  readonly key: (row: T) => SortKey;
  readonly id: (row: T) => string;
  readonly matches: (row: T) => boolean;
  /** Name of the order, so that a cursor is not used with another one. */
  readonly order: string;
  readonly cursor: string | undefined;
}

export interface PageResult<T> {
  readonly rows: readonly T[];
  readonly next: string | null;
  readonly total: number;
}

interface Mark {
  readonly key: SortKey;
  readonly id: string;
}

/** `onMatch` sees every row that the filter matches, also those of other pages. */
export function selectPage<T>(
  rows: readonly T[],
  request: PageRequest<T>,
  onMatch?: (row: T) => void,
): PageResult<T> {
  const { limit, key, id, matches } = request;
  const after = request.cursor === undefined ? null : readCursor(request.cursor, request.order);
  const sign = request.descending ? -1 : 1;
  const compare = (a: Mark, b: Mark): number =>
    a.key < b.key ? -sign : a.key > b.key ? sign : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  const byRow = (a: Mark & { row: T }, b: Mark & { row: T }): number => compare(a, b);

  let kept: (Mark & { row: T })[] = [];
  let worst: Mark | null = null;
  let total = 0;
  let remaining = 0;
  for (const row of rows) {
    if (!matches(row)) continue;
    total += 1;
    onMatch?.(row);
    const entry = { key: key(row), id: id(row), row };
    if (after !== null && compare(entry, after) <= 0) continue;
    remaining += 1;
    if (worst !== null && compare(entry, worst) > 0) continue;
    kept.push(entry);
    if (kept.length >= limit * 2 + 64) {
      kept = kept.sort(byRow).slice(0, limit);
      worst = kept[limit - 1] ?? null;
    }
  }
  kept = kept.sort(byRow).slice(0, limit);
  const last = kept.at(-1);
  const next =
    last === undefined || remaining <= kept.length ? null : writeCursor(last, request.order);
  return { rows: kept.map((entry) => entry.row), next, total };
}

function writeCursor(mark: Mark, order: string): string {
  return Buffer.from(JSON.stringify([order, mark.key, mark.id])).toString("base64url");
}

function readCursor(cursor: string, order: string): Mark {
  const wrong = (detail: string) =>
    badRequest("the cursor is not valid", [{ pointer: "?cursor", detail }]);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw wrong("use the value of next from the page before");
  }
  if (!Array.isArray(value) || value.length !== 3) throw wrong("use the value of next");
  const [cursorOrder, key, id] = value as readonly unknown[];
  if (typeof id !== "string" || (typeof key !== "string" && typeof key !== "number")) {
    throw wrong("use the value of next from the page before");
  }
  if (cursorOrder !== order) throw wrong(`it belongs to another sort than ${order}`);
  return { key, id };
}

/** Splits `-name` into the name and the direction. */
export function parseSort(sort: string): { readonly name: string; readonly descending: boolean } {
  return sort.startsWith("-")
    ? { name: sort.slice(1), descending: true }
    : { name: sort, descending: false };
}

/** Keeps the named fields of each row, and always `id` when there is one. */
export function pickFields<T extends object>(
  rows: readonly T[],
  fields: string | undefined,
): readonly Partial<T>[] {
  if (fields === undefined || fields === "") return rows;
  const wanted: ReadonlySet<string> = new Set(["id", ...fields.split(",", 64)]);
  const known = rows[0] === undefined ? null : new Set(Object.keys(rows[0]));
  const unknown = known === null ? undefined : [...wanted].find((f) => f !== "id" && !known.has(f));
  if (unknown !== undefined) {
    throw badRequest(`there is no field ${unknown.slice(0, 60)}`, [
      { pointer: "?fields", detail: `must be among ${[...(known ?? [])].join(", ")}` },
    ]);
  }
  return rows.map((row) => {
    const entries = Object.entries(row).filter(([name]) => wanted.has(name));
    // The entries come from the row itself.
    return Object.fromEntries(entries) as Partial<T>;
  });
}
