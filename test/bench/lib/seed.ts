/** The seed of a bench: given, or drawn now and kept with the raw samples, so that a run goes on. */
import { systemRandom } from "@herdbeat/shared/system-random";
import { PreconditionError } from "./bench.ts";
import type { RawFile } from "./raw-file.ts";

const SEEDS = 0x7fff_ffff;

export async function drawnSeed(raw: RawFile, given: string | undefined): Promise<number> {
  const seed = Number(given ?? parseInt(systemRandom.hex(4), 16) % SEEDS);
  if (!Number.isSafeInteger(seed)) throw new PreconditionError("--seed is a whole number");
  const begin = await raw.cell("begin", () => Promise.resolve({ seed }));
  return Number(begin["seed"]);
}

export function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new PreconditionError(`--${option} is a whole number above 0`);
  return value;
}
