import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFileOperations } from "@herdbeat/aggregator/adapters/mirror-file/durable-file";
import { FileMirrorStore } from "@herdbeat/aggregator/adapters/mirror-file/file-mirror-store";
import type { ShardMirror } from "@herdbeat/aggregator/ports/mirror";
import type { ShardId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { codeOfRejection } from "../../../../support/rejection.ts";
import { incidentRecord, nodeRecord } from "../../../../support/store-records.ts";
import { suite } from "../../../../support/suite.ts";
import { withTempDir } from "../../../../support/temp-dir.ts";

const test = suite("file-mirror-store");

function mirror(shard: number, version = 1): ShardMirror {
  return {
    shard: shard as ShardId,
    clusterId: "cluster-1",
    generation: { id: "g", version },
    nodes: [nodeRecord({ hostname: "ünïcode \ud83d\udc40 \ud800" })],
    incidents: [incidentRecord("committed")],
  };
}

test("has nothing in a folder that is new", () =>
  withTempDir("mirror", async (folder) => {
    const store = new FileMirrorStore(join(folder, "not-there-yet"));
    assert.equal(await store.load(), { mirrors: [], damaged: [] });
  }));

test("a removed mirror is gone, and may be removed again", () =>
  withTempDir("mirror", async (folder) => {
    const store = new FileMirrorStore(folder);
    await Promise.all([store.save(mirror(3)), store.save(mirror(4)), store.remove(3 as ShardId)]);
    await store.remove(3 as ShardId);
    assert.equal((await new FileMirrorStore(folder).load()).mirrors, [mirror(4)]);
  }));

test("gives back the last mirror saved of each shard", () =>
  withTempDir("mirror", async (folder) => {
    const store = new FileMirrorStore(folder);
    await store.save(mirror(3));
    await store.save(mirror(63));
    await Promise.all([2, 3, 4, 5].map((version) => store.save(mirror(3, version))));
    const { mirrors, damaged } = await new FileMirrorStore(folder).load();
    assert.equal(mirrors, [mirror(3, 5), mirror(63)]);
    assert.equal(damaged, []);
    assert.equal(readdirSync(folder).sort(), ["shard-03.json", "shard-63.json"]);
    assert.is(statSync(join(folder, "shard-03.json")).mode & 0o777, 0o600);
  }));

for (const [what, damage] of [
  ["an empty file", () => ""],
  ["a file cut short", (text: string) => text.slice(0, -10)],
  ["a file with one changed letter", (text: string) => text.replace("cluster-1", "cluster-2")],
  ["a foreign file", () => "hello"],
  ["a file of another shard", (_: string, other: string) => other],
] as const) {
  test(`puts ${what} aside, names it, and goes on`, () =>
    withTempDir("mirror", async (folder) => {
      const store = new FileMirrorStore(folder);
      await store.save(mirror(3));
      await store.save(mirror(4));
      const read = (name: string): string => readFileSync(join(folder, name), "utf8");
      const damaged = damage(read("shard-03.json"), read("shard-04.json"));
      writeFileSync(join(folder, "shard-03.json"), damaged);
      const loaded = await store.load();
      assert.equal(loaded.mirrors, [mirror(4)]);
      assert.is(loaded.damaged.length, 1);
      assert.ok(loaded.damaged[0]?.startsWith(join(folder, "shard-03.json.damaged-1: ")));
      await store.save(mirror(3, 9));
      assert.is(read("shard-03.json.damaged-1"), damaged);
      assert.equal((await store.load()).mirrors, [mirror(3, 9), mirror(4)]);
    }));
}

test("keeps the first three damaged copies of a shard, and the newest", () =>
  withTempDir("mirror", async (folder) => {
    const store = new FileMirrorStore(folder);
    for (let copy = 1; copy <= 6; copy++) {
      writeFileSync(join(folder, "shard-03.json"), `damage ${copy}`);
      await store.load();
    }
    const kept = readdirSync(folder).sort();
    assert.equal(
      kept.map((name) => readFileSync(join(folder, name), "utf8")),
      [1, 2, 3, 6].map((copy) => `damage ${copy}`),
    );
  }));

test("keeps the old copy when the disk does not take the new one, and takes the next", () =>
  withTempDir("mirror", async (folder) => {
    let isFull = false;
    const store = new FileMirrorStore(folder, {
      ...nodeFileOperations,
      open: async (path, mode) => {
        const file = await nodeFileOperations.open(path, mode);
        const writeFile = async (content: string): Promise<void> => {
          if (isFull) throw new Error("ENOSPC");
          await file.writeFile(content);
        };
        return { writeFile, sync: () => file.sync(), close: () => file.close() };
      },
    });
    await store.save(mirror(3, 1));
    isFull = true;
    assert.is(await codeOfRejection(store.save(mirror(3, 2))), "HB_STORE_UNAVAILABLE");
    assert.equal((await store.load()).mirrors, [mirror(3, 1)]);
    isFull = false;
    await store.save(mirror(3, 3));
    assert.equal((await store.load()).mirrors, [mirror(3, 3)]);
  }));

test("passes over files that are not mirrors", () =>
  withTempDir("mirror", async (folder) => {
    for (const name of ["notes.txt", "shard-64.json", "shard-3.json", "shard-03.json.new"]) {
      writeFileSync(join(folder, name), "x");
    }
    const loaded = await new FileMirrorStore(folder).load();
    assert.equal(loaded, { mirrors: [], damaged: [] });
    assert.is(readdirSync(folder).length, 4);
  }));

test.run();
