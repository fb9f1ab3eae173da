/**
 * A row of the outbox is kept in two hash fields: the document, written once, and the status line
 * `<state> <attempts> <claimed by, or -> <rest as JSON>`, which every attempt changes. Scripts read
 * the line's first three words and never the document.
 */
import type { OutboxRow } from "../../core/outbox.ts";
import {
  type Check,
  count,
  familyCheck,
  nullable,
  oneOf,
  type Parsed,
  parseRecord,
  shape,
  text,
} from "../../core/record-shapes.ts";
import type { Ownership } from "../../ports/shard-store.ts";

/** What an attempt may change. */
type Rest = Pick<OutboxRow, "lastAttemptAt" | "nextAttemptAt" | "lastStatus" | "lastError">;
type Document = Omit<OutboxRow, keyof Rest | "state" | "attempts" | "claimedBy">;

const LINE = /^(?<state>[a-z]+) (?<attempts>\d+) (?<claimedBy>\S+) (?<rest>.*)$/s;

const stateCheck: Check<OutboxRow["state"]> = oneOf({
  waiting: true,
  sending: true,
  parked: true,
  delivered: true,
  superseded: true,
});

const restCheck = shape<Rest>({
  lastAttemptAt: nullable(count()),
  nextAttemptAt: count(),
  lastStatus: nullable(count()),
  lastError: text(),
});

const documentCheck = shape<Document>({
  rowId: text(),
  webhookId: text(),
  destination: text(),
  incident: text(),
  transition: count(),
  node: text(),
  family: familyCheck,
  kind: oneOf({ fact: true, request: true }),
  body: text(),
  createdAt: count(),
});

/** `<aggregator id>:<token>`, as a row names who sends it. */
export function claimerOf(ownership: Ownership): string {
  return `${ownership.aggregator}:${ownership.token}`;
}

export function statusLine(row: OutboxRow): string {
  const { lastAttemptAt, nextAttemptAt, lastStatus, lastError } = row;
  const rest: Rest = { lastAttemptAt, nextAttemptAt, lastStatus, lastError };
  const claimedBy = row.claimedBy === "" ? "-" : row.claimedBy;
  return `${row.state} ${row.attempts} ${claimedBy} ${JSON.stringify(rest)}`;
}

export function rowDocument(row: OutboxRow): string {
  const {
    state: _state,
    attempts: _attempts,
    claimedBy: _claimedBy,
    lastAttemptAt: _lastAttemptAt,
    nextAttemptAt: _nextAttemptAt,
    lastStatus: _lastStatus,
    lastError: _lastError,
    ...document
  } = row;
  return JSON.stringify(document satisfies Document);
}

export function parseRow(rowId: string, line: string, document: string): Parsed<OutboxRow> {
  const groups = LINE.exec(line)?.groups;
  if (groups === undefined) return { kind: "damaged", why: "its status line is not ours" };
  const state = groups["state"] ?? "";
  const stateProblem = stateCheck(state, "state");
  if (stateProblem !== null) return { kind: "damaged", why: stateProblem };
  const rest = parseRecord(groups["rest"] ?? "", restCheck);
  if (rest.kind === "damaged") return { kind: "damaged", why: `status line: ${rest.why}` };
  const fixed = parseRecord(document, documentCheck);
  if (fixed.kind === "damaged") return fixed;
  if (fixed.value.rowId !== rowId) return { kind: "damaged", why: "it names another row" };
  const claimedBy = groups["claimedBy"] ?? "-";
  return {
    kind: "ok",
    value: {
      ...fixed.value,
      ...rest.value,
      // Checked above.
      state: state as OutboxRow["state"],
      attempts: Number(groups["attempts"]),
      claimedBy: claimedBy === "-" ? "" : claimedBy,
    },
  };
}
