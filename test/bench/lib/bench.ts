/** What a bench is. A folder `test/bench/<name>/bench.ts` exports one as `bench`. */
import type { RawFile } from "./raw-file.ts";

export type Field =
  | number
  | string
  | boolean
  | null
  | Readonly<Record<string, unknown>>
  | readonly unknown[];

export interface BenchContext {
  /** Arguments behind the bench's name, without the frame's own. */
  readonly args: readonly string[];
  /** Raw samples, one JSON object per line. */
  readonly raw: RawFile;
  /** Progress for people, on standard error. */
  readonly say: (text: string) => void;
}

export interface BenchResult {
  /** The parameters used, defaults included. */
  readonly parameters: Readonly<Record<string, Field>>;
  /** The fields that the bench promises. */
  readonly fields: Readonly<Record<string, Field>>;
}

export interface Bench {
  readonly title: string;
  /** Rejects when the measurement could not be made; its figures never make it fail. */
  run(context: BenchContext): Promise<BenchResult>;
}

/** A missing precondition, with what to do about it. */
export class PreconditionError extends Error {}
