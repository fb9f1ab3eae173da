// deadline: 120s
/** Whatever text a guest, an agent or a person puts into a record, the store gives the same back. */
import type { ShardStore, ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import type { DestinationName, IncidentId, NodeId } from "@herdbeat/shared/ids";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { MemoryDatabase } from "../../support/memory-database.ts";
import { MemoryShardStore } from "../../support/memory-shard-store.ts";
import { startRedis } from "../../support/redis-server.ts";
import {
  historyEntry,
  incidentRecord,
  nodeRecord,
  outboxRow,
  own,
  SHARD,
} from "../../support/store-records.ts";
import { suite } from "../../support/suite.ts";

const test = suite("text in the store");
const server = startRedis();

test.after(async () => {
  await (await server).stop();
});

/** Protocol bytes, quotes, zero, line ends, script and pattern characters, half a surrogate pair. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "0",
    "$5\r\nhello\r\n*1\r\n",
    "\u0000",
    "\ud800",
    "%d %s %%",
    "]] return 1 --[[",
    "- ",
    '"\\',
    "__proto__",
    "p:",
    "d:",
  ),
);
/** What ids are made of; they are checked before they get here, but not by the store. */
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,20}$/);
const words = fc.dictionary(hostile, hostile, { maxKeys: 4 });

const write: fc.Arbitrary<ShardWrite> = fc.oneof(
  fc.record({ id, hostile, words }).map((given): ShardWrite => {
    const { hostile: text, words: labels } = given;
    const record = nodeRecord({
      id: given.id as NodeId,
      hostname: text,
      labels,
      inventoryJson: text,
    });
    return { kind: "put-node", record };
  }),
  id.map((node): ShardWrite => ({ kind: "remove-node", node: node as NodeId })),
  fc.record({ id, hostile, words }).map((given): ShardWrite => {
    const { hostile: message, words: attributes } = given;
    const record = incidentRecord("declared", { id: given.id as IncidentId, message, attributes });
    return { kind: "put-incident", record, expect: null };
  }),
  fc.record({ id, body: hostile, lastError: hostile, destination: hostile }).map((given) => {
    const { id: rowId, body, lastError } = given;
    const destination = given.destination as DestinationName;
    const row = outboxRow({ rowId, body, lastError, destination });
    return { kind: "put-outbox", row } satisfies ShardWrite;
  }),
  fc.record({ id, text: hostile }).map((given): ShardWrite => {
    const json = JSON.stringify({ text: given.text });
    return { kind: "history", entry: historyEntry({ node: given.id as NodeId, json }) };
  }),
);

/** Applies the batch and tells all that can be read afterwards, in no order. */
async function keep(store: ShardStore, writes: readonly ShardWrite[]): Promise<unknown> {
  const outcome = await store.apply(await own(store), writes);
  const { nodes, incidents, outbox, ...rest } = await store.load(SHARD);
  const { entries } = await store.history(SHARD, 100, null);
  return {
    outcome,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    incidents: new Map(incidents.map((incident) => [incident.id, incident])),
    outbox: new Map(outbox.map((row) => [row.rowId, row])),
    rest,
    history: entries.map(({ cursor: _cursor, ...entry }) => entry),
  };
}

test("comes back as it went in, beside any other", async () => {
  const { open, raw } = await server;
  const { shards: real } = await open();
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
      await raw("FLUSHALL");
      const model = new MemoryShardStore(new MemoryDatabase());
      assert.equal(await keep(real, writes), await keep(model, writes));
    }),
    { numRuns: 300 },
  );
}, 60_000);

test.run();
