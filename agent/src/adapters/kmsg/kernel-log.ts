/**
 * /dev/kmsg, never waiting: the descriptor is non-blocking, one record per read until EAGAIN.
 * EPIPE says that records were overwritten before they were read; the next read goes on behind them.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import type { KernelLog, KernelRecord } from "../../ports/kernel-log.ts";

/** The kernel's own limit for one record is below this. */
const RECORD_BYTES_MAX = 8_192;
const REOPEN_NS = 60_000_000_000n;

export class KmsgKernelLog implements KernelLog {
  readonly #path: string;
  readonly #parse: (line: string) => KernelRecord | null;
  readonly #buffer: Buffer = Buffer.alloc(RECORD_BYTES_MAX);
  #descriptor: number | null = null;
  #unavailable: string | null = null;
  #openedAt = 0n;
  #overruns = 0;

  /** `parse` decides what is a record of the kernel itself. */
  constructor(parse: (line: string) => KernelRecord | null, path = "/dev/kmsg") {
    this.#path = path;
    this.#parse = parse;
    this.#open();
  }

  read(max: number): readonly KernelRecord[] {
    if (this.#descriptor === null && process.hrtime.bigint() - this.#openedAt > REOPEN_NS)
      this.#open();
    const records: KernelRecord[] = [];
    while (this.#descriptor !== null && records.length < max) {
      let length: number;
      try {
        length = readSync(this.#descriptor, this.#buffer, 0, RECORD_BYTES_MAX, null);
      } catch (error) {
        if (!this.#goesOn(error)) break;
        continue;
      }
      if (length === 0) break;
      const record = this.#parse(this.#buffer.toString("utf8", 0, length));
      if (record !== null) records.push(record);
    }
    return records;
  }

  overruns(): number {
    return this.#overruns;
  }

  /** The kernel stamps records with its scheduler clock, which runs with CLOCK_MONOTONIC. */
  nowUs(): number {
    return Number(process.hrtime.bigint() / 1_000n);
  }

  unavailable(): string | null {
    return this.#unavailable;
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
    this.#unavailable = "closed";
    this.#openedAt = process.hrtime.bigint();
  }

  #goesOn(error: unknown): boolean {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EAGAIN") return false;
    if (code === "EPIPE") {
      this.#overruns += 1;
      return true;
    }
    this.close();
    this.#unavailable = `${this.#path}: ${String(code)}`;
    return false;
  }

  #open(): void {
    this.#openedAt = process.hrtime.bigint();
    try {
      this.#descriptor = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      this.#unavailable = null;
    } catch (error) {
      this.#unavailable = `${this.#path}: ${String((error as NodeJS.ErrnoException).code)}`;
    }
  }
}
