import { MemoryDatabase } from "../support/memory-database.ts";
import { MemoryShardStore } from "../support/memory-shard-store.ts";
import { suite } from "../support/suite.ts";
import { shardStoreContract } from "./shard-store.contract.ts";

const test = suite("shard store in memory");

shardStoreContract(test, async () => {
  const database = new MemoryDatabase();
  return {
    first: new MemoryShardStore(database),
    second: new MemoryShardStore(database),
    wipe: async () => database.wipe(),
  };
});

test.run();
