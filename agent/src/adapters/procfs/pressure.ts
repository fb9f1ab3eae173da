import { readFileSync } from "node:fs";
import type { Pressure } from "../../ports/pressure.ts";

/** /proc/pressure, absent on kernels that were built or booted without PSI. */
export class ProcfsPressure implements Pressure {
  readonly #root: string;

  constructor(root = "/proc/pressure") {
    this.#root = root;
  }

  read(resource: "memory" | "io" | "cpu"): string | null {
    try {
      return readFileSync(`${this.#root}/${resource}`, "latin1");
    } catch {
      // No PSI: nothing can be said about pressure here.
      return null;
    }
  }
}
