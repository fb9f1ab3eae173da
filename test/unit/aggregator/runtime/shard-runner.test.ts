// What a refused write means: another owner, or a store that lost something.
import type { StoreGeneration } from "@herdbeat/aggregator/core/shard-facts";
import type { ApplyOutcome, Ownership, ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import { ShardRunner } from "@herdbeat/aggregator/runtime/shard-runner";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import * as assert from "uvu/assert";
import { incidentRecord, NOW, SHARD } from "../../../support/store-records.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("shard runner");
const self = "agg-1" as AggregatorId;
const token = (value: number): FencingToken => value as FencingToken;
const generation: StoreGeneration = { id: "g", version: 5 };
const ownership: Ownership = { shard: SHARD, aggregator: self, token: token(7), generationId: "g" };

async function after(outcome: ApplyOutcome): Promise<string> {
  const events: string[] = [];
  const runner = new ShardRunner(
    ownership,
    {
      owner: ownership,
      generation,
      nodes: [],
      incidents: [],
      outbox: [],
      proofs: new Map(),
      damaged: [],
    },
    generation,
    {
      store: { apply: async () => outcome } as unknown as ShardStore,
      logger: silentLogger,
      destinations: () => [],
      bodyOf: () => "",
      requestDestination: () => null,
      onRows: () => {},
      onLost: (_shard, why) => {
        events.push(`lost: ${why}`);
        runner.stop();
      },
      onHeld: (_shard, why) => events.push(`held: ${why}`),
      onPersisted: () => events.push("persisted"),
    },
  );
  runner.stageIncident(incidentRecord(), "{}", NOW, () => {});
  await runner.drain();
  return events.join("; ");
}

const stale = (owner: Extract<ApplyOutcome, { kind: "stale-token" }>["owner"], released = 0) =>
  after({ kind: "stale-token", owner, released: released === 0 ? null : token(released) });

test("a shard that another one owns is lost", async () => {
  const other = { aggregator: "agg-2" as AggregatorId, token: token(8) };
  assert.is(await stale(other), "lost: owned by agg-2 with token 8");
});

test("a shard that another one took over and gave up again is lost, not held", async () => {
  assert.is(await stale(null, 8), "lost: given up by an owner with token 8");
});

test("a release of our own that arrived late is no loss of the store's", async () => {
  assert.is(await stale(null, 7), "lost: given up by an owner with token 7");
});

for (const released of [0, 6]) {
  test(`a store that knows ${released === 0 ? "no owner" : "only an earlier one"} has lost something: held`, async () => {
    assert.is(await stale(null, released), "held: the store has lost this shard's owner record");
  });
}

test("a newer token in our own name is held", async () => {
  assert.match(await stale({ aggregator: self, token: token(9) }), /^held: .*newer token/);
});

test("a version that went back is held", async () => {
  for (const version of [4, 5]) {
    const back = await after({ kind: "applied", generation: { id: "g", version } });
    assert.match(back, /^held: the store went back in time/);
  }
  const on = await after({ kind: "applied", generation: { id: "g", version: 6 } });
  assert.is(on, "persisted");
});

test.run();
