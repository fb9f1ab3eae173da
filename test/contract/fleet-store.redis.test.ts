import { startRedis } from "../support/redis-server.ts";
import { suite } from "../support/suite.ts";
import { fleetStoreContract } from "./fleet-store.contract.ts";

const test = suite("fleet store in Redis");
const server = startRedis();
const clients = server.then(({ open }) => Promise.all([open(), open()]));

// Every test waits for the server, so all of them fail where it does not start.
fleetStoreContract(test, async () => {
  const { raw } = await server;
  const [first, second] = await clients;
  await raw("FLUSHALL");
  return { first: first.fleet, second: second.fleet, shards: first.shards };
});

test.after(async () => {
  await (await server).stop();
});

test.run();
