import { MemoryDatabase } from "../support/memory-database.ts";
import { MemoryFleetStore } from "../support/memory-fleet-store.ts";
import { MemoryShardStore } from "../support/memory-shard-store.ts";
import { suite } from "../support/suite.ts";
import { fleetStoreContract } from "./fleet-store.contract.ts";

const test = suite("fleet store in memory");

fleetStoreContract(test, async () => {
  const database = new MemoryDatabase();
  return {
    first: new MemoryFleetStore(database),
    second: new MemoryFleetStore(database),
    shards: new MemoryShardStore(database),
  };
});

test.run();
