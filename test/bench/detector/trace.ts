/**
 * A heartbeat trace: what was sent when, and when it arrived. A file has the columns
 * `seq,sent_ms[,received_ms]`; a heartbeat without a time of arrival was lost. Without that column
 * arrivals are drawn from laws of delay and loss.
 *
 * Both columns should come from one clock. If a heartbeat arrives before it was sent, all arrivals
 * are moved so that the fastest took no time; a constant shift favours no detector.
 */
import { PreconditionError } from "../lib/bench.ts";
import { median } from "../lib/statistics.ts";

export interface Trace {
  /** Ascending, not necessarily without gaps: a missing number was lost. */
  readonly seq: Int32Array;
  readonly sentMs: Float64Array;
  /** NaN: lost. */
  readonly receivedMs: Float64Array;
  /** Median time between neighbours. */
  readonly intervalMs: number;
  /** Added to every arrival because the clocks differed. */
  readonly shiftMs: number;
}

/** Heartbeats as a detector gets them: in order of arrival, none that is older than one before. */
export interface Arrivals {
  readonly seq: Int32Array;
  readonly sentMs: Float64Array;
  readonly atMs: Float64Array;
  readonly intervalMs: number;
  /** Detectors have learned by then; nothing before this arrival is judged. */
  readonly judgedFrom: number;
}

/** A week at 10 Hz, and far from the memory of a small machine. */
export const ROWS_MAX = 6_048_000;
/** The longest window of a compared detector. */
const LEARNING = 1_000;
/** Of a trace that is too short for it. */
const LEARNING_SHARE = 0.1;
const COLUMNS = ["seq", "sent_ms", "received_ms"];
/** Sequence numbers beyond this do not fit. */
const SEQ_MAX = 2_147_483_647;

export class TraceError extends PreconditionError {}

/** Rows of a file; `receivedMs` is null if the file has no such column. */
export function parseTrace(text: string): {
  readonly seq: Int32Array;
  readonly sentMs: Float64Array;
  readonly receivedMs: Float64Array | null;
} {
  const lines = text.split("\n").map((line) => line.trim());
  while (lines.at(-1) === "") lines.pop();
  const header = (lines[0] ?? "").split(",").map((word) => word.trim());
  const wanted = COLUMNS.slice(0, header.length);
  if (header.length < 2 || header.join() !== wanted.join())
    throw new TraceError(`the first line must be seq,sent_ms[,received_ms], not ${lines[0] ?? ""}`);
  const count = lines.length - 1;
  if (count < 3 || count > ROWS_MAX)
    throw new TraceError(`a trace has 3 to ${ROWS_MAX} rows, this one ${count}`);
  const seq = new Int32Array(count);
  const sentMs = new Float64Array(count);
  const receivedMs = header.length === 3 ? new Float64Array(count) : null;
  for (let row = 0; row < count; row++) {
    const cells = (lines[row + 1] ?? "").split(",").map((cell) => cell.trim());
    const number = cells[0] === "" ? NaN : Number(cells[0]);
    const sent = cells[1] === "" ? NaN : Number(cells[1]);
    const received = cells[2] === undefined || cells[2] === "" ? NaN : Number(cells[2]);
    const misread = cells[2] !== undefined && cells[2] !== "" && !Number.isFinite(received);
    if (
      cells.length > header.length ||
      misread ||
      !Number.isInteger(number) ||
      Math.abs(number) > SEQ_MAX ||
      !Number.isFinite(sent)
    )
      throw new TraceError(
        `line ${row + 2} is no heartbeat: ${(lines[row + 1] ?? "").slice(0, 80)}`,
      );
    if (row > 0 && (number <= (seq[row - 1] ?? 0) || sent < (sentMs[row - 1] ?? 0)))
      throw new TraceError(`line ${row + 2}: seq must rise and sent_ms must not fall`);
    seq[row] = number;
    sentMs[row] = sent;
    if (receivedMs !== null) receivedMs[row] = received;
  }
  return { seq, sentMs, receivedMs };
}

export function makeTrace(seq: Int32Array, sentMs: Float64Array, receivedMs: Float64Array): Trace {
  const gaps = Array.from(sentMs.subarray(1), (sent, index) => {
    const numbers = (seq[index + 1] ?? 0) - (seq[index] ?? 0);
    return (sent - (sentMs[index] ?? 0)) / numbers;
  });
  const intervalMs = median(gaps);
  if (!(intervalMs > 0)) throw new TraceError("sent_ms does not rise");
  let fastest = Number.POSITIVE_INFINITY;
  for (let row = 0; row < seq.length; row++) {
    const took = (receivedMs[row] ?? NaN) - (sentMs[row] ?? NaN);
    if (took < fastest) fastest = took;
  }
  if (!Number.isFinite(fastest)) throw new TraceError("no heartbeat arrived");
  const shiftMs = fastest < 0 ? -fastest : 0;
  const shifted = shiftMs === 0 ? receivedMs : receivedMs.map((at) => at + shiftMs);
  return { seq, sentMs, receivedMs: shifted, intervalMs, shiftMs };
}

export function arrivalsOf(trace: Trace): Arrivals {
  const { seq, sentMs, receivedMs } = trace;
  const rows = Array.from(seq.keys()).filter((row) => !Number.isNaN(receivedMs[row] ?? NaN));
  rows.sort((a, b) => (receivedMs[a] ?? 0) - (receivedMs[b] ?? 0) || a - b);
  let newest = -1;
  const fresh = rows.filter((row) => {
    if (row <= newest) return false;
    newest = row;
    return true;
  });
  if (fresh.length < 3) throw new TraceError("fewer than three heartbeats arrived in order");
  return {
    seq: Int32Array.from(fresh, (row) => seq[row] ?? 0),
    sentMs: Float64Array.from(fresh, (row) => sentMs[row] ?? 0),
    atMs: Float64Array.from(fresh, (row) => receivedMs[row] ?? 0),
    intervalMs: trace.intervalMs,
    judgedFrom: Math.min(LEARNING, Math.floor(fresh.length * LEARNING_SHARE)),
  };
}
