/**
 * The black box: two files of bounded size, written in turn, one JSON line per record.
 *
 * Guarantee: of a process that is killed every record but the one being written can be read again;
 * of a host that loses power, those of which the disk was told. Never more than two segments.
 * Mechanism: appends run in libuv's thread pool, one at a time; each is followed by fdatasync.
 * Failure case: while the disk does not answer, a few records wait in memory and the rest is dropped
 * and counted.
 */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import { type DurationMs, durationMs, unixMs } from "@herdbeat/shared/time";
import type { PastRecord } from "../../core/past.ts";
import type { BlackBox } from "../../ports/black-box.ts";

/** Hours at one record per five seconds. */
const SEGMENT_BYTES_MAX = 256 * 1_024;
const TEXT_LENGTH_MAX = 512;
/** Records kept while an earlier one is being written. */
const WAITING_MAX = 32;
const SEGMENTS = ["black-box.0.jsonl", "black-box.1.jsonl"] as const;
const KINDS: ReadonlySet<unknown> = new Set(["start", "pulse", "change", "gap", "stop"]);

export class BlackBoxFile implements BlackBox {
  readonly #folder: string;
  readonly #logger: Logger;
  #segment = 0;
  #size = 0;
  #handle: FileHandle | null = null;
  #writing: Promise<void> | null = null;
  #waiting: string[] = [];
  #dropped = 0;
  #hasFailed = false;

  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  load(): readonly PastRecord[] {
    const segments = SEGMENTS.map((name, index) => ({
      index,
      ...readSegment(join(this.#folder, name)),
    }));
    segments.sort((a, b) => a.modifiedMs - b.modifiedMs);
    const newest = segments.at(-1);
    this.#segment = newest?.index ?? 0;
    this.#size = newest?.size ?? 0;
    return segments.flatMap((segment) => segment.records);
  }

  write(record: PastRecord): void {
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(
      `${JSON.stringify({ ...record, text: record.text.slice(0, TEXT_LENGTH_MAX) })}\n`,
    );
    this.#writing ??= this.#writeWaiting().finally(() => {
      this.#writing = null;
    });
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        await this.#append(lines.join(""));
        this.#hasFailed = false;
      } catch (error) {
        this.#dropped += lines.length;
        if (!this.#hasFailed) {
          this.#logger.warn("the black box cannot be written", { error: renderErrorChain(error) });
        }
        this.#hasFailed = true;
      }
    }
  }

  async flush(timeout: DurationMs): Promise<void> {
    const expired = new Promise<void>((resolve) => setTimeout(resolve, timeout).unref());
    await Promise.race([this.#writing ?? Promise.resolve(), expired]);
  }

  dropped(): number {
    return this.#dropped;
  }

  async #append(lines: string): Promise<void> {
    if (this.#size + lines.length > SEGMENT_BYTES_MAX) {
      await this.#handle?.close();
      this.#handle = null;
      this.#segment = 1 - this.#segment;
      this.#size = 0;
    }
    const name = SEGMENTS[this.#segment] ?? SEGMENTS[0];
    this.#handle ??= await open(join(this.#folder, name), this.#size === 0 ? "w" : "a", 0o600);
    this.#size += Buffer.byteLength(lines);
    await this.#handle.write(lines);
    await this.#handle.datasync();
  }
}

function readSegment(path: string): {
  readonly records: readonly PastRecord[];
  readonly size: number;
  readonly modifiedMs: number;
} {
  try {
    const { size, mtimeMs } = statSync(path);
    // Somebody else's file of this name is not read into memory.
    if (size > 2 * SEGMENT_BYTES_MAX) return { records: [], size: 0, modifiedMs: 0 };
    const records = readFileSync(path, "utf8").split("\n").flatMap(parseRecord);
    return { records, size, modifiedMs: mtimeMs };
  } catch {
    // Not written yet.
    return { records: [], size: 0, modifiedMs: 0 };
  }
}

/** Lines that were torn by a crash are left out. */
function parseRecord(line: string): readonly PastRecord[] {
  try {
    const { kind, bootId, uptime, wallAt, lag, text } = JSON.parse(line) as Record<string, unknown>;
    if (!KINDS.has(kind) || typeof bootId !== "string" || typeof text !== "string") return [];
    return [
      {
        kind: kind as PastRecord["kind"],
        bootId,
        uptime: durationMs(Number(uptime)),
        wallAt: unixMs(Number(wallAt)),
        lag: durationMs(Number(lag)),
        text,
      },
    ];
  } catch {
    return [];
  }
}
