// deadline: 120s
/** What the store costs in steady state, and the wait for replicas. */
import { setTimeout as delay } from "node:timers/promises";
import { RedisShardStore } from "@herdbeat/aggregator/adapters/redis/redis-shard-store";
import { ScriptRunner } from "@herdbeat/aggregator/adapters/redis/script-runner";
import type { AggregatorId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { type RedisServer, startRedis } from "../../support/redis-server.ts";
import { NOW, outboxRow, own } from "../../support/store-records.ts";
import { suite } from "../../support/suite.ts";

const test = suite("cost of Redis");

/** Commands that clients sent, without those that scripts made. */
async function commandsSent(server: RedisServer): Promise<Map<string, number>> {
  const info = String(await server.raw("INFO", "commandstats"));
  const lines = info.matchAll(/^cmdstat_(?<name>\w+):calls=(?<calls>\d+)/gm);
  return new Map(
    [...lines].map(({ groups }) => [groups?.["name"] ?? "", Number(groups?.["calls"])]),
  );
}

test("sends no more than five commands a second in steady state", async () => {
  const server = await startRedis();
  try {
    const { fleet, connection } = await server.open();
    const record = {
      id: "agg-1" as AggregatorId,
      counter: 0,
      streamEndpoint: "wss://192.0.2.1:7341",
      httpEndpoint: "http://192.0.2.1:7340",
      startedAt: NOW,
      version: "0.1.0",
      weight: 1,
      draining: false,
      census: null,
    };
    await fleet.pulse(record);
    await server.raw("PING");
    const plain = await server.open();
    await plain.connection.stop();
    await server.raw("CONFIG", "RESETSTAT");
    const seconds = 4;
    const end = performance.now() + seconds * 1_000;
    for (let round = 0; performance.now() < end; round++) {
      await fleet.pulse(record);
      if (round % 3 === 0) await fleet.shards();
      await delay(333);
    }
    const sent = await commandsSent(server);
    const ours = ["evalsha", "eval", "mget"].map((name) => sent.get(name) ?? 0);
    assert.ok(ours.reduce((sum, calls) => sum + calls, 0) <= 5 * seconds, String(ours));
    // The raw connection is idle and is asked PING; the busy one is not.
    const pings = sent.get("ping") ?? 0;
    assert.ok(pings <= (seconds * 1_000) / 350 + 1, `${pings} pings`);
    assert.is(connection.health().state, "up");
  } finally {
    await server.stop();
  }
});

test("tells whether the replicas have a claimed row", async () => {
  const [primary, replica] = await Promise.all([startRedis(), startRedis()]);
  try {
    const port = await freePort();
    await primary.raw("CONFIG", "SET", "port", `${port}`);
    await replica.raw("CONFIG", "SET", "masterauth", primary.managed.password);
    await replica.raw("REPLICAOF", "127.0.0.1", `${port}`);
    const { shards, connection, scripts } = await primary.open();
    const waiting = await primary.open();
    const store = new RedisShardStore({
      link: connection,
      scripts,
      replicas: {
        required: 1,
        timeout: durationMs(300),
        link: waiting.connection,
        scripts: new ScriptRunner(waiting.connection),
      },
    });
    await eventually(
      async () => String(await replica.raw("INFO")).includes("master_link_status:up"),
      {
        withinMs: 15_000,
      },
    );
    const ownership = await own(shards);
    const rows = ["a", "b"].map((rowId) => outboxRow({ rowId }));
    await shards.apply(
      ownership,
      rows.map((row) => ({ kind: "put-outbox", row }) as const),
    );
    const first = await store.claimRow(ownership, "a");
    assert.equal(first, { kind: "done", replicasMet: true });
    process.kill(replica.managed.pid ?? 0, "SIGSTOP");
    const started = performance.now();
    const second = store.claimRow(ownership, "b");
    // The other connection is not held up meanwhile.
    await shards.load(ownership.shard);
    assert.ok(performance.now() - started < 200);
    assert.equal(await second, { kind: "done", replicasMet: false });
    process.kill(replica.managed.pid ?? 0, "SIGCONT");
    assert.equal(await shards.claimRow(ownership, "b"), { kind: "done", replicasMet: true });
  } finally {
    await replica.stop();
    await primary.stop();
  }
}, 40_000);

test.run();
