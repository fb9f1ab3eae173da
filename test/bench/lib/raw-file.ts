/** Raw samples as JSONL, written as they come; an earlier file can be continued. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export type Sample = Readonly<Record<string, unknown>>;

export class RawFile {
  readonly path: string;
  readonly #earlier: readonly Sample[];

  /** Without `resume` the file starts empty. */
  constructor(path: string, resume: boolean) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!resume || !existsSync(path)) writeFileSync(path, "");
    this.#earlier = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Sample);
  }

  write(sample: Sample): void {
    appendFileSync(this.path, `${JSON.stringify(sample)}\n`);
  }

  /** The sample of an earlier run with this cell's key, if that cell was finished. */
  finished(cell: string): Sample | undefined {
    return this.#earlier.findLast((sample) => sample["kind"] === "cell" && sample["cell"] === cell);
  }

  /** Does a cell of a long matrix unless an earlier run did it. */
  async cell(cell: string, measure: () => Promise<Sample>): Promise<Sample> {
    const earlier = this.finished(cell);
    if (earlier !== undefined) return earlier;
    const sample = { ...(await measure()), kind: "cell", cell };
    this.write(sample);
    return sample;
  }

  sha256(): string {
    return createHash("sha256").update(readFileSync(this.path)).digest("hex");
  }
}
