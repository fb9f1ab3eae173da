import type { ShardId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { MemoryDatabase } from "../../support/memory-database.ts";
import { suite } from "../../support/suite.ts";

const test = suite("sim-database");

test("a restored snapshot has nothing of what came after it, however often it is restored", () => {
  const database = new MemoryDatabase();
  const shard = 3 as ShardId;
  database.shard(shard).generation = { id: "one", version: 4 };
  database.shard(shard).nodes.set("node-1", "{}");
  const snapshot = database.snapshot();
  for (let round = 0; round < 2; round++) {
    database.shard(shard).generation = { id: "one", version: 9 };
    database.shard(shard).nodes.set("node-2", "{}");
    database.shard(5 as ShardId).token = 8;
    database.restore(snapshot);
    assert.equal(database.shard(shard).generation, { id: "one", version: 4 });
    assert.equal([...database.shard(shard).nodes.keys()], ["node-1"]);
    assert.is(database.shard(5 as ShardId).token, 0);
  }
});

test.run();
