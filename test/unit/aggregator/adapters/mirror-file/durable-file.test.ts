import {
  type FileOperations,
  type OpenFile,
  replaceFile,
} from "@herdbeat/aggregator/adapters/mirror-file/durable-file";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("durable-file");

interface Content {
  written: string;
  onDisk: string;
}

/** A disk whose power is cut before operation number `cutAt`. */
class CutDisk implements FileOperations {
  readonly #cutAt: number;
  readonly #names = new Map<string, Content>();
  #namesOnDisk = new Map<string, Content>();
  operations = 0;

  constructor(cutAt: number, path: string, content: string) {
    this.#cutAt = cutAt;
    this.#names.set(path, { written: content, onDisk: content });
    this.#namesOnDisk = new Map(this.#names);
  }

  #step(): void {
    if (this.operations === this.#cutAt) throw new Error("power cut");
    this.operations += 1;
  }

  async open(path: string, mode: "r" | "w"): Promise<OpenFile> {
    this.#step();
    const content: Content = { written: "", onDisk: "" };
    if (mode === "w") this.#names.set(path, content);
    return {
      writeFile: async (text) => {
        this.#step();
        content.written = text;
        // Whatever the kernel had flushed of it by then.
        content.onDisk = text.slice(0, 3);
      },
      sync: async () => {
        this.#step();
        if (mode === "w") content.onDisk = content.written;
        else this.#namesOnDisk = new Map(this.#names);
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const content = this.#names.get(from);
    if (content === undefined) throw new Error("ENOENT");
    this.#names.set(to, content);
    this.#names.delete(from);
  }

  /** After power is back: the names as flushed, or, as the kernel may have, all of them. */
  read(path: string, names: "flushed" | "all"): string | undefined {
    return (names === "all" ? this.#names : this.#namesOnDisk).get(path)?.onDisk;
  }
}

const PATH = "/mirror/shard-01.json";

async function replaceUntil(cutAt: number): Promise<{ disk: CutDisk; isDone: boolean }> {
  const disk = new CutDisk(cutAt, PATH, "old content");
  try {
    await replaceFile(PATH, "new content", disk);
    return { disk, isDone: true };
  } catch {
    return { disk, isDone: false };
  }
}

test("leaves all of the old content or all of the new, wherever the power is cut", async () => {
  const { disk } = await replaceUntil(Number.POSITIVE_INFINITY);
  for (let cutAt = 0; cutAt < disk.operations; cutAt++) {
    const cut = await replaceUntil(cutAt);
    assert.not.ok(cut.isDone);
    for (const names of ["flushed", "all"] as const) {
      const content = cut.disk.read(PATH, names);
      assert.ok(content === "old content" || content === "new content", `${cutAt}: ${content}`);
    }
  }
});

test("has the new content on disk when it is done", async () => {
  const { disk, isDone } = await replaceUntil(Number.POSITIVE_INFINITY);
  assert.ok(isDone);
  assert.is(disk.read(PATH, "flushed"), "new content");
});

test.run();
