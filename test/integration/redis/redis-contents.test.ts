// deadline: 120s
/** What others did to the database: foreign values, a full memory, forgotten scripts, another role. */

import { STORE_SCHEMA_VERSION } from "@herdbeat/aggregator/ports/fleet-store";
import type { ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import type { AggregatorId, FencingToken, NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type RedisClient, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { codeOfRejection } from "../../support/rejection.ts";
import {
  historyEntry,
  incidentRecord,
  NOW,
  nodeRecord,
  outboxRow,
  own,
  SHARD,
} from "../../support/store-records.ts";
import { suite } from "../../support/suite.ts";

const test = suite("contents of Redis");
const server = startRedis();
const opened = server.then(({ open }) => open());

test.after(async () => {
  await (await server).stop();
});

async function given(): Promise<RedisClient & Pick<RedisServer, "raw">> {
  const { raw } = await server;
  await raw("FLUSHALL");
  return { ...(await opened), raw };
}

const KEY = (name: string): string => `hb:{s17}:${name}`;
const FULL_BATCH: readonly ShardWrite[] = [
  { kind: "put-node", record: nodeRecord() },
  { kind: "put-incident", record: incidentRecord(), expect: null },
  { kind: "put-outbox", row: outboxRow() },
  { kind: "history", entry: historyEntry() },
];

const DAMAGE: readonly (readonly [what: string, command: readonly string[], named: string])[] = [
  ["an owner of another type", ["HSET", KEY("owner"), "a", "b"], "owner: WRONGTYPE"],
  ["an owner that is no owner", ["SET", KEY("owner"), "me"], "owner: it is not an owner's name"],
  ["a hostile owner", ["SET", KEY("owner"), "1:../x\n"], "owner: it is not an owner's name"],
  ["a generation that is none", ["SET", KEY("generation"), "x"], "it is not a generation"],
  ["nodes of another type", ["SET", KEY("nodes"), "x"], "nodes: WRONGTYPE"],
  ["a node that is not JSON", ["HSET", KEY("nodes"), "a", "{"], 'nodes "a": it is not JSON'],
  ["a node that is a number", ["HSET", KEY("nodes"), "a", "1"], 'nodes "a": it is not an object'],
  [
    "a node of another schema",
    ["HSET", KEY("nodes"), "a", JSON.stringify({ ...nodeRecord(), conditions: [{}] })],
    'nodes "a": conditions[0].monitor is not a string',
  ],
  [
    "a node under another name",
    ["HSET", KEY("nodes"), "a", JSON.stringify(nodeRecord())],
    'nodes "a": it names another node',
  ],
  ["a field of an unknown kind", ["HSET", KEY("incidents"), "x:1", "y"], 'incidents "x:1"'],
  ["a phase without a document", ["HSET", KEY("incidents"), "p:1", "declared"], 'incidents "p:1"'],
  [
    "an incident of another shard",
    [
      ...["HSET", KEY("incidents"), `p:${incidentRecord().id}`, "declared"],
      ...[`d:${incidentRecord().id}`, JSON.stringify({ ...incidentRecord(), shard: 3 })],
    ],
    "it belongs to another shard",
  ],
  [
    "an incident whose two phases differ",
    [
      ...["HSET", KEY("incidents"), `p:${incidentRecord().id}`, "closed"],
      ...[`d:${incidentRecord().id}`, JSON.stringify(incidentRecord())],
    ],
    "its phase is closed, its document says otherwise",
  ],
  [
    "a row without a status",
    ["HSET", KEY("outbox"), "d:1", "{}"],
    'outbox "d:1": it has no partner',
  ],
  ["a status line that is none", ["HSET", KEY("outbox"), "s:1", "?", "d:1", "{}"], "status line"],
  ["a proof that is no time", ["HSET", KEY("proofs"), "hv-1", "soon"], "it is not a time"],
];

for (const [what, command, named] of DAMAGE) {
  test(`names ${what}, and leaves it where it is`, async () => {
    const { shards, raw } = await given();
    await raw(...command);
    const before = await raw("DUMP", String(command[1]));
    const { damaged, nodes, incidents, outbox } = await shards.load(SHARD);
    assert.is(damaged.length, 1);
    assert.ok(damaged[0]?.includes(named), damaged[0]);
    assert.equal([nodes, incidents, outbox], [[], [], []]);
    assert.equal(await raw("DUMP", String(command[1])), before);
  });
}

test("reads what is sound beside what is damaged", async () => {
  const { shards, raw } = await given();
  const ownership = await own(shards);
  await shards.apply(ownership, FULL_BATCH);
  for (let index = 0; index < 150; index++) await raw("HSET", KEY("nodes"), `x-${index}`, "?");
  const { damaged, nodes, incidents } = await shards.load(SHARD);
  assert.equal([nodes.length, incidents.length, damaged.length], [1, 1, 101]);
  assert.is(damaged[100], "and 50 more");
});

test("keeps fields of a newer version", async () => {
  const { shards, raw } = await given();
  const newer = { ...nodeRecord(), colour: "blue" };
  await raw("HSET", KEY("nodes"), newer.id, JSON.stringify(newer));
  const [record] = (await shards.load(SHARD)).nodes;
  assert.ok(record !== undefined);
  await shards.apply(await own(shards), [
    { kind: "put-node", record: { ...record, retired: true } },
  ]);
  const stored = JSON.parse(String(await raw("HGET", KEY("nodes"), newer.id))) as unknown;
  assert.equal(stored, { ...newer, retired: true });
});

for (const [name, command] of [
  ["nodes", ["SET", KEY("nodes"), "x"]],
  ["incidents", ["SET", KEY("incidents"), "x"]],
  ["outbox", ["SADD", KEY("outbox"), "x"]],
  ["proofs", ["SADD", KEY("proofs"), "x"]],
  ["ended", ["SET", KEY("ended"), "x"]],
  ["history", ["SET", KEY("history"), "x"]],
  [
    "history, whose ids are used up",
    ["XADD", KEY("history"), `${2n ** 64n - 1n}-${2n ** 64n - 1n}`, "a", "b"],
  ],
] as const) {
  test(`writes nothing of a batch when it meets a foreign ${name}`, async () => {
    const { shards, raw } = await given();
    const ownership = await own(shards);
    await raw(...command);
    const before = await shards.load(SHARD);
    assert.is(await codeOfRejection(shards.apply(ownership, FULL_BATCH)), "HB_STORE_UNAVAILABLE");
    assert.equal(await shards.load(SHARD), before);
  });
}

test("does not claim a shard over values that are not ours", async () => {
  const { shards, raw } = await given();
  for (const key of ["owner", "generation"]) {
    await raw("FLUSHALL");
    await raw("SET", KEY(key), "mine");
    const request = {
      shard: SHARD,
      self: "agg-1" as AggregatorId,
      expected: null,
      tokenSeen: 0 as FencingToken,
      now: NOW,
      create: { generationId: "g" },
    };
    assert.is(await codeOfRejection(shards.claim(request)), "HB_STORE_UNAVAILABLE");
    assert.is(await raw("GET", KEY(key)), "mine");
  }
});

test("passes over foreign aggregators, owners and generations of the fleet", async () => {
  const { fleet, raw } = await given();
  await raw("HSET", "hb:{g}:aggs", "agg-9", "nonsense", "bad id", "1 {}");
  await raw("HSET", KEY("owner"), "a", "b");
  const seen = await fleet.pulse({
    id: "agg-1" as AggregatorId,
    counter: 0,
    streamEndpoint: "",
    httpEndpoint: "",
    startedAt: NOW,
    version: "",
    weight: 1,
    draining: false,
    census: null,
  });
  assert.equal(
    seen.map(({ id }) => id),
    ["agg-1"],
  );
  assert.equal((await fleet.shards()).get(SHARD), { owner: null, generation: null });
});

test("counts a damaged disarm switch as disarmed", async () => {
  const { fleet, raw } = await given();
  await raw("SET", "hb:{g}:disarm", "{");
  assert.is((await fleet.disarmed())?.by, "unknown");
});

test("refuses constants that are not ours", async () => {
  const { fleet, raw } = await given();
  await raw("HSET", "hb:{g}:meta", "schemaVersion", String(STORE_SCHEMA_VERSION));
  assert.is(await codeOfRejection(fleet.meta(null)), "HB_STORE_SCHEMA_MISMATCH");
});

test("sends a script again that the server does not know", async () => {
  const { shards, raw } = await given();
  const ownership = await own(shards);
  await raw("SCRIPT", "FLUSH");
  assert.is((await shards.apply(ownership, FULL_BATCH)).kind, "applied");
  assert.is((await shards.load(SHARD)).generation?.version, 1);
});

test("is down, and all or nothing, while the memory is full", async () => {
  const { shards, raw, connection } = await given();
  const ownership = await own(shards);
  await raw("CONFIG", "SET", "maxmemory", "1");
  const healthOf = () => connection.health();
  assert.is(await codeOfRejection(shards.apply(ownership, FULL_BATCH)), "HB_STORE_UNAVAILABLE");
  assert.is(healthOf().state, "down");
  assert.match(healthOf().detail, /^OOM /);
  const { nodes, generation } = await shards.load(SHARD);
  assert.equal([nodes, generation?.version], [[], 0]);
  // Reading works, and does not make it up again.
  assert.is(healthOf().state, "down");
  await raw("CONFIG", "SET", "maxmemory", "1gb");
  assert.is((await shards.apply(ownership, FULL_BATCH)).kind, "applied");
  assert.is(healthOf().state, "up");
});

test("is down while the server is a replica that takes no writes", async () => {
  const { shards, raw, connection } = await given();
  const ownership = await own(shards);
  await raw("REPLICAOF", "127.0.0.1", "1");
  assert.is(await codeOfRejection(shards.apply(ownership, FULL_BATCH)), "HB_STORE_UNAVAILABLE");
  assert.match(connection.health().detail, /^READONLY /);
  await raw("REPLICAOF", "NO", "ONE");
  assert.is((await shards.apply(ownership, FULL_BATCH)).kind, "applied");
  assert.is(connection.health().state, "up");
});

test("keeps the history of a shard within its bound", async () => {
  const { shards, raw } = await given();
  const ownership = await own(shards);
  const batch = Array.from({ length: 2_000 }, (_, index): ShardWrite => {
    return { kind: "history", entry: historyEntry({ node: `hv-${index}` as NodeId }) };
  });
  for (let round = 0; round < 8; round++) await shards.apply(ownership, batch);
  const length = Number(await raw("XLEN", KEY("history")));
  assert.ok(length >= 10_000 && length < 10_200, String(length));
});

test.run();
