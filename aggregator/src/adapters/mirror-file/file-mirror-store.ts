/**
 * Copies of the shards on this machine's disk, one file each.
 *
 * Guarantee: a file is either complete or not taken: its first line carries the hash of the rest.
 * A file that can not be read is moved aside and named, never deleted; the next save of its shard
 * does not touch it. Saves of one shard happen one after the other.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import { SHARD_COUNT, type ShardId } from "@herdbeat/shared/ids";
import {
  type Check,
  count,
  incidentRecordCheck,
  listOf,
  nodeRecordCheck,
  type Parsed,
  parseRecord,
  shape,
  text,
} from "../../core/record-shapes.ts";
import type { StoreGeneration } from "../../core/shard-facts.ts";
import type { MirrorStore, ShardMirror } from "../../ports/mirror.ts";
import { type FileOperations, nodeFileOperations, replaceFile } from "./durable-file.ts";

/** A shard of 1,600 nodes has a few MiB. A larger file is not ours. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;
/** Of one shard; when all are taken, the last one is replaced: the first ones tell what happened. */
const KEPT_ASIDE_MAX = 4;
const NAME = /^shard-(?<shard>\d{2})\.json$/;
const HEADER = /^herdbeat-mirror 1 (?<hash>[0-9a-f]{64})$/;

const mirrorCheck: Check<ShardMirror> = shape<ShardMirror>({
  shard: count(),
  clusterId: text(),
  generation: shape<StoreGeneration>({ id: text(), version: count() }),
  nodes: listOf(nodeRecordCheck),
  incidents: listOf(incidentRecordCheck),
});

export class FileMirrorStore implements MirrorStore {
  readonly #folder: string;
  readonly #operations: FileOperations;
  readonly #saves = new Map<ShardId, Promise<void>>();

  constructor(folder: string, operations: FileOperations = nodeFileOperations) {
    this.#folder = folder;
    this.#operations = operations;
  }

  async load(): Promise<{
    readonly mirrors: readonly ShardMirror[];
    readonly damaged: readonly string[];
  }> {
    try {
      return await this.#loadAll();
    } catch (error) {
      throw new StoreUnavailableError(`load of mirrors from ${this.#folder}`, error);
    }
  }

  /** Rejects with StoreUnavailableError when the disk does not take it; the old copy is then still there. */
  async save(mirror: ShardMirror): Promise<void> {
    await this.#inOrder("save", mirror.shard, () => this.#write(mirror));
  }

  async remove(shard: ShardId): Promise<void> {
    const path = join(this.#folder, fileName(shard));
    await this.#inOrder("removal", shard, () => rm(path, { force: true }));
  }

  async #inOrder(what: string, shard: ShardId, change: () => Promise<void>): Promise<void> {
    const before = this.#saves.get(shard) ?? Promise.resolve();
    // An earlier failure was told to its own caller.
    const done = before.catch(() => {}).then(change);
    this.#saves.set(shard, done);
    try {
      await done;
    } catch (error) {
      throw new StoreUnavailableError(`${what} of the mirror of shard ${shard}`, error);
    }
  }

  async #write(mirror: ShardMirror): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const body = JSON.stringify(mirror);
    const content = `herdbeat-mirror 1 ${sha256(body)}\n${body}`;
    await replaceFile(join(this.#folder, fileName(mirror.shard)), content, this.#operations);
  }

  async #loadAll(): ReturnType<MirrorStore["load"]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const mirrors: ShardMirror[] = [];
    const damaged: string[] = [];
    for (const name of (await readdir(this.#folder)).sort()) {
      const shard = Number(NAME.exec(name)?.groups?.["shard"] ?? SHARD_COUNT);
      if (shard >= SHARD_COUNT) continue;
      const parsed = await this.#read(name);
      if (parsed.kind === "ok" && parsed.value.shard === shard) mirrors.push(parsed.value);
      else {
        const why = parsed.kind === "ok" ? "it is of another shard" : parsed.why;
        damaged.push(`${join(this.#folder, await this.#setAside(name))}: ${why}`);
      }
    }
    return { mirrors, damaged };
  }

  async #read(name: string): Promise<Parsed<ShardMirror>> {
    const path = join(this.#folder, name);
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) return { kind: "damaged", why: `it has ${size} bytes` };
    const content = await readFile(path, "utf8");
    const end = content.indexOf("\n");
    const hash = HEADER.exec(content.slice(0, Math.max(0, end)))?.groups?.["hash"];
    if (hash === undefined) return { kind: "damaged", why: "its first line is not ours" };
    const body = content.slice(end + 1);
    if (sha256(body) !== hash)
      return { kind: "damaged", why: "its content is not what was written" };
    return parseRecord(body, mirrorCheck);
  }

  async #setAside(name: string): Promise<string> {
    const taken = new Set(await readdir(this.#folder));
    let aside = "";
    for (let copy = 1; copy <= KEPT_ASIDE_MAX; copy++) {
      aside = `${name}.damaged-${copy}`;
      if (!taken.has(aside)) break;
    }
    await rename(join(this.#folder, name), join(this.#folder, aside));
    return aside;
  }
}

function fileName(shard: ShardId): string {
  return `shard-${shard.toString().padStart(2, "0")}.json`;
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
