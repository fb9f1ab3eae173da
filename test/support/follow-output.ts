import { setTimeout as delay } from "node:timers/promises";
import type { TrackedProcess } from "./processes.ts";

const LOOK_EVERY_MS = 200;

/** Prints what a process prints from now on, as long as `goesOn` says so. */
export async function followOutput(
  child: TrackedProcess | null,
  goesOn: () => boolean,
): Promise<void> {
  let shown = child?.output().length ?? 0;
  while (goesOn()) {
    const text = child?.output() ?? "";
    if (text.length > shown) process.stdout.write(text.slice(shown));
    shown = text.length;
    await delay(LOOK_EVERY_MS);
  }
}
