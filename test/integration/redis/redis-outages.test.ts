// deadline: 180s
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import type { NodeId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { openRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { codeOfRejection } from "../../support/rejection.ts";
import { incidentRecord, nodeRecord, own, SHARD } from "../../support/store-records.ts";
import { suite } from "../../support/suite.ts";

const test = suite("outages of Redis");

async function withServer(use: (server: RedisServer) => Promise<void>): Promise<void> {
  const server = await startRedis();
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

function pidOf(server: RedisServer): number {
  const { pid } = server.managed;
  if (pid === undefined) throw new Error("the server does not run");
  return pid;
}

const putNode = (name: string): ShardWrite => ({
  kind: "put-node",
  record: nodeRecord({ id: name as NodeId }),
});

test("loses nothing that was acknowledged before it was killed", () =>
  withServer(async (server) => {
    const { shards, connection } = await server.open();
    const ownership = await own(shards);
    const acknowledged: string[] = [];
    let killed = false;
    for (let index = 0; !killed || index < 300; index++) {
      const name = `hv-${index}`;
      try {
        await shards.apply(ownership, [putNode(name)]);
        acknowledged.push(name);
      } catch {
        killed = true;
        break;
      }
      if (index === 200) process.kill(pidOf(server), "SIGKILL");
    }
    assert.ok(killed && acknowledged.length > 200);
    await eventually(() => connection.health().state === "up", { withinMs: 10_000 });
    const { nodes, generation, owner } = await shards.load(SHARD);
    const kept = new Set<string>(nodes.map(({ id }) => id));
    assert.equal(
      acknowledged.filter((name) => !kept.has(name)),
      [],
    );
    assert.ok((generation?.version ?? 0) >= acknowledged.length);
    assert.is(owner?.token, ownership.token);
  }));

test("gives up on a frozen server within its deadline and comes back when it does", () =>
  withServer(async (server) => {
    const { shards, connection, fleet } = await server.open();
    const ownership = await own(shards);
    process.kill(pidOf(server), "SIGSTOP");
    const started = performance.now();
    const batch: ShardWrite[] = [
      { kind: "put-incident", record: incidentRecord("committed"), expect: null },
    ];
    assert.is(await codeOfRejection(shards.apply(ownership, batch)), "HB_STORE_UNAVAILABLE");
    const tookMs = performance.now() - started;
    assert.ok(tookMs < 1_500, `it took ${tookMs} ms`);
    assert.is(fleet.health().state, "down");
    // Not queued: refused at once.
    const again = performance.now();
    assert.is(await codeOfRejection(shards.load(SHARD)), "HB_STORE_UNAVAILABLE");
    assert.ok(performance.now() - again < 100);
    process.kill(pidOf(server), "SIGCONT");
    await eventually(() => connection.health().state === "up");
    // It read our request from its socket when it woke up: "may have been applied" was true.
    assert.is((await shards.apply(ownership, batch)).kind, "applied");
    assert.is((await shards.load(SHARD)).incidents.length, 1);
  }));

test("notices a frozen server although nobody asks it anything", () =>
  withServer(async (server) => {
    const { connection } = await server.open();
    await delay(500);
    process.kill(pidOf(server), "SIGSTOP");
    const started = performance.now();
    await eventually(() => connection.health().state === "down");
    const tookMs = performance.now() - started;
    assert.ok(tookMs < 2_000, `it took ${tookMs} ms`);
    process.kill(pidOf(server), "SIGCONT");
  }));

function stall(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test("does not take its own stall for the server's, before it has asked", () =>
  withServer(async (server) => {
    const { shards, connection } = await server.open();
    // From here the client writes one round of the event loop later, after the deadline's timer.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const pending = shards.load(SHARD);
    stall(2_000);
    assert.is((await pending).owner, null);
    assert.is(connection.health().state, "up");
  }));

test("does not take its own stall for the server's, while the answer waits", () =>
  withServer(async (server) => {
    const { shards, connection } = await server.open();
    process.kill(pidOf(server), "SIGSTOP");
    const pending = shards.load(SHARD);
    await delay(50);
    process.kill(pidOf(server), "SIGCONT");
    stall(2_000);
    assert.is((await pending).owner, null);
    assert.is(connection.health().state, "up");
  }));

test("fails fast while the server is away and says since when and why", () =>
  withServer(async (server) => {
    const { connection, shards } = await server.open();
    await server.managed.stop();
    await eventually(() => connection.health().state === "down");
    assert.is(await codeOfRejection(shards.load(SHARD)), "HB_STORE_UNAVAILABLE");
    const { detail, since } = connection.health();
    assert.ok(detail.length > 0 && Math.abs(Date.now() - since) < 10_000);
  }));

interface LossyPath {
  readonly path: string;
  losesReplies: boolean;
  close(): void;
}

/** A way to the server on which replies can get lost after the request has arrived. */
async function lossyPath(server: RedisServer): Promise<LossyPath> {
  const path = join(dirname(server.managed.socketPath), "lossy.sock");
  const sockets = new Set<Socket>();
  const way: LossyPath = {
    path,
    losesReplies: false,
    close: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  const listener: Server = createServer((near) => {
    const far = createConnection({ path: server.managed.socketPath });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.on("data", (bytes) => far.write(bytes));
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    far.on("data", (bytes) => {
      if (way.losesReplies) near.destroy();
      else near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    listener.listen(path, resolve);
  });
  return way;
}

test("takes a batch again whose reply got lost, with the same result", () =>
  withServer(async (server) => {
    const way = await lossyPath(server);
    const { password } = server.managed;
    const { shards, connection } = await openRedis({ kind: "socket", path: way.path, password });
    try {
      const ownership = await own(shards);
      // So that the server knows the script and the lost reply is its own.
      await shards.apply(ownership, []);
      for (const [from, to] of [
        [null, "declared"],
        ["declared", "committed"],
      ] as const) {
        const batch: ShardWrite[] = [
          putNode("hv-1"),
          { kind: "put-incident", record: incidentRecord(to), expect: from },
        ];
        way.losesReplies = true;
        assert.is(await codeOfRejection(shards.apply(ownership, batch)), "HB_STORE_UNAVAILABLE");
        way.losesReplies = false;
        await eventually(() => connection.health().state === "up");
        assert.is((await shards.load(SHARD)).incidents[0]?.phase, to);
        assert.is((await shards.apply(ownership, batch)).kind, "applied");
        assert.equal((await shards.load(SHARD)).incidents, [incidentRecord(to)]);
      }
    } finally {
      await connection.stop();
      way.close();
    }
  }));

test("holds to a deadline that was configured", () =>
  withServer(async (server) => {
    const { shards } = await server.open({ commandDeadline: durationMs(200) });
    process.kill(pidOf(server), "SIGSTOP");
    const started = performance.now();
    assert.is(await codeOfRejection(shards.load(SHARD)), "HB_STORE_UNAVAILABLE");
    assert.ok(performance.now() - started < 500);
    process.kill(pidOf(server), "SIGCONT");
  }));

test.run();
