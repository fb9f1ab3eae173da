import type { Ownership, ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import type { AggregatorId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import {
  historyEntry,
  NODE,
  NOW,
  nodeRecord,
  outboxRow,
  own,
  SHARD,
} from "../support/store-records.ts";
import type { Suite } from "../support/suite.ts";
import type { Given } from "./shard-backend.ts";
import { claim } from "./shard-backend.ts";

/** Every call that writes, as something that tells how it was refused. */
const MUTATIONS: readonly (readonly [
  name: string,
  run: (store: ShardStore, ownership: Ownership) => Promise<string>,
])[] = [
  [
    "apply",
    async (store, ownership) =>
      (await store.apply(ownership, [{ kind: "put-node", record: nodeRecord() }])).kind,
  ],
  ["claimRow", async (store, ownership) => why(await store.claimRow(ownership, ROW.rowId, NOW))],
  [
    "settleRow",
    async (store, ownership) =>
      why(await store.settleRow(ownership, { ...ROW, state: "delivered" }, historyEntry())),
  ],
  [
    "putProofs",
    async (store, ownership) => why(await store.putProofs(ownership, new Map([[NODE, NOW]]))),
  ],
];
const ROW = outboxRow();

function why(outcome: { readonly kind: string; readonly why?: string }): string {
  return outcome.why ?? outcome.kind;
}

export function fencingContract(test: Suite, given: Given): void {
  for (const [name, run] of MUTATIONS) {
    test(`refuses ${name} under an earlier token and changes nothing`, async () => {
      const { first, second } = await given();
      const earlier = await own(first);
      await first.apply(earlier, [{ kind: "put-outbox", row: ROW }]);
      await first.claimRow(earlier, ROW.rowId, NOW);
      await own(second, "agg-1");
      const before = await second.load(SHARD);
      assert.is(await run(first, earlier), "stale-token");
      assert.equal(await second.load(SHARD), before);
      assert.equal((await second.history(SHARD, 10, null)).entries, []);
    });

    test(`refuses ${name} under the right token of another aggregator`, async () => {
      const { first } = await given();
      const ownership = await own(first);
      const other = { ...ownership, aggregator: "agg-9" as AggregatorId };
      assert.is(await run(first, other), "stale-token");
    });

    test(`refuses ${name} under another generation and changes nothing`, async () => {
      const { first } = await given();
      const ownership = await own(first);
      const before = await first.load(SHARD);
      assert.is(await run(first, { ...ownership, generationId: "beef" }), "generation-mismatch");
      assert.equal(await first.load(SHARD), before);
    });

    test(`refuses ${name} after the store was wiped`, async () => {
      const { first, wipe } = await given();
      const ownership = await own(first);
      await wipe();
      assert.is(await run(first, ownership), "generation-mismatch");
      assert.equal((await first.load(SHARD)).nodes, []);
    });
  }

  test("says who owns the shard, or what it found instead of the generation", async () => {
    const { first, second, wipe } = await given();
    const earlier = await own(first);
    const { aggregator, token: held } = await own(second, "agg-2");
    assert.equal(await first.apply(earlier, []), {
      kind: "stale-token",
      owner: { aggregator, token: held },
      released: null,
    });
    await second.release({ ...earlier, aggregator, token: held });
    // Not the same as a lost record: somebody had it after the caller and gave it up.
    const givenUp = { kind: "stale-token", owner: null, released: held };
    assert.equal(await first.apply(earlier, []), givenUp);
    await wipe();
    const mismatch = { kind: "generation-mismatch", found: null };
    assert.equal(await first.apply(earlier, []), mismatch);
    assert.equal(await first.claim(claim({ create: null })), { kind: "not-created" });
  });
}
