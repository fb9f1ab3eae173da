// deadline: 240s
// needs: store
// Failover of the store itself, seen by the adapter: what comes back, what was lost, how it is noticed.
import { judgeGeneration } from "@herdbeat/aggregator/core/generation-guard";
import type { Ownership, ShardStore, ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import type { NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import {
  type Deployment,
  MASTER_SET,
  masterBySentinels,
  type StoreClient,
  startCluster,
  startSentinel,
  startStandalone,
} from "../../support/redis-deployments.ts";
import { infoOf, type TestServer } from "../../support/redis-servers.ts";
import { codeOfRejection } from "../../support/rejection.ts";
import { nodeRecord, outboxRow, own, SHARD } from "../../support/store-records.ts";
import { suite } from "../../support/suite.ts";

const test = suite("failover of Redis");
const LONG = 60_000;
const wait = { withinMs: 30_000, everyMs: 50 };

async function using(
  start: Promise<Deployment>,
  use: (deployment: Deployment) => Promise<void>,
): Promise<void> {
  const deployment = await start;
  try {
    await use(deployment);
  } finally {
    await deployment.stop();
  }
}

const putNode = (name: string): ShardWrite => ({
  kind: "put-node",
  record: nodeRecord({ id: name as NodeId }),
});

async function written(store: ShardStore, ownership: Ownership, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const outcome = await store.apply(ownership, [putNode(`hv-${index}`)]);
    assert.is(outcome.kind, "applied");
  }
}

async function isUp(client: StoreClient): Promise<void> {
  await eventually(() => client.link.health().state === "up", { ...wait, what: "the store" });
}

function theMaster(deployment: Deployment): TestServer {
  const [master] = deployment.servers;
  if (master === undefined) throw new Error("no server");
  return master;
}

/** Every replica has all that the master has. */
async function replicated(deployment: Deployment): Promise<void> {
  const [master, ...replicas] = deployment.servers;
  for (const replica of replicas) {
    await eventually(async () => {
      const offsets = await Promise.all([
        infoOf(master as TestServer, "master_repl_offset"),
        infoOf(replica, "slave_repl_offset"),
      ]);
      return offsets[0] === offsets[1];
    }, wait);
  }
}

async function otherMaster(deployment: Deployment): Promise<TestServer> {
  return eventually(
    async () => {
      const named = await masterBySentinels(deployment);
      return named === null || named === deployment.servers[0] ? null : named;
    },
    { ...wait, what: "another master" },
  );
}

test(
  "goes on with the new master when the old one was killed, under the same token",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 20);
      await replicated(deployment);
      await theMaster(deployment).kill();
      await eventually(() => client.link.health().state === "down", wait);
      assert.is(await codeOfRejection(client.shards.load(SHARD)), "HB_STORE_UNAVAILABLE");
      const next = await otherMaster(deployment);
      await isUp(client);
      assert.match(client.link.health().description, next.name);
      const { nodes, generation, owner } = await client.shards.load(SHARD);
      assert.equal([nodes.length, generation?.version, owner?.token], [20, 20, ownership.token]);
      assert.is((await client.shards.apply(ownership, [putNode("more")])).kind, "applied");
    }),
  LONG,
);

test(
  "notices by the generation that a failover lost acknowledged writes",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 5);
      await replicated(deployment);
      const [master, ...replicas] = deployment.servers;
      // From here the replicas hear nothing; what the master acknowledges is on no other machine.
      for (const replica of replicas) replica.signal("SIGSTOP");
      // The kernel would keep for them what is sent to a frozen process.
      await master?.raw("CLIENT", "KILL", "TYPE", "replica");
      await written(client.shards, ownership, 10);
      const known = (await client.shards.load(SHARD)).generation;
      assert.is(known?.version, 15);
      await master?.kill();
      for (const replica of replicas) replica.signal("SIGCONT");
      await otherMaster(deployment);
      await isUp(client);
      const found = (await client.shards.load(SHARD)).generation;
      assert.ok(found !== null && found.version < 15, "writes were lost");
      assert.is(judgeGeneration(known, found).kind, "held");
      // The writer hears it by its own next write, too.
      const outcome = await client.shards.apply(ownership, [putNode("after")]);
      assert.is(outcome.kind, "applied");
      assert.is(
        outcome.kind === "applied" && judgeGeneration(known, outcome.generation).kind,
        "held",
      );
    }),
  LONG,
);

test(
  "does not go back to a master that was frozen and wakes up",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 3);
      await replicated(deployment);
      const old = theMaster(deployment);
      old.signal("SIGSTOP");
      const next = await otherMaster(deployment);
      await isUp(client);
      assert.match(client.link.health().description, next.name);
      await written(client.shards, ownership, 3);
      old.signal("SIGCONT");
      await eventually(async () => (await infoOf(old, "role")) === "slave", wait);
      await written(client.shards, ownership, 3);
      assert.is((await client.shards.load(SHARD)).generation?.version, 9);
      // Its copy is the new master's, not its own.
      await eventually(async () => (await infoOf(old, "master_link_status")) === "up", wait);
    }),
  LONG,
);

test(
  "finds the master when it starts during a failover, and with a sentinel away",
  () =>
    using(startSentinel(), async (deployment) => {
      await deployment.sentinels[0]?.kill();
      await theMaster(deployment).kill();
      const opening = deployment.open();
      await otherMaster(deployment);
      const client = await opening;
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 1);
    }),
  LONG,
);

test(
  "stays with its master while all sentinels are away",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      for (const sentinel of deployment.sentinels) await sentinel.kill();
      await written(client.shards, ownership, 5);
      assert.is(client.link.health().state, "up");
    }),
  LONG,
);

test(
  "says how many replicas have a claimed row: enough, too few, enough again",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open({ replicas: 2 });
      const ownership = await own(client.shards);
      const row = outboxRow();
      await client.shards.apply(ownership, [{ kind: "put-outbox", row }]);
      const claim = () => client.shards.claimRow(ownership, row.rowId, row.createdAt);
      assert.equal(await claim(), { kind: "done", replicasMet: true });
      const replica = deployment.servers[2] as TestServer;
      replica.signal("SIGSTOP");
      assert.equal(await claim(), { kind: "done", replicasMet: false });
      replica.signal("SIGCONT");
      await eventually(async () => {
        const outcome = await claim();
        return outcome.kind === "done" && outcome.replicasMet === true;
      }, wait);
    }),
  LONG,
);

test(
  "is down while a cluster's master is away, and goes on with its replica",
  () =>
    using(startCluster(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 5);
      const slot = Number(await theMaster(deployment).raw("CLUSTER", "KEYSLOT", `{s${SHARD}}`));
      const master = deployment.servers[Math.floor(slot / 5_462)] as TestServer;
      await master.raw("WAIT", "1", "5000");
      await eventually(
        async () => Number(await client.shards.load(SHARD).then(() => 1)) === 1,
        wait,
      );
      await master.kill();
      await eventually(() => client.link.health().state === "down", wait);
      await isUp(client);
      const { nodes, owner } = await client.shards.load(SHARD);
      assert.equal([nodes.length, owner?.token], [5, ownership.token]);
      await written(client.shards, ownership, 3);
    }),
  LONG,
);

test(
  "follows slots to another server while they move and afterwards",
  () =>
    using(startCluster(), async (deployment) => {
      const client = await deployment.open({ replicas: 1 });
      const ownership = await own(client.shards);
      const row = outboxRow();
      await client.shards.apply(ownership, [{ kind: "put-outbox", row }]);
      const [first] = deployment.servers;
      const slot = String(await first?.raw("CLUSTER", "KEYSLOT", `{s${SHARD}}`));
      const from = deployment.servers[Math.floor(Number(slot) / 5_462)] as TestServer;
      const to = deployment.servers.find((one) => one !== from) as TestServer;
      const ids = await Promise.all([from, to].map((one) => one.raw("CLUSTER", "MYID")));
      await to.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", String(ids[0]));
      await from.raw("CLUSTER", "SETSLOT", slot, "MIGRATING", String(ids[1]));
      const keys = (await from.raw("CLUSTER", "GETKEYSINSLOT", slot, "100")) as string[];
      assert.ok(keys.length >= 3);
      const { host, port } = to.place;
      await from.raw("MIGRATE", host, `${port}`, "", "0", "5000", "KEYS", ...keys);
      // All keys are over there, the slot is not yet: the server says ASK.
      const asked = await client.shards.claimRow(ownership, row.rowId, row.createdAt);
      assert.is(asked.kind, "done");
      assert.is(asked.kind === "done" && asked.replicasMet, false);
      for (const server of [to, from])
        await server.raw("CLUSTER", "SETSLOT", slot, "NODE", String(ids[1]));
      await eventually(async () => {
        const moved = await client.shards.claimRow(ownership, row.rowId, row.createdAt);
        return moved.kind === "done" && moved.replicasMet === true;
      }, wait);
      assert.is((await client.shards.load(SHARD)).outbox.length, 1);
    }),
  LONG,
);

test(
  "refuses to judge or write when the memory is full, and goes on when there is room",
  () =>
    using(startStandalone({ "maxmemory-policy": "noeviction" }), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 3);
      await theMaster(deployment).raw("CONFIG", "SET", "maxmemory", "1");
      assert.is(
        await codeOfRejection(client.shards.apply(ownership, [putNode("full")])),
        "HB_STORE_UNAVAILABLE",
      );
      assert.is(client.link.health().state, "down");
      assert.match(client.link.health().detail, "OOM");
      await theMaster(deployment).raw("CONFIG", "SET", "maxmemory", "0");
      assert.is((await client.shards.apply(ownership, [putNode("room")])).kind, "applied");
      assert.is(client.link.health().state, "up");
      assert.equal((await client.shards.load(SHARD)).nodes.map(({ id }) => id).sort(), [
        "hv-0",
        "hv-1",
        "hv-2",
        "room",
      ]);
    }),
  LONG,
);

test(
  "believes no sentinel that was away and names the former master",
  () =>
    using(startSentinel(), async (deployment) => {
      const client = await deployment.open();
      const ownership = await own(client.shards);
      await written(client.shards, ownership, 1);
      await replicated(deployment);
      const stale = deployment.sentinels[2] as TestServer;
      stale.signal("SIGSTOP");
      const old = theMaster(deployment);
      await deployment.sentinels[0]?.raw("SENTINEL", "FAILOVER", MASTER_SET);
      const next = await otherMaster(deployment);
      await isUp(client);
      await eventually(() => client.link.health().description.includes(next.name), wait);
      stale.signal("SIGCONT");
      await written(client.shards, ownership, 5);
      assert.is.not(next, old);
      assert.is((await client.shards.load(SHARD)).generation?.version, 6);
    }),
  LONG,
);

test.run();
