import { startRedis } from "../support/redis-server.ts";
import { suite } from "../support/suite.ts";
import { shardStoreContract } from "./shard-store.contract.ts";

const test = suite("shard store in Redis");
const server = startRedis();
const clients = server.then(({ open }) => Promise.all([open(), open()]));

// Every test waits for the server, so all of them fail where it does not start.
shardStoreContract(test, async () => {
  const { raw } = await server;
  const [first, second] = await clients;
  const wipe = async (): Promise<void> => {
    await raw("FLUSHALL");
  };
  await wipe();
  return { first: first.shards, second: second.shards, wipe };
});

test.after(async () => {
  await (await server).stop();
});

test.run();
