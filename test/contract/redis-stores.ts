/** Runs both contracts against one deployment of Redis. A suite whose servers do not start fails. */
import * as assert from "uvu/assert";
import type { Deployment } from "../support/redis-deployments.ts";
import { infoOf } from "../support/redis-servers.ts";
import { type Suite, suite } from "../support/suite.ts";
import { fleetStoreContract } from "./fleet-store.contract.ts";
import { shardStoreContract } from "./shard-store.contract.ts";

export function redisContracts(name: string, start: () => Promise<Deployment>): Suite {
  const test = suite(name);
  const deployment = start();
  const clients = deployment.then(({ open }) => Promise.all([open(), open()]));
  // Every test waits for the servers, so all of them fail where these do not start.
  clients.catch(() => {});

  shardStoreContract(test, async () => {
    const [first, second] = await clients;
    const { wipe } = await deployment;
    await wipe();
    return { first: first.shards, second: second.shards, wipe };
  });

  fleetStoreContract(test, async () => {
    const [first, second] = await clients;
    await (await deployment).wipe();
    return { first: first.fleet, second: second.fleet, shards: first.shards };
  });

  test("these were real servers, and they did the work", async () => {
    const { servers } = await deployment;
    for (const server of servers) {
      if ((await infoOf(server, "role")) !== "master") continue;
      assert.ok(Number(await infoOf(server, "total_commands_processed")) > 50, server.name);
    }
    const [first] = await clients;
    assert.match(first.link.health().description, /^(?:redis|valkey) \d+\./);
  });

  test.after(async () => {
    await (await deployment).stop();
  });
  return test;
}
